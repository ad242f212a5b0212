"""Cells as days that come back: YYYY-MM-DD, or MM-DD when the year is not known."""

import re
from typing import Any

from outreach.imports.values import BadValueError, clean, day

_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")


def birthday(raw: Any, order: str | None = None) -> str | None:
    """The day that somebody living was born on; None when blank."""
    found = _recurring(raw, order)
    if found is not None and found[2] != "-" and not "1850" <= found[:4] <= "2100":
        raise BadValueError(f"`{found}` is no year that someone living was born in")
    return found


def named_date(raw: Any, order: str | None = None) -> str | None:
    """Any such day from 1850 to 2200; None when blank."""
    found = _recurring(raw, order)
    if found is not None and found[2] != "-" and not "1850" <= found[:4] <= "2200":
        raise BadValueError(f"`{found}` is too far away: years from 1850 to 2200")
    return found


def _recurring(raw: Any, order: str | None) -> str | None:
    word = clean(raw)
    if _MONTH_DAY.fullmatch(word) is None:
        return day(word, order)
    day(f"2000-{word}")  # a leap year
    return word
