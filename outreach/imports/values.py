"""Cells as values: text made clean, numbers exact, dates never guessed."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from outreach.store.types import MONEY_SCALE

MOST_CHARACTERS = 2_000
LONGEST_NAME = 500  # characters, of what is looked up by its text: databases bound their indexes
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]")
_TEXT_MARKS = ("'=", "'+", "'-", "'@")
_LOST = "\ufffd"
_FAILED = frozenset(
    ["#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"]
)
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_GROUPED = re.compile(  # the marks that group thousands: 1.234,5 or 1,234.5 or 1 234 or 1'234
    r"([+-]?\d{1,3})([., \u00a0\u2009\u202f'’])(\d{3}(?:\2\d{3}){0,3})(?:([.,])(\d{1,15}))?"
)
_SHORTENED = re.compile(r"[+-]?\d(?:[.,]\d+)?E[+-]\d{1,3}")  # as spreadsheets show long numbers
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_ISO_DATETIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:Z|z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?"
)
_LOCAL_DATE = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:,?[ T](\d{1,2}:\d{2}(?::\d{2})?)(?:\s?([ap])\.?m\.?)?)?",
    re.IGNORECASE,
)
_SHORT_YEAR = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2}(?:\D.*)?")
_YES = frozenset(("yes", "y", "true", "1"))
_NO = frozenset(("no", "n", "false", "0"))

Read = Callable[[Any], Any]  # a cell, a text or a JSON value, as a value; None when blank


class BadValueError(ValueError):
    """Raised when a cell can not be what its column holds; says why, in words for its writer."""


def clean(raw: Any) -> str:
    """The text in NFC, trimmed; a control character, surrogate or line break is refused.

    An apostrophe before = + - @ is a spreadsheet's mark for «this is text» and left out: exports
    and files of refused rows carry it.
    """
    found: str = raw.strip() if type(raw) is str else _from_json(raw)
    if not (found.isascii() and found.isprintable()):
        found = unicodedata.normalize("NFC", found)
        unfit = _UNFIT.search(found)
        if unfit is not None:
            raise BadValueError(_unfit(unfit[0]))
    if found and found[0] in "'#":
        if found.startswith(_TEXT_MARKS):
            found = found[1:]
        elif found in _FAILED:
            raise BadValueError(f"is `{found}`, the failure of a spreadsheet's formula")
    if len(found) > MOST_CHARACTERS:
        raise BadValueError(f"is too long: {len(found):,} characters, at most {MOST_CHARACTERS:,}")
    return found


def _unfit(character: str) -> str:
    if character == _LOST:
        return "has a character that was lost (U+FFFD) when the file was saved in another encoding"
    return f"has the control character U+{ord(character):04X}"


def _from_json(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, Decimal):
        return format(raw, "f") if abs(raw.adjusted()) < 40 else str(raw)
    raise BadValueError("must be a single value")


def text(raw: Any) -> str | None:
    """Clean text; None when blank."""
    return clean(raw) or None


def code(raw: Any) -> str | None:
    """Text that tells one thing from another: a key, a number; refused if a spreadsheet cut it."""
    found = clean(raw)
    if "E" in found and _SHORTENED.fullmatch(found):
        raise BadValueError(_shortened(found))
    return found or None


def _shortened(word: str) -> str:
    return f"`{word[:40]}` was cut by a spreadsheet; make the column text there, fill it in anew"


def prose(raw: Any) -> str | None:
    """Clean text that may have several lines."""
    if not isinstance(raw, str):
        return text(raw)
    lines = raw.replace("\r\n", "\n").strip().split("\n")
    return "\n".join(clean(line.replace("\t", " ")) for line in lines) or None


def members(raw: Any) -> list[str] | None:
    """The members of a list split at `;`, each once; None when blank."""
    parts = raw if isinstance(raw, list) else clean(raw).split(";")
    found = list(dict.fromkeys(filter(None, map(clean, parts))))
    return found or None


def interests(raw: Any) -> list[str] | None:
    """As members, each short enough for a name; None when blank."""
    found = members(raw)
    if any(len(each) > LONGEST_NAME for each in found or ()):
        raise BadValueError(
            f"has an interest of more than {LONGEST_NAME} characters; part them with `;`"
        )
    return found


def yes_no(raw: Any) -> bool | None:
    """yes, no, true, false, 1, 0."""
    word = clean(raw).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    if not word:
        return None
    raise BadValueError(f"`{word[:40]}` is neither yes nor no")


def decimal(raw: Any, comma: bool) -> Decimal | None:
    """An exact number; None when blank. Where marks could group or part it is refused, not guessed."""
    word = clean(raw)
    if not word:
        return None
    plain = word
    if comma and isinstance(raw, str):
        plain = word.replace(".", "?").replace(",", ".")  # `1.234` is refused: grouped or not?
    if _NUMBER.fullmatch(plain) is None:
        plain = _ungrouped(word, "," if comma else ".")
    return Decimal(plain)


def _ungrouped(word: str, mark: str) -> str:
    """A number with grouped thousands, plain; `mark` stands before its decimals."""
    found = _GROUPED.fullmatch(word)
    if found is None or found[4] not in (None, mark) or found[2] == mark:
        raise BadValueError(_no_number(word, mark))
    if found[2] in ".," and found[4] is None and len(found[3]) == 3:
        plain = found[1] + found[3]
        remedy = f"write `{plain}` or `{word.replace(found[2], mark)}`"
        if mark == ".":
            remedy = f"write `{plain}`, or say `--decimal comma`"
        raise BadValueError(f"`{word}` may be two numbers; {remedy}")
    whole = found[1] + "".join(filter(str.isdigit, found[3]))
    return whole if found[5] is None else f"{whole}.{found[5]}"


def _no_number(word: str, mark: str) -> str:
    if _SHORTENED.fullmatch(word):
        return _shortened(word)
    if mark == "." and _NUMBER.fullmatch(word.replace(",", ".", 1)):
        return f"`{word[:40]}` is no number; write a point, or say `--decimal comma`"
    return f"`{word[:40]}` is no number; write for example `12{mark}50`"


def number(raw: Any, comma: bool = False) -> int | float | None:
    """A number as JSON keeps it on both databases: at most 15 digits, so that none is lost."""
    found = decimal(raw, comma)
    if found is None:
        return None
    if found == found.to_integral_value():
        return int(found)
    if len(found.normalize().as_tuple().digits) > 15:
        raise BadValueError("has more than 15 digits")
    return float(found)


def amount(raw: Any, comma: bool = False) -> Decimal | None:
    """An exact amount with at most four decimals, below 10^12."""
    found = decimal(raw, comma)
    if found is None:
        return None
    if found != found.quantize(Decimal(1) / MONEY_SCALE):
        raise BadValueError("has more than four decimals")
    if abs(found) >= 10**12:
        raise BadValueError("is too large: below 1,000,000,000,000")
    return found


def money(raw: Any, comma: bool = False) -> int | None:
    """An amount as attributes keep it: an integer, ten-thousandths."""
    found = amount(raw, comma)
    return None if found is None else int(found * MONEY_SCALE)


def _date(word: str, order: str | None) -> date | None:
    """A date in ISO form, or in the given order of day and month; None when it is neither."""
    found = _ISO_DATE.fullmatch(word)
    if found is not None:
        return date(int(found[1]), int(found[2]), int(found[3]))
    found = _LOCAL_DATE.fullmatch(word)
    if found is None or found[4] is not None or order is None:
        return None
    day, month = (2, 1) if order == "mdy" else (1, 2)
    return date(int(found[3]), int(found[month]), int(found[day]))


def day(raw: Any, order: str | None = None) -> str | None:
    """A date as attributes keep it: YYYY-MM-DD."""
    word = clean(raw)
    if not word:
        return None
    try:
        found = _date(word, order)
    except ValueError as error:
        raise BadValueError(f"`{word[:40]}` is no date: {error}") from None
    if found is None:
        raise BadValueError(_no_date(word, order))
    return found.isoformat()


def _no_date(word: str, order: str | None) -> str:
    if _SHORT_YEAR.fullmatch(word):
        return f"`{word[:40]}` is no date: its year has two digits; write YYYY-MM-DD"
    if order is None and _LOCAL_DATE.fullmatch(word):
        return f"`{word[:40]}` may be two dates; write YYYY-MM-DD, or say `--dates dmy` or `mdy`"
    return f"`{word[:40]}` is no date; write YYYY-MM-DD"


def instant(raw: Any, zone: ZoneInfo, order: str | None = None) -> datetime | None:
    """An instant, aware UTC; without an offset it is company time, a date is its midnight there."""
    word = clean(raw)
    if not word:
        return None
    try:
        found = _instant(word, order)
        if found is None:
            raise BadValueError(_no_date(word, order).replace("no date;", "no date or time;"))
        at = found.replace(tzinfo=zone) if found.tzinfo is None else found
        at = at.astimezone(UTC)
    except BadValueError:
        raise
    except (ValueError, OverflowError) as error:
        raise BadValueError(f"`{word[:40]}` is no date or time: {error}") from None
    if not 1850 <= at.year <= 2200:
        raise BadValueError(f"`{word[:40]}` is too far away: years from 1850 to 2200")
    return at


def end(raw: Any, zone: ZoneInfo, order: str | None = None) -> datetime | None:
    """As `instant`; but a date is its last moment, the midnight after it in company time."""
    at = instant(raw, zone, order)
    if at is None or _date(clean(raw), order) is None:
        return at
    next_day = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(next_day, time(0), zone).astimezone(UTC)


def _instant(word: str, order: str | None) -> datetime | None:
    if _ISO_DATETIME.fullmatch(word):
        return datetime.fromisoformat(word.replace(",", ".").replace(" ", "T", 1).replace(" ", ""))
    local = _LOCAL_DATE.fullmatch(word)
    if local is None or local[4] is None:
        found = _date(word, order)
        return None if found is None else datetime(found.year, found.month, found.day)  # noqa: DTZ001
    found = _date("/".join(local.group(1, 2, 3)), order)
    if found is None:
        return None
    hour, _, rest = local[4].partition(":")
    return datetime.fromisoformat(f"{found}T{_hour(hour, local[5])}:{rest}")


def _hour(hour: str, half: str | None) -> str:
    """The hour of 24, two digits; `half` is the a of a.m., the p of p.m., or nothing."""
    if half is None:
        return f"{hour:0>2}"
    if not 1 <= int(hour) <= 12:
        raise ValueError("hour must be in 1..12 before a.m. or p.m.")
    return f"{int(hour) % 12 + (12 if half in 'pP' else 0):02}"


def moment(raw: Any, zone: ZoneInfo, order: str | None = None) -> str | None:
    """An instant as attributes keep it: UTC, YYYY-MM-DDTHH:MM:SS.ffffffZ."""
    at = instant(raw, zone, order)
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
