"""YAML 1.2 scalars, read narrowly: what could be a text in a campaign file stays one."""

import re
from decimal import Decimal

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})\.\d{1,18}", re.ASCII)
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff]")


def read_plain(text: str) -> bool | int | Decimal | str | None:
    """The value of an unquoted scalar.

    YAML 1.2.2 §10.3 (core schema) less what would change a text: `+1555…`, `007`, `0x1f`, `1e3`,
    `.inf`, dates, times, `yes` and `NO` are texts. Numbers with a point are exact.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text


def unfit_character(text: str) -> str | None:
    """The first character that no message and no database may hold: a control, half a pair."""
    match = _UNFIT.search(text)
    return match[0] if match else None
