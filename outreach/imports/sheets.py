"""The rows of an Excel workbook (Office Open XML, ECMA-376), read as a stream by openpyxl."""

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from outreach.documents import did_you_mean
from outreach.errors import SetupError, UsageError
from outreach.imports.rows import Broken, Row

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # .xlsx; .xls, and a workbook with a password
MOST_TEXT_BYTES = 128 * 1024 * 1024  # of the texts that all cells share: those are kept in memory
MOST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number (IEEE 754)
MOST_COLUMNS = 2_000
MOST_ROWS = 1_048_576  # of Excel; a file may name a row far beyond, and all before it are asked for
_SAVE_AGAIN = "open it in the spreadsheet and save it as .xlsx or as «CSV UTF-8»"
_FAULTS = (zipfile.BadZipFile, ParseError, KeyError, ValueError, OSError, EOFError, TypeError)


def refuse_old(start: bytes) -> None:
    """UsageError for a workbook of a sort that is not read."""
    if start.startswith(OLE):
        message = "the file is an old workbook (.xls), or one with a password"
        raise UsageError(message, "save it as .xlsx without a password, or as «CSV UTF-8»")


class SheetRows:
    """The rows of one sheet: numbers exact, dates as ISO, everything else as text.

    The first row that is not blank names the columns. A row's number is that of the sheet.
    """

    def __init__(self, file: BinaryIO, sheet: str | None) -> None:
        self._file = file
        try:
            self._rows = _rows(file, sheet)
            self._number = 0
            self.header = self._read_header()
        except _FAULTS as error:
            raise _unreadable() from error

    def position(self) -> int:
        """Bytes of the file read so far, more or less: its parts are read side by side."""
        return self._file.tell()

    def __iter__(self) -> Iterator[Row]:
        """Each row that is not blank, with its number."""
        width = len(self.header)
        try:
            while (found := self._next()) is not None:
                cells = [_cell(value) for value in found[:width]]
                if any(_cell(value) != "" for value in found[width:]):
                    whole = tuple(str(_cell(value)) for value in _trimmed(found))
                    message = f"the row has {len(whole)} cells, the header {width}"
                    yield self._number, Broken(self.header[-1], message, _shown(found), whole)
                elif any(cell != "" for cell in cells):
                    yield self._number, cells + [""] * (width - len(cells))
        except _FAULTS as error:
            raise _unreadable(self._number) from error

    def _next(self) -> tuple[Any, ...] | None:
        with warnings.catch_warnings():  # of styles, validations and what else is no value
            warnings.simplefilter("ignore")
            found: tuple[Any, ...] | None = next(self._rows, None)
        self._number += 1
        if found is not None and self._number > MOST_ROWS:
            message = f"the sheet has rows beyond {MOST_ROWS:,}, where every spreadsheet ends"
            raise UsageError(message, _SAVE_AGAIN)
        return found

    def _read_header(self) -> list[str]:
        while (found := self._next()) is not None:
            names = [str(_cell(value)).strip() for value in _trimmed(found)]
            if len(names) > MOST_COLUMNS:
                raise UsageError(f"the sheet has more than {MOST_COLUMNS:,} columns", _SAVE_AGAIN)
            if names:
                return names
        raise UsageError("the sheet is empty", "its first row names the columns")


def _rows(file: BinaryIO, sheet: str | None) -> Iterator[tuple[Any, ...]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        message = "reading a workbook needs openpyxl, which is not installed"
        raise SetupError(
            message,
            "install it (`.venv/bin/pip install openpyxl`), or save the file as «CSV UTF-8»",
        ) from None
    _refuse_large(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    names = [each.title for each in book.worksheets]
    if sheet is not None and sheet not in names:
        hint = did_you_mean(sheet, names, listing="there are")
        raise UsageError(f"there is no sheet `{sheet}`", hint)
    if not names:
        raise UsageError("the workbook has no sheet", _SAVE_AGAIN)
    found = book.worksheets[0 if sheet is None else names.index(sheet)]
    found.reset_dimensions()  # what it says of its size is often wrong
    rows: Iterator[tuple[Any, ...]] = found.iter_rows(values_only=True)
    return rows


def _refuse_large(file: BinaryIO) -> None:
    """UsageError where the texts would not fit into memory."""
    with zipfile.ZipFile(file) as parts:
        sizes = [each.file_size for each in parts.infolist() if "sharedStrings" in each.filename]
    if sum(sizes) > MOST_TEXT_BYTES:
        raise UsageError("the workbook is too large", "save it as «CSV UTF-8»")
    file.seek(0)


def _unreadable(number: int = 0) -> UsageError:
    where = f" after row {number}" if number else ""
    return UsageError(f"the workbook can not be read{where}", _SAVE_AGAIN)


def _trimmed(values: tuple[Any, ...]) -> list[Any]:
    """The values without empty ones at the end."""
    found = list(values)
    while found and _cell(found[-1]) == "":
        found.pop()
    return found


def _shown(values: tuple[Any, ...]) -> str:
    return ",".join(str(_cell(value)) for value in _trimmed(values))[:2_000]


def _cell(value: Any) -> Any:
    """A value as the readers of fields take it: text, yes or no, or an exact number."""
    if isinstance(value, str):
        return value if value.strip() else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _number(value: float) -> Any:
    """A number as its sheet shows it; one whose digits are lost as it is shown too: `1.23E+17`."""
    if not abs(value) < MOST_EXACT:
        return f"{value:.2E}"
    exact = Decimal(format(value, ".15g"))
    return int(exact) if exact == exact.to_integral_value() else exact
