"""A file's encoding: by the mark it begins with, as told, or the one of Windows at home.

Whatever it is, rows are read from UTF-8. A file that is UTF-8 already is read as it is.
"""

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from outreach.errors import UsageError

UTF8 = "utf-8"
SAMPLE_BYTES = 1024 * 1024
# Longer marks first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WITHOUT_MARK = (  # two ASCII characters, as any header begins
    (re.compile(rb"[\x09-\x7e]\x00[\x09-\x7e]\x00"), "utf-16-le"),
    (re.compile(rb"\x00[\x09-\x7e]\x00[\x09-\x7e]"), "utf-16-be"),
)
# What Windows, and with it Excel's plain CSV, writes in a country; elsewhere cp1252. Source: the
# ANSI code pages of Microsoft's National Language Support (NLS) reference.
_CODE_PAGES = {
    "cp1250": "AL BA CZ HR HU ME PL RO RS SI SK",
    "cp1251": "BG BY KG KZ MK MN RU TJ UA",
    "cp1253": "CY GR",
    "cp1254": "AZ TR UZ",
    "cp1255": "IL",
    "cp1256": "AE BH DZ EG IQ IR JO KW LB LY MA OM PK QA SA SY TN YE",
    "cp1257": "EE LT LV",
    "cp1258": "VN",
    "cp874": "TH",
    "cp932": "JP",
    "cp949": "KR",
    "cp950": "HK MO TW",
    "gb18030": "CN SG",
}
_LATIN = ("cp1250", "cp1252", "cp1254", "cp1257")
_RUN = re.compile(r"([a-z]?)([^\x00-\x7f]+)([a-z]?)", re.IGNORECASE | re.ASCII)
_SIGNS = frozenset("\u00a0«»‘’“”„–—…€£§°º™®©·")  # what texts of any Latin alphabet may hold


class ByteLines(Protocol):
    """What rows are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """The next line with its end, cut at `size` bytes; nothing at the end of the file."""
        ...

    def tell(self) -> int:
        """Bytes of the file read so far."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """How a file was opened: as lines of UTF-8, and what its reader should know of it."""

    lines: ByteLines
    warning: str | None = None


def as_utf8(file: BinaryIO, encoding: str | None, home: str | None) -> Told:
    """The file as lines of UTF-8. A mark goes before `encoding`, which goes before what it looks like.

    `home` is the company's country: a file that is nowhere UTF-8 and looks like a text in that
    country's code page is read so, with a warning that shows a word of it. Where it looks like
    neither it is taken for UTF-8, and its rows are refused one by one. UsageError: no such encoding.
    """
    start = _peek(file)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    found = marked or (None if encoding is None else _known(encoding))
    if found is None:
        found = next((name for form, name in _WITHOUT_MARK if form.match(start)), None)
    if found is not None:
        return Told(file if found == UTF8 else Recoded(file, found))
    sample = _sample(file)
    page = next((page for page, of in _CODE_PAGES.items() if (home or "") in of.split()), "cp1252")
    word = None if _has_utf8(sample) else _a_word(sample, page)
    if word is None:
        return Told(file)
    about = f"the file is not UTF-8 and was read as {page}, where a cell says `{word}`"
    return Told(Recoded(file, page), f"{about}; if that is wrong, name its `--encoding`")


def _peek(file: BinaryIO) -> bytes:
    """The first bytes, which stay to be read."""
    return file.peek(4)[:4] if isinstance(file, io.BufferedReader) else b""


def _known(name: str) -> str:
    """The codec's name; UsageError where there is none for texts."""
    hint = "write for example `--encoding cp1252`, `latin-1`, `utf-16` or `gb18030`"
    try:
        found = codecs.lookup(name).name
        b"\x00\x00\x00\x00".decode(found)
    except (LookupError, UnicodeError, ValueError):
        raise UsageError(f"there is no encoding `{name}`", hint) from None
    return found


def _sample(file: BinaryIO) -> bytes:
    """The lines around the first byte that is not ASCII, up to 1 MiB; the file stands as before."""
    if not file.seekable():
        return b""
    try:
        while (part := file.read(SAMPLE_BYTES)) and part.isascii():
            pass
        return part + file.readline(SAMPLE_BYTES) if part else b""
    finally:
        file.seek(0)


def _foreign(sample: bytes) -> list[bytes]:
    """The lines that are not ASCII."""
    return [line for line in sample.splitlines() if not line.isascii()]


def _has_utf8(sample: bytes) -> bool:
    """Whether any line that is not ASCII is UTF-8: by chance it would hardly be."""
    return not sample or any(_decodes(line, UTF8) for line in _foreign(sample))


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _a_word(sample: bytes, page: str) -> str | None:
    """A word of the sample as the code page reads it; None where it does not look like a text."""
    try:
        lines = [line.decode(page) for line in _foreign(sample)]
    except UnicodeDecodeError:
        return None
    runs = [run for line in lines for run in _RUN.finditer(line)]
    fit = sum(_fits(run, page) for run in runs)
    if not runs or fit < 0.95 * len(runs):
        return None
    words = re.findall(r"[^\s\d,;|\"']*[^\x00-\x7f\W][^\s\d,;|\"']*", "\n".join(lines))
    return words[0][:40] if words else None


def _fits(run: re.Match[str], page: str) -> bool:
    """Whether characters beyond ASCII stand where they do in texts: letters, near letters."""
    before, found, after = run.groups()
    if any(not (each.isalpha() or each in _SIGNS or page not in _LATIN) for each in found):
        return False
    letters = found.strip("".join(_SIGNS))
    return page not in _LATIN or not letters or (len(letters) <= 3 and bool(before or after))


class Recoded:
    """The lines of a file of another encoding as UTF-8; what can not be read becomes U+FFFD."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self.tell = file.tell
        self.readline = io.BufferedReader(_Recoding(file, encoding), 64 * 1024).readline


class _Recoding(io.RawIOBase):
    """UTF-8 bytes of a file, a part of it in memory at a time."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            part = self._file.read(len(buffer))
            text = self._decoder.decode(part, final=not part)
            self._ready = text.encode("utf-8", "replace")
            if not part:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count
