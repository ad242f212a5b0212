"""Workbooks: numbers exact, dates as ISO; what a spreadsheet lost is refused, not guessed."""

import io
import zipfile
from datetime import date, datetime, time
from functools import partial
from typing import Any

import pytest
from openpyxl import Workbook

from outreach.errors import UsageError
from outreach.imports.rows import Broken
from outreach.imports.sheets import SheetRows

local = partial(datetime, tzinfo=None)  # a workbook knows no zones
HEADER = ("key", "name")


def workbook(*rows: tuple[Any, ...], **others: tuple[Any, ...]) -> io.BytesIO:
    """A workbook whose first sheet has these rows; others by their names have one row each."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name, row in others.items():
        book.create_sheet(name).append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def read(*rows: tuple[Any, ...]) -> list[Any]:
    found = SheetRows(workbook(HEADER, *rows), None)
    return [
        (n, row.column, row.message) if isinstance(row, Broken) else (n, *map(str, row))
        for n, row in found
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (491711234567, "491711234567"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (-19.99, "-19.99"),
        (True, "True"),
        (date(1980, 2, 1), "1980-02-01"),
        (local(2026, 5, 1, 10, 30), "2026-05-01 10:30:00"),
        (time(10, 30), "10:30:00"),
        ("00123", "00123"),
        (1.23456789e17, "1.23E+17"),
        (4_155_550_123_456_789, "4.16E+15"),
        ("#N/A", "#N/A"),
        (None, ""),
        (" ", ""),
    ],
)
def test_cells(value: Any, found: str) -> None:
    assert read(("1", value)) == [(2, "1", found)]


def test_blank_rows_are_nothing_and_short_ones_are_filled() -> None:
    assert read((None, None), ("1",), ("2", "b", None)) == [(3, "1", ""), (4, "2", "b")]


def test_a_cell_beyond_the_header_is_refused() -> None:
    assert read(("1", "a", None, "x")) == [(2, "name", "the row has 4 cells, the header 2")]
    rows = SheetRows(workbook(HEADER, ("1", "a", None, "x")), None)
    assert [row.cells for _, row in rows if isinstance(row, Broken)] == [("1", "a", "", "x")]


def test_the_first_row_that_is_not_blank_names_the_columns() -> None:
    rows = SheetRows(workbook((None,), HEADER, ("1", "a")), None)

    assert (rows.header, list(rows)) == (["key", "name"], [(3, ["1", "a"])])


def test_a_sheet_is_found_by_its_name() -> None:
    file = workbook(HEADER, Kunden=("key", "city"))

    assert SheetRows(file, "Kunden").header == ["key", "city"]
    with pytest.raises(UsageError) as refusal:
        SheetRows(file, "Kundne")
    assert (refusal.value.message, refusal.value.hint) == (
        "there is no sheet `Kundne`",
        "did you mean `Kunden`?",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and nothing more", "the workbook can not be read"),
        (workbook().getvalue(), "the sheet is empty"),
        (workbook(HEADER).getvalue()[:-200], "the workbook can not be read"),
    ],
)
def test_a_workbook_that_can_not_be_read_is_told(content: bytes, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        SheetRows(io.BytesIO(content), None)

    assert refusal.value.message == message


def test_a_workbook_that_breaks_in_the_middle_is_told() -> None:
    file = workbook(HEADER, *[("1", "a")] * 3_000)
    broken = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(broken, "w") as new:
        for each in old.infolist():
            content = old.read(each)
            cut = content[: len(content) // 2] if "sheet1" in each.filename else content
            new.writestr(each.filename, cut)

    with pytest.raises(UsageError, match="the workbook can not be read after row 1"):
        list(SheetRows(broken, None))


def rewritten(file: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    """The workbook with something else in its first sheet."""
    found = io.BytesIO()
    with zipfile.ZipFile(file) as parts, zipfile.ZipFile(found, "w") as copy:
        for each in parts.infolist():
            content = parts.read(each)
            copy.writestr(each, content.replace(old, new) if "sheet1" in each.filename else content)
    return found


@pytest.mark.parametrize("number", [1_048_577, 999_999_999])
def test_a_row_where_no_spreadsheet_has_any_is_refused(number: int) -> None:
    """A small file; all rows up to it would be asked for."""
    file = rewritten(workbook(HEADER, ("1", "a")), b'<row r="2"', b'<row r="%d"' % number)

    with pytest.raises(UsageError, match="the sheet has rows beyond 1,048,576"):
        list(SheetRows(file, None))


def test_the_last_row_of_a_spreadsheet_is_read() -> None:
    file = rewritten(workbook(HEADER, ("1", "a")), b'<row r="2"', b'<row r="1048576"')

    assert list(SheetRows(file, None)) == [(1_048_576, ["1", "a"])]


def test_texts_that_would_fill_the_memory_are_refused() -> None:
    file = workbook(HEADER)
    with zipfile.ZipFile(file, "a") as parts:
        parts.writestr("xl/sharedStrings.xml", "<sst/>")
        parts.infolist()[-1].file_size = 2**31  # as a bomb says of itself

    with pytest.raises(UsageError, match="the workbook is too large"):
        SheetRows(file, None)
