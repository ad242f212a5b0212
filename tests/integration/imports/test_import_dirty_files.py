"""Files as people have them: every clean row comes in, every dirty one is named with its cause."""

import csv
import io
import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, make_customer
from openpyxl import Workbook
from sqlalchemy import Engine, select

from outreach.imports import Options, import_consents, import_customers, import_events
from outreach.settings.company import Brand, Company, Topic
from outreach.store.engine import reading, writing
from outreach.store.tables import consent_states, customers, events

COMPANY = Company(
    brand=Brand(name="Sample", timezone="Europe/Berlin", country="DE", currency="EUR"),
    topics={"offers": Topic()},
    attributes={"credit": "money", "since": "date"},
)
local = partial(datetime, tzinfo=None)  # a workbook knows no zones
ROWS, DIRTY = 10_000, 3_000
HEADER = ("key", "first_name", "email", "phone", "timezone", "birthday", "credit", "since")
NAMES = ("Ann", "Jürgen", "Zoë", "O'Neil, Sam", 'Jo "Jo"', "Łukasz", "王伟", "Дмитрий", "=1+1")

Cells = dict[str, str]
Spoil = Callable[[Cells], None]


def put(column: str, value: str) -> Spoil:
    return lambda cells: cells.update({column: value})


# What can be wrong with a cell: the column, the cell, how the refusal begins.
CELLS = (
    ("key", "", "is blank"),
    ("key", "4.92E+11", "`4.92E+11` was cut by a spreadsheet"),
    ("first_name", "M\ufffdller", "has a character that was lost (U+FFFD)"),
    ("first_name", "a\x00b", "has the control character U+0000"),
    ("first_name", "x" * 2_001, "is too long"),
    ("email", "ann(at)example.com", "is no e-mail address"),
    ("email", "#N/A", "is `#N/A`, the failure of a spreadsheet's formula"),
    ("phone", "4.91711E+12", "`4.91711E+12` was cut by a spreadsheet"),
    ("phone", "call me", "is no phone number"),
    ("timezone", "Europe/Berln", "`Europe/Berln` is no time zone"),
    ("birthday", "03/04/1980", "`03/04/1980` may be two dates"),
    ("birthday", "1980-02-30", "`1980-02-30` is no date"),
    ("credit", "1,234", "`1,234` may be two numbers"),
    ("credit", "12,5", "`12,5` is no number; write a point"),
    ("credit", "€ 12", "`€ 12` is no number"),
    ("since", "3.4.24", "`3.4.24` is no date: its year has two digits"),
    ("since", "45383", "`45383` is no date"),
)
# What can be wrong with a line: what becomes of it, the column, how the refusal begins.
LINES: tuple[tuple[Callable[[bytes], bytes], str, str], ...] = (
    (lambda line: line.rpartition(b",")[0], "since", "the row has 7 cells, the header 8"),
    (lambda line: line + b",surplus", "since", "the row has 9 cells, the header 8"),
    (lambda line: line.replace(b",Ann,", b',"Ann,'), "first_name", "a quote is"),
    (lambda line: line.replace(b",Ann,", b",\xc4nn,"), "first_name", "is not UTF-8"),
)


def clean(number: int) -> Cells:
    return {
        "key": f"{number:06}",
        "first_name": NAMES[number % len(NAMES)],
        "email": f"c{number}@example.com",
        "phone": "030 901820" if number % 3 else "",
        "timezone": "Europe/Paris" if number % 5 else "",
        "birthday": "1980-02-29" if number % 2 else "02-29",
        "credit": ("12.5", "1,234.50", "7", "")[number % 4],
        "since": "2020-01-31",
    }


def line_of(cells: Cells) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells.values())
    return out.getvalue().encode()


def dirty_file() -> tuple[bytes, set[str], dict[int, tuple[str, str]]]:
    """A file, the keys of its clean rows, and by line the column and cause of each dirty one."""
    chance = random.Random(20260703)
    dirty = set(chance.sample(range(ROWS), DIRTY))
    lines, clean_keys, refused = [",".join(HEADER).encode()], set(), {}
    for number in range(ROWS):
        cells = clean(number)
        found = chance.choice((*CELLS, *LINES)) if number in dirty else None
        if found is None:
            clean_keys.add(cells["key"])
        elif isinstance(found[0], str):
            cells[found[0]] = str(found[1])
            refused[len(lines) + 1] = (found[0], found[2])
        else:
            cells["first_name"] = "Ann"
            refused[len(lines) + 1] = (found[1], found[2])
        line = line_of(cells)
        lines.append(found[0](line) if found and not isinstance(found[0], str) else line)
    return b"\r\n".join(lines) + b"\r\n", clean_keys, refused


def test_of_10000_rows_every_clean_one_is_taken_and_every_dirty_one_is_named(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    content, clean_keys, refused = dirty_file()
    path = tmp_path / "customers.csv"
    path.write_bytes(content)

    result = import_customers(sqlite_engine, path, COMPANY, NOW)

    with reading(sqlite_engine) as conn:
        taken = set(conn.execute(select(customers.c.key)).scalars())
    assert taken == clean_keys
    assert (result.created, result.rejected) == (ROWS - DIRTY, DIRTY)
    assert result.rejects_path is not None
    with result.rejects_path.open(encoding="utf-8", newline="") as file:
        named = {int(row["line"]): (row["column"], row["message"]) for row in csv.DictReader(file)}
    assert named.keys() == refused.keys()
    assert [
        (line, named[line], cause)
        for line, cause in refused.items()
        if named[line][0] != cause[0] or not named[line][1].startswith(cause[1])
    ] == []


TABLE = (
    ("Nr.", "Vorname", "E-Mail", "Geburtstag", "Guthaben"),
    ("1", "Jürgen", "j@example.com", "03.04.1980", "1.234,50"),
    ("2", "José; «Pepe»", "p@example.com", "29.02.1980", "7"),
    ("3", "Zoë", "z@@example.com", "30.02.1980", "1.234"),
)
MAP = {
    "Nr.": "key", "Vorname": "first_name", "E-Mail": "email", "Geburtstag": "birthday",
    "Guthaben": "credit",
}  # fmt: skip
GERMAN = {"map": MAP, "dates": "dmy", "decimal_comma": True}


def written(codec: str, delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(TABLE)
    return out.getvalue().encode(codec)


@pytest.mark.parametrize(
    ("codec", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("latin-1", ";"), ("utf-16", "\t")],
)
def test_what_excel_writes_in_germany_is_read(
    engine: Engine, tmp_path: Path, codec: str, delimiter: str
) -> None:
    path = tmp_path / "kunden.csv"
    path.write_bytes(written(codec, delimiter))

    result = import_customers(engine, path, COMPANY, NOW, Options(**GERMAN))

    assert stored(engine) == [
        ("1", "Jürgen", "j@example.com", "1980-04-03", {"credit": 12_345_000}),
        ("2", "José; «Pepe»", "p@example.com", "1980-02-29", {"credit": 70_000}),
    ]
    assert [(one.line, one.column) for one in result.rejects] == [
        (4, "E-Mail"), (4, "Geburtstag"), (4, "Guthaben"),
    ]  # fmt: skip
    assert bool(result.warnings) == (codec in ("cp1252", "latin-1"))


def stored(engine: Engine) -> list[Any]:
    t = customers.c
    with reading(engine) as conn:
        rows = conn.execute(
            select(t.key, t.first_name, t.email, t.birthday, t.attributes).order_by(t.key)
        )
        return [tuple(row) for row in rows]


def save(path: Path, *rows: tuple[Any, ...]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_as_a_csv_is(engine: Engine, tmp_path: Path) -> None:
    path = save(
        tmp_path / "kunden.xlsx",
        ("key", "first_name", "email", "phone", "birthday", "credit", "since"),
        (
            1,
            "Jürgen",
            "j@example.com",
            30901820,
            local(1980, 4, 3),
            1234.5,
            local(2020, 1, 31),
        ),
        (2, "José", "#N/A", 4.91711e20, "03/04/1980", "1,234", None),
        ("003", "Zoë", None, None, None, None, None),
    )

    result = import_customers(engine, path, COMPANY, NOW, Options(decimal_comma=True))

    assert stored(engine) == [
        ("003", "Zoë", None, None, {}),
        (
            "1",
            "Jürgen",
            "j@example.com",
            "1980-04-03",
            {"credit": 12_345_000, "since": "2020-01-31"},
        ),
    ]
    assert [(one.line, one.column) for one in result.rejects] == [
        (3, "email"), (3, "phone"), (3, "birthday"),
    ]  # fmt: skip


def test_events_and_consents_come_from_workbooks_too(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as conn:
        make_customer(conn, "7")
    bought = save(tmp_path / "o.xlsx", ("key", "kind", "at", "amount"),
                  (7, "order", local(2026, 5, 1, 10), 19.99))  # fmt: skip
    said = save(tmp_path / "c.xlsx", ("key", "channel", "topic", "state", "at", "source"),
                (7, "email", "offers", "granted", local(2026, 5, 1), "fair"))  # fmt: skip

    import_events(engine, bought, COMPANY, NOW)
    import_consents(engine, said, COMPANY, NOW)

    with reading(engine) as conn:
        assert conn.execute(select(events.c.amount)).scalars().all() == [Decimal("19.99")]
        assert conn.execute(select(consent_states.c.state)).scalars().all() == ["granted"]
