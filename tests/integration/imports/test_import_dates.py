"""Named dates of customers: as columns of their file, and from a file of their own."""

from datetime import datetime
from pathlib import Path

import pytest
from makers import make_customer
from sqlalchemy import Engine, select

from outreach.errors import UsageError
from outreach.imports import DatesResult, ImportResult, Options, import_customers, import_dates
from outreach.settings.company import Brand, Company
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.merging import merge
from outreach.store.named_dates import NamedDate
from outreach.store.tables import customer_dates, customers

COMPANY = Company(brand=Brand(name="Sample", country="DE"), attributes={"renews_on": "date"})
KEY = Erased(b"a key of erasures that never changes")


class Dates:
    """A base, and the files that tell of its customers' dates."""

    def __init__(self, engine: Engine, folder: Path, now: datetime) -> None:
        self.engine, self.path, self.now = engine, folder / "file.csv", now

    def take(self, text: str, **options: object) -> ImportResult:
        """Import a customers' file with this content."""
        self.path.write_text(text)
        return import_customers(self.engine, self.path, COMPANY, self.now, Options(**options))  # type: ignore[arg-type]

    def take_own(self, text: str, **options: object) -> DatesResult:
        """Import a file of dates with this content."""
        self.path.write_text(text)
        return import_dates(self.engine, self.path, COMPANY, self.now, Options(**options))  # type: ignore[arg-type]

    def of(self, key: str) -> dict[str, NamedDate]:
        """The dates of a customer, by name."""
        d = customer_dates.c
        query = select(d.name, d.day, d.note).join(customers, customers.c.id == d.customer_id)
        with reading(self.engine) as conn:
            rows = conn.execute(query.where(customers.c.key == key).order_by(d.name))
            return {row.name: NamedDate(row.day, row.note) for row in rows}


@pytest.fixture
def base(engine: Engine, tmp_path: Path, now: datetime) -> Dates:
    return Dates(engine, tmp_path, now)


def counts(result: ImportResult | DatesResult) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, result.rejected


FILE = """key,date.wedding,date.wedding.note,Date.First Visit
a,2014-06-14,with Tom,02-29
b,,,
"""


def test_columns_of_the_customers_file_are_dates_and_their_notes(base: Dates) -> None:
    first, again = base.take(FILE), base.take(FILE)

    assert (counts(first), counts(again)) == ((2, 0, 0, 0), (0, 0, 2, 0))
    assert base.of("a") == {
        "first_visit": NamedDate("02-29"), "wedding": NamedDate("2014-06-14", "with Tom"),
    }  # fmt: skip
    assert base.of("b") == {}


def test_a_blank_cell_leaves_a_date_and_takes_it_out_if_it_is_to_clear(base: Dates) -> None:
    base.take(FILE)

    kept = base.take("key,date.wedding,date.first_visit\na,,03-01\n")
    after = base.of("a")
    cleared = base.take("key,date.wedding,date.first_visit\na,,03-01\n", blank_clears=True)

    assert (kept.updated, cleared.updated) == (1, 1)
    assert after["wedding"] == NamedDate("2014-06-14", "with Tom")
    assert base.of("a") == {"first_visit": NamedDate("03-01")}


def test_a_note_needs_its_date_in_the_same_row(base: Dates) -> None:
    found = base.take("key,date.wedding,date.wedding.note\na,,with Tom\nb,2014-02-30,x\n")

    assert [(each.line, each.column, each.message) for each in found.rejects] == [
        (2, "date.wedding.note", "is a note without its date"),
        (3, "date.wedding", "`2014-02-30` is no date: day is out of range for month"),
    ]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("date.birthday", "`date.birthday`: `birthday` is a field of its own"),
        ("date.renews_on", "`date.renews_on`: `renews_on` is a field of its own"),
        ("date.2nd", "`date.2nd` is no column of a date"),
        ("date.wedding.place", "`date.wedding.place` is no column of a date"),
    ],
)
def test_a_column_that_can_be_no_date_stops_the_import(base: Dates, column: str, said: str) -> None:
    with pytest.raises(UsageError) as refusal:
        base.take(f"key,{column}\na,06-14\n")

    assert refusal.value.message == said


OWN = """key,name,date,note
a,wedding,2014-06-14,with Tom
a,Child-2,04-06,Emma
zz,wedding,06-14,
a,birthday,06-14,
a,wedding,,
a,Wedding,06-15,
"""


def test_a_file_of_dates_is_taken_in_and_its_bad_rows_are_told(base: Dates) -> None:
    base.take("key\na\n")

    first = base.take_own(OWN)
    again = base.take_own(OWN)
    changed = base.take_own("key,name,date\na,wedding,14.6.2015\n", dates="dmy")

    assert [counts(each) for each in (first, again, changed)] == [
        (2, 0, 0, 4), (0, 0, 2, 4), (0, 1, 0, 0),
    ]  # fmt: skip
    assert [(each.line, each.column) for each in first.rejects] == [
        (4, "key"), (5, "name"), (6, "date"), (7, "name"),
    ]  # fmt: skip
    assert base.of("a") == {
        "child_2": NamedDate("04-06", "Emma"), "wedding": NamedDate("2015-06-14", "with Tom"),
    }  # fmt: skip


def test_a_name_that_looks_like_one_that_is_there_is_told(base: Dates) -> None:
    base.take(FILE)
    said = "no customer had a date `weding` before; did you mean `wedding`?"

    by_column = base.take("key,date.weding,date.contract\na,06-14,07-01\n", dry_run=True)
    by_row = base.take_own("key,name,date\na,weding,06-14\na,contract,07-01\na,wedding_2,01-02\n")

    assert (by_column.warnings, by_row.warnings) == ((said,), (said,))


def test_dates_under_a_merged_key_count_for_the_one_that_stays(base: Dates) -> None:
    base.take("key\na\nb\n")
    with writing(base.engine) as conn:
        merge(conn, "a", "b", "mei", base.now)

    base.take_own("key,name,date\na,wedding,06-14\n")

    assert (base.of("a"), base.of("b")) == ({}, {"wedding": NamedDate("06-14")})


def test_nothing_more_is_kept_of_who_was_erased(base: Dates) -> None:
    with writing(base.engine) as conn:
        make_customer(conn, "a")
        erased = erase(conn, KEY, "a", "mei", base.now)
    assert erased is not None

    found = base.take_own(f"key,name,date\na,wedding,06-14\n{erased.key},wedding,06-14\n")

    assert counts(found) == (0, 0, 0, 2)
