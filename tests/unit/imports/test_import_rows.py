"""CSV and JSON lines of any dirt: a broken row is told, its neighbours are read."""

import csv
import io
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.errors import UsageError
from outreach.imports.rows import Broken, CsvRows, JsonRows

KNOWN = ("key", "name", "city")


def read(text: str | bytes) -> list[Any]:
    """Each row as its line and cells, or its line, column and message."""
    content = text if isinstance(text, bytes) else text.encode()
    rows = CsvRows(io.BytesIO(content), KNOWN)
    return [
        (n, row.column, row.message) if isinstance(row, Broken) else (n, row) for n, row in rows
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiter_line_end_and_byte_order_mark_are_found(
    delimiter: str, end: str, mark: str
) -> None:
    text = mark + end.join([f"key{delimiter}name", f"1{delimiter}a", f"2{delimiter}"])

    assert read(text) == [(2, ["1", "a"]), (3, ["2", ""])]


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "\ufeffsep=;\r\n"])
def test_a_first_line_of_excel_names_the_delimiter(first: str) -> None:
    assert read(f"{first}key;name, first, key\n1;a,b\n") == [(3, ["1", "a,b"])]


def test_known_names_tell_the_delimiter() -> None:
    assert read('key;"name, first, second"\n1;a,b\n') == [(2, ["1", "a,b"])]


def test_a_quoted_cell_may_have_lines_quotes_and_delimiters() -> None:
    assert read('key,name\n1,"a ""b"", \nc"\n2,d\n') == [(2, ["1", 'a "b", \nc']), (4, ["2", "d"])]


def test_a_quote_in_the_middle_of_a_cell_is_a_character() -> None:
    assert read('key,name\n1,5" pipe\n') == [(2, ["1", '5" pipe'])]


def test_a_quote_that_is_never_closed_takes_one_row_only() -> None:
    rows = read('key,name\n1,"open\n2,b\n3,"c"\n4,d\n')

    assert [row[0] for row in rows] == [2, 3, 4, 5]
    assert rows[0][1:] == ("name", "a quote is opened or closed wrongly")
    assert rows[1:] == [(3, ["2", "b"]), (4, ["3", "c"]), (5, ["4", "d"])]


def test_an_open_quote_does_not_swallow_the_rest_of_a_long_file() -> None:
    rows = read('key,name\n1,"open\n' + "2,b\n" * 500)

    assert len(rows) == 501
    assert rows[0][1] == "name"


def test_wrong_numbers_of_cells_are_refused_and_empty_ones_too_many_are_not() -> None:
    assert read("key,name,city\n1,a\n2,a,b,c\n3,a,b,,\n") == [
        (2, "city", "the row has 2 cells, the header 3"),
        (3, "city", "the row has 4 cells, the header 3"),
        (4, ["3", "a", "b"]),
    ]


def test_bytes_that_are_not_utf8_are_refused_with_their_column() -> None:
    assert read(b"key,name\n1,M\xfcller\n2,ok\n") == [
        (2, "name", "is not UTF-8; save the file as UTF-8, or name its `--encoding`"),
        (3, ["2", "ok"]),
    ]


def test_blank_lines_are_nothing_and_lines_are_counted_as_an_editor_does() -> None:
    assert read("key,name\n\n,\n 1,a\n\n") == [(4, [" 1", "a"])]


def test_an_over_long_line_is_refused_and_passed_over() -> None:
    rows = read("key,name\n1," + "x" * 600_000 + "\n2,b\n")

    assert rows == [(2, "", "the line is too long: at most 256 KiB"), (3, ["2", "b"])]


@pytest.mark.parametrize("text", ["key,name\r1,a\r2,b\r", "key,name\r1,a\r", "key,name\r1,a"])
def test_old_line_ends_are_told(text: str) -> None:
    with pytest.raises(UsageError, match="CR alone"):
        read(text)


def test_json_lines_that_are_no_objects_are_refused() -> None:
    lines = b'\xef\xbb\xbf{"key": 1}\n\nnull\n{"a": NaN}\n{"a": 1e999999999999999999999}\n' + (
        b"[" * 100_000 + b"\n\xff\n"
    )

    found = list(JsonRows(io.BytesIO(lines)))

    assert found[0] == (1, {"key": 1})
    assert [number for number, row in found if isinstance(row, Broken)] == [3, 4, 5, 6, 7]


def test_a_name_written_twice_in_a_json_line_is_refused() -> None:
    line = b'{"key": "1", "consent.email.greetings": "no", "consent.email.greetings": "yes"}\n'

    (found,) = JsonRows(io.BytesIO(line))

    assert isinstance(found[1], Broken)
    assert found[1].column == "consent.email.greetings"
    assert found[1].message == "`consent.email.greetings` is written twice"


def test_a_json_array_is_told() -> None:
    with pytest.raises(UsageError, match="one JSON array"):
        list(JsonRows(io.BytesIO(b'[{"key": 1}]')))


CELL = st.text(string.ascii_letters + ' ,;"\n\t|é中', max_size=8)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=6), st.sampled_from(",;\t|"))
def test_what_the_standard_library_writes_is_read_as_it_was(
    rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([KNOWN, *rows])

    found = [row for _, row in CsvRows(io.BytesIO(out.getvalue().encode()), KNOWN)]

    assert found == [list(row) for row in rows if "".join(row).strip()]


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_usage_error(content: bytes) -> None:
    read(b"key,name\n" + content)
    list(JsonRows(io.BytesIO(b"{}\n" + content)))
