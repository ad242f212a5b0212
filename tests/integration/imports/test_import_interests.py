"""Interests of customers, with where each was learnt."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from outreach.imports import (
    ImportResult,
    InterestsResult,
    Options,
    import_customers,
    import_interests,
)
from outreach.settings.company import Brand, Company
from outreach.store.engine import reading
from outreach.store.interests import Origin, origins_of
from outreach.store.tables import customers, interest_origins

COMPANY = Company(brand=Brand(name="Sample", country="DE", timezone="UTC"))


class Interests:
    """A base, and the files that tell of its customers' interests."""

    def __init__(self, engine: Engine, folder: Path, now: datetime) -> None:
        self.engine, self.folder, self.now = engine, folder, now

    def take(self, text: str, **options: object) -> ImportResult:
        """Import a customers' file with this content."""
        path = self.folder / "crm.csv"
        path.write_text(text)
        return import_customers(self.engine, path, COMPANY, self.now, Options(**options))  # type: ignore[arg-type]

    def take_own(self, text: str, **options: object) -> InterestsResult:
        """Import a file of interests with this content."""
        path = self.folder / "answers.csv"
        path.write_text(text)
        return import_interests(self.engine, path, COMPANY, self.now, Options(**options))  # type: ignore[arg-type]

    def of(self, key: str) -> list[Origin]:
        """A customer's interests with where each was learnt."""
        with reading(self.engine) as conn:
            id_ = conn.execute(select(customers.c.id).where(customers.c.key == key)).scalar_one()
            return origins_of(conn, [id_])[id_]

    def noted(self) -> int:
        """How many interests have a note of where they come from."""
        with reading(self.engine) as conn:
            return len(conn.execute(select(interest_origins)).all())


@pytest.fixture
def base(engine: Engine, tmp_path: Path, now: datetime) -> Interests:
    return Interests(engine, tmp_path, now)


def test_the_customers_file_says_where_its_interests_come_from(base: Interests) -> None:
    base.take("key,interests\na,tea;jazz\n")
    base.now += timedelta(days=1)

    base.take("key,interests\na,jazz;chess\n", interests_source="web form")

    yesterday = base.now - timedelta(days=1)
    assert base.of("a") == [("jazz", "file crm.csv", yesterday), ("chess", "web form", base.now)]
    assert base.noted() == 2  # nothing of tea, which the list lost


OWN = """key,interest,source,at
a,tea,talk with Mei,2026-05-02
a,jazz; tea,purchase,2026-04-01
a,chess,,
zz,tea,form,
a,go,form,2099-01-01
"""


def test_a_file_of_interests_adds_to_the_list_and_the_earliest_origin_stays(
    base: Interests,
) -> None:
    base.take("key,interests\na,chess\n")
    base.now += timedelta(days=1)

    first, again = base.take_own(OWN, interests_source="answers"), base.take_own(OWN)

    april = datetime(2026, 4, 1, tzinfo=base.now.tzinfo)
    assert (first.learnt, first.unchanged, first.rejected) == (2, 2, 2)
    assert (again.learnt, again.unchanged, again.rejected) == (0, 4, 2)
    assert [(each.line, each.column) for each in first.rejects] == [(5, "key"), (6, "at")]
    assert base.of("a") == [
        ("chess", "file crm.csv", base.now - timedelta(days=1)),
        ("tea", "purchase", april),
        ("jazz", "purchase", april),
    ]


def test_a_row_without_a_source_is_learnt_from_its_file(base: Interests) -> None:
    base.take("key\na\n")

    base.take_own("key,interest\na,tea\n")

    assert base.of("a") == [("tea", "file answers.csv", base.now)]


def test_an_interest_that_is_a_whole_story_is_refused(base: Interests) -> None:
    found = base.take(f"key,interests\na,tea;{'x' * 501}\n")

    assert found.rejects[0].message == (
        "has an interest of more than 500 characters; part them with `;`"
    )
