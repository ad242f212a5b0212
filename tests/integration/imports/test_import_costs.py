"""What an import costs is counted, not timed: statements do not grow with the rows of a batch."""

from pathlib import Path

import pytest
from counting import counted
from makers import NOW
from sqlalchemy import Engine

from outreach.audience.names import names_of
from outreach.imports import Options, import_customers
from outreach.imports.intake import FIRST_ROWS
from outreach.lifecycle.load import read_lifecycle
from outreach.lifecycle.model import Lifecycles
from outreach.settings.company import Brand, Company, Topic

COMPANY = Company(brand=Brand(name="Sample", country="DE"), topics={"offers": Topic()})
HEADER = "key,email,phone,timezone,consent.email.offers,consent.sms.offers,tags,interests\n"
MOST_OF_NEW = 24  # statements of a transaction, BEGIN and what SQLite is set to among them
MOST_OF_KNOWN = 16
STAGES = b"stages: [{id: new, when: orders == 0}, {id: buyer, when: orders >= 1}]\n"


def write(path: Path, prefix: str, count: int) -> Path:
    lines = (
        f"{prefix}{n},{prefix}{n}@example.com,0171 {1_000_000 + n},Europe/Berlin,"
        f"{'no' if n % 3 else 'yes'},yes,gold,tea\n"
        for n in range(count)
    )
    path.write_text(HEADER + "".join(lines), "utf-8")
    return path


@pytest.mark.parametrize("rows", [30, FIRST_ROWS])
def test_a_batch_takes_the_same_few_statements_however_large(
    engine: Engine, tmp_path: Path, rows: int
) -> None:
    lifecycle, problems = read_lifecycle("own", "own.yaml", STAGES, names_of(COMPANY))
    assert lifecycle is not None, problems
    options, models = Options(consent_source="form"), Lifecycles(lifecycle)

    def take(file: Path) -> int:
        with counted(engine) as statements:
            import_customers(engine, file, COMPANY, NOW, options, lifecycles=models)
        return len(statements)

    take(write(tmp_path / "first.csv", "a", 10))  # what is asked once an import is asked of each

    file = write(tmp_path / "new.csv", "b", rows)
    assert take(file) <= MOST_OF_NEW
    assert take(file) <= MOST_OF_KNOWN
