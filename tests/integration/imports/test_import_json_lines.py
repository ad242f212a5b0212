"""JSON lines may name columns that the first line does not have."""

from pathlib import Path

import pytest
from makers import NOW
from sqlalchemy import Engine

from outreach.errors import UsageError
from outreach.imports import ImportResult, Options, import_customers
from outreach.settings.company import Brand, Company, Topic

COMPANY = Company(brand=Brand(name="Sample"), topics={"offers": Topic()})


def take(engine: Engine, folder: Path, *lines: str, source: str | None = "form") -> ImportResult:
    path = folder / "customers.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return import_customers(engine, path, COMPANY, NOW, Options(consent_source=source))


@pytest.mark.parametrize(
    ("name", "source", "why"),
    [
        ("consent.pigeon.offers", "form", "there is no channel `pigeon`"),
        ("consent.email.gossip", "form", "outreach.yaml has no topic `gossip`"),
        ("consent.email.offers", None, "a yes needs to say where it was given"),
    ],
)
def test_a_consent_that_can_not_be_meant_refuses_its_line_and_the_rest_is_taken(
    sqlite_engine: Engine, tmp_path: Path, name: str, source: str | None, why: str
) -> None:
    bad = f'{{"key": "2", "{name}": "yes"}}'

    found = take(sqlite_engine, tmp_path, '{"key": "1"}', bad, '{"key": "3"}', source=source)

    assert (found.created, found.rejected) == (2, 1)
    [refused] = found.rejects
    assert (refused.line, refused.column) == (2, name)
    assert why in refused.message


def test_in_the_first_line_it_stops_the_import_before_anything_is_written(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no channel `pigeon`"):
        take(sqlite_engine, tmp_path, '{"key": "1", "consent.pigeon.offers": "yes"}')


def test_a_mapped_name_that_no_line_has_is_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "customers.jsonl"
    path.write_text('{"key": "1"}\n{"key": "2", "Vorname": "Ann"}\n', "utf-8")
    options = Options(map={"Vorname": "first_name", "Name": "last_name"})

    found = import_customers(sqlite_engine, path, COMPANY, NOW, options)

    assert found.warnings == ("no line has `Name`, which `--map Name=last_name` names",)
