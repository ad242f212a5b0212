"""Files as streams of rows: CSV and JSON lines; a broken row never takes its neighbours along."""

import csv
import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from outreach.errors import UsageError
from outreach.imports.encodings import ByteLines
from outreach.imports.outcome import REJECTS_HEADER

MOST_BYTES_OF_A_LINE = 256 * 1024
MOST_LINES_OF_A_ROW = 50  # a quote that stays open longer was never closed
DELIMITERS = (",", ";", "\t", "|")
NOT_UTF8 = "is not UTF-8; save the file as UTF-8, or name its `--encoding`"
_EMPTY = b" ,;|\t\r\n"
_NAMED_DELIMITER = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([,;|\t])"?\s*')  # Excel's own first line

Pairs = Iterable[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that can not be read: what is wrong, in which column, and the text as far as it goes.

    `cells` where they can be told apart, if only their number is wrong: each stays in its place.
    """

    column: str
    message: str
    raw: str
    cells: tuple[str, ...] = ()


Row = tuple[int, list[Any] | dict[str, Any] | Broken]  # the line it begins at, its content


class Lines:
    """The physical lines of a file with their numbers, each at most 256 KiB; can be put back."""

    def __init__(self, file: ByteLines) -> None:
        self._file = file
        self._put_back: deque[tuple[int, bytes]] = deque()
        self._number = 0

    def next(self) -> tuple[int, bytes] | None:
        """The next line with its end, cut when over-long; None at the end of the file."""
        if self._put_back:
            return self._put_back.popleft()
        line = self._file.readline(MOST_BYTES_OF_A_LINE)
        if not line:
            return None
        if len(line) == MOST_BYTES_OF_A_LINE and not line.endswith(b"\n"):
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._file.readline(MOST_BYTES_OF_A_LINE)
        self._number += 1
        return self._number, line

    def put_back(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """The next lines are these again."""
        self._put_back.extendleft(reversed(list(lines)))

    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._file.tell()


def is_json(path: Path) -> bool:
    """Whether the file's name says that it holds JSON lines."""
    return path.suffix.lower() in (".json", ".jsonl", ".ndjson")


class CsvRows:
    """The rows of a CSV file (RFC 4180, UTF-8 with or without BOM), each a list of cells."""

    def __init__(self, file: ByteLines, known: Iterable[str]) -> None:
        self.lines = Lines(file)
        self.position = self.lines.position
        self.header, self.delimiter = self._read_header({name.casefold() for name in known})
        self._delimiter = self.delimiter.encode()

    def _read_header(self, known: set[str]) -> tuple[list[str], str]:
        delimiters: tuple[str, ...] = DELIMITERS
        first = self.lines.next()
        while first is not None and not first[1].strip(b"\xef\xbb\xbf" + _EMPTY):
            first = self.lines.next()
        named = None if first is None else _NAMED_DELIMITER.fullmatch(first[1])
        if named is not None:
            delimiters = (named[1].decode(),)
            first = self.lines.next()
        if first is None:
            raise UsageError("the file is empty", "its first line names the columns")
        if first[1].startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UsageError("the file is UTF-16", "save it as UTF-8 (in Excel: «CSV UTF-8»)")
        if b"\r" in first[1].rstrip(b"\r\n"):
            raise UsageError("the lines end with CR alone", "save it with line ends LF or CRLF")
        try:
            line = first[1].decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            hint = "save the file as UTF-8, or name its `--encoding`"
            raise UsageError("the header is not UTF-8", hint) from None
        return max(
            ((_cells(line, delimiter), delimiter) for delimiter in delimiters),
            key=lambda read: (sum(cell.casefold() in known for cell in read[0]), len(read[0])),
        )

    def __iter__(self) -> Iterator[Row]:
        """Each row with the number of the line it begins at."""
        width, delimiter = len(self.header), self.delimiter
        while (next_line := self.lines.next()) is not None:
            number, line = next_line
            if not line.strip(_EMPTY):
                continue
            if b'"' in line or len(line) >= MOST_BYTES_OF_A_LINE:
                row = self._quoted(line)
                if isinstance(row, Broken) or any(cell.strip() for cell in row):
                    yield number, row
                continue
            try:
                cells = line.decode().rstrip("\r\n").split(delimiter)
            except UnicodeDecodeError as error:
                yield number, self._not_utf8(line, error)
                continue
            yield number, cells if len(cells) == width else self._fitted(cells, line)

    def _quoted(self, line: bytes) -> list[Any] | Broken:
        """A row with quotes; lines after the first are taken only if they belong to it."""
        if len(line) >= MOST_BYTES_OF_A_LINE:
            return Broken("", "the line is too long: at most 256 KiB", _show(line[:1000]))
        taken: list[tuple[int, bytes]] = []
        reader = csv.reader(self._following(line, taken), delimiter=self.delimiter, strict=True)
        try:
            cells = next(reader)
        except UnicodeDecodeError as error:
            self.lines.put_back(taken)
            if error.object == line:
                return self._not_utf8(line, error)
            return Broken(self._open_quote(line), "a quote is never closed", _show(line))
        except csv.Error:
            self.lines.put_back(taken)
            return Broken(
                self._open_quote(line), "a quote is opened or closed wrongly", _show(line)
            )
        fitted = cells if len(cells) == len(self.header) else self._fitted(cells, line)
        if taken and isinstance(fitted, Broken):
            self.lines.put_back(taken)
            return Broken(self._open_quote(line), "a quote is never closed", _show(line))
        return fitted

    def _following(self, line: bytes, taken: list[tuple[int, bytes]]) -> Iterator[str]:
        size = len(line)
        yield line.decode()
        while len(taken) < MOST_LINES_OF_A_ROW and size < MOST_BYTES_OF_A_LINE:
            found = self.lines.next()
            if found is None:
                return
            taken.append(found)
            size += len(found[1])
            yield found[1].decode()

    def _fitted(self, cells: list[str], line: bytes) -> list[Any] | Broken:
        """The cells without empty ones too many, as spreadsheets add them."""
        width = len(self.header)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if len(cells) == len(REJECTS_HEADER) + 1 and tuple(self.header[:3]) == REJECTS_HEADER:
            return self._come_back(cells)
        message = f"the row has {len(cells)} cells, the header {width}"
        column = self.header[min(len(cells), width - 1)]
        return Broken(column, message, _show(line), tuple(cells))

    def _come_back(self, cells: list[str]) -> list[Any] | Broken:
        """A refused row whose cells could not be told apart then: its text is in one cell."""
        told, text = cells[: len(REJECTS_HEADER)], cells[-1]
        for delimiter in DELIMITERS:
            with suppress(csv.Error):
                found = next(csv.reader([text], delimiter=delimiter, strict=True), [])
                if len(told) + len(found) == len(self.header):
                    return [*told, *found]
        message = "can not be read yet; mend its quotes, or put each cell into its own column"
        return Broken(self.header[len(told)], message, text)

    def _not_utf8(self, line: bytes, error: UnicodeDecodeError) -> Broken:
        place = line[: error.start].count(self._delimiter) if error.object == line else 0
        column = self.header[min(place, len(self.header) - 1)]
        return Broken(column, NOT_UTF8, _show(line))

    def _open_quote(self, line: bytes) -> str:
        """The column of the first cell with a quote that does not begin and end it."""
        for name, cell in zip(self.header, line.split(self._delimiter), strict=False):
            stripped = cell.strip()
            if b'"' in cell and not (len(stripped) > 1 and stripped[:1] == stripped[-1:] == b'"'):
                return name
        return self.header[0]


class JsonRows:
    """The rows of a file with one JSON object a line (JSON lines, UTF-8)."""

    def __init__(self, file: ByteLines) -> None:
        self.lines = Lines(file)
        self.position = self.lines.position
        self.header = ["row"]

    def __iter__(self) -> Iterator[Row]:
        """Each row with the number of its line."""
        while (next_line := self.lines.next()) is not None:
            number, line = next_line
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
                if line.lstrip().startswith(b"["):
                    raise UsageError("the file is one JSON array", "write one object a line")
            if line.strip():
                yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | Broken:
    if len(line) >= MOST_BYTES_OF_A_LINE:
        return Broken("", "the line is too long: at most 256 KiB", _show(line[:1000]))
    try:
        found = json.loads(
            line, parse_float=Decimal, parse_constant=_not_a_number, object_pairs_hook=_members
        )
    except _TwiceError as error:
        return Broken(error.name, f"`{error.name}` is written twice", _show(line))
    except UnicodeDecodeError:
        return Broken("", NOT_UTF8, _show(line))
    except json.JSONDecodeError as error:
        return Broken("", f"is no JSON: {error.msg} at character {error.pos + 1}", _show(line))
    except (ValueError, ArithmeticError, RecursionError):
        return Broken("", "holds a number or a nesting that is too large", _show(line))
    if not isinstance(found, dict):
        return Broken("", "is no JSON object", _show(line))
    return found


class _TwiceError(Exception):
    """Raised for a name that stands twice in an object: which of the two is meant, none can say."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name[:40]


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise _TwiceError(next(name for name, count in counted.items() if count > 1))
    return found


def _not_a_number(word: str) -> NoReturn:
    raise json.JSONDecodeError(f"{word} is no JSON value", word, 0)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        cells = line.split(delimiter)
    return [cell.strip() for cell in cells]


def _show(line: bytes) -> str:
    return line[:2000].decode("utf-8", "replace").rstrip("\r\n")
