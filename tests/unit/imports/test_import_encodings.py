"""Encodings: known by a mark, told, or those of Windows at home; never taken for sure without a word."""

import tempfile
from pathlib import Path

import pytest

from outreach.errors import UsageError
from outreach.imports.encodings import Told, as_utf8

TEXT = "key;name\n1;Müller\n2;Dvořák\n3;王伟 😀\n"
GERMAN = "key;name\n" + "0;Ann\n" * 50 + "1;Müller\n2;Weiß, José\n3;5 € «Ångström»\n"


def opened(
    content: bytes, encoding: str | None = None, home: str | None = "DE"
) -> tuple[Told, str]:
    """How a file of these bytes was opened, and the text that is read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(content)
        with path.open("rb") as file:
            told = as_utf8(file, encoding, home)
            lines = iter(told.lines.readline, b"")
            return told, b"".join(lines).decode("utf-8", "replace")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_tells_the_encoding_whatever_is_said(codec: str) -> None:
    told, text = opened(TEXT.encode(codec), "cp1252")

    assert text.removeprefix("\ufeff") == TEXT
    assert told.warning is None


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_seen_by_its_zeros(codec: str) -> None:
    assert opened(TEXT.encode(codec))[1] == TEXT


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "cp1250", "cp1251", "gb18030", "shift_jis"])
def test_what_is_told_is_used(codec: str) -> None:
    text = {"cp1250": "Dvořák", "cp1251": "Иван", "gb18030": "王伟", "shift_jis": "田中"}
    content = f"key;name\n1;{text.get(codec, 'Müller')}\n" * 3_000

    assert opened(content.encode(codec), codec)[1] == content


@pytest.mark.parametrize(
    ("home", "page", "name"),
    [("DE", "cp1252", "Müller"), ("FR", "cp1252", "Hélène"), ("", "cp1252", "Peña"),
     ("CZ", "cp1250", "Dvořák"), ("RU", "cp1251", "Иванов"), ("GR", "cp1253", "Γιώργος"),
     ("JP", "cp932", "田中"), ("CN", "gb18030", "王伟")],
)  # fmt: skip
def test_a_file_of_windows_is_read_in_its_code_page_at_home_and_says_so(
    home: str, page: str, name: str
) -> None:
    content = f"key;name\n0;Ann\n1;{name}\n"

    told, text = opened(content.encode(page), home=home)

    assert text == content
    assert told.warning == (
        f"the file is not UTF-8 and was read as {page}, where a cell says `{name}`;"
        " if that is wrong, name its `--encoding`"
    )


def test_the_first_bytes_beyond_ascii_may_come_late() -> None:
    content = "key;name\n" + "0;Ann\n" * 400_000 + "1;Müller\n"

    told, text = opened(content.encode("cp1252"))

    assert text == content
    assert told.warning is not None


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode() + b"4;M\xfcller\n",  # one row is broken: the others are UTF-8
        "key;name\n1;Иван\n".encode("cp1251"),  # no text of DE
        b"key;name\n1;\xff\xfe\x80\n",
        b"key;name\n1;Ann\n",
        b"",
    ],
)
def test_what_looks_like_nothing_else_is_taken_for_utf_8(content: bytes) -> None:
    told, text = opened(content)

    assert told.warning is None
    assert text == content.decode("utf-8", "replace")


def test_signs_and_several_letters_in_a_row_are_western_too() -> None:
    told, text = opened(GERMAN.encode("cp1252"))

    assert text == GERMAN
    assert told.warning is not None


@pytest.mark.parametrize("name", ["klingon", "zip", "rot13", "undefined", "a\x00b"])
def test_no_encoding_of_texts_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="there is no encoding"):
        opened(b"key\n1\n", name)


def test_what_can_not_be_read_becomes_the_mark_of_a_lost_character() -> None:
    assert opened(b"key;name\n1;\x81x\n", "cp1252")[1] == "key;name\n1;\ufffdx\n"
    assert opened("key\n1".encode("utf-16") + b"\x00")[1] == "key\n1\ufffd"
