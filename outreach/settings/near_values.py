"""Values as many people write them, put into the form that is read: `9:00-20:00`, `two weeks`."""

import re
from datetime import datetime

from outreach.documents import RefusalError

_CURLY = "“”„‟«»‘’‚‛"
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "a an one ein eine einen einem",
            "two zwei",
            "three drei",
            "four vier",
            "five fünf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
            "ten zehn",
        ),
        1,
    )
    for word in words.split()
}
_UNITS = {
    word: unit
    for unit, words in {
        "minute": "min mins minute minutes minuten",
        "hour": "h hr hrs hour hours stunde stunden",
        "day": "d day days tag tage tagen",
        "week": "w wk wks week weeks woche wochen",
    }.items()
    for word in words.split()
}
_LONG = {  # days: what has no fixed length is never read, only told
    word: days
    for days, words in {
        30: "month months monat monate monaten",
        90: "quarter quarters quartal quartale",
        365: "year years yr yrs jahr jahre jahren",
    }.items()
    for word in words.split()
}
MOST_OF_WINDOW = 366  # days
_SPAN = re.compile(r"(\d{1,5}|[^\W\d]+)[\s-]*([^\W\d]+)")
_CLOCK = r"(\d{1,2})(?:[:.h](\d\d))?\s*(am|pm|uhr)?"
_CLOCK_ALONE = re.compile(_CLOCK, re.IGNORECASE)
_HOURS = re.compile(rf"{_CLOCK}\s*(?:-|–|—|to|bis|until)\s*{_CLOCK}", re.IGNORECASE)
_TIME = rf"(?:[ ,T]+(?:at |um )?{_CLOCK})?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}){_TIME}", re.IGNORECASE)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-./](\d{{1,2}})[-./](\d{{1,2}}){_TIME}", re.IGNORECASE)


def near_span(text: str) -> str:
    """`two weeks` as `14 days`, `1 month` as `30 days`; empty when it can not be told."""
    word = text.strip().lower()
    if days := _long_days(word):
        return f"{days} days"
    match = _SPAN.fullmatch(word)
    if match is None:
        return ""
    number = _number(match[1])
    unit = _UNITS.get(match[2], "")
    if not number or not unit:
        return ""
    number, unit = (number * 7, "day") if unit == "week" else (number, unit)
    return f"{number} {unit}{'s' * (number != 1)}"


def near_window(text: str) -> str:
    """`month` as `calendar month`, `3 months` as `90 days`, `quarter` as `90 days`, else a span."""
    word = text.strip().lower().removeprefix("per ").removeprefix("calendar ").strip()
    if word in ("day", "week", "month"):
        return f"calendar {word}"
    days = _long_days(word)
    return near_span(word) if days <= MOST_OF_WINDOW else f"{MOST_OF_WINDOW} days"


def windows_meant(text: str) -> str:
    """The same of a limit: one month is meant as so many days, or as one of the calendar."""
    meant = near_window(text)
    is_a_month = meant == "30 days" and _long_days(text.strip().lower()) > 0
    return f"{meant}`, or `calendar month" if is_a_month else meant


def near_days(text: str) -> str:
    """The same where the calendar's own day, week or month has no meaning: `month` as `30 days`."""
    meant = near_window(text)
    return {"calendar day": "1 day", "calendar week": "7 days", "calendar month": "30 days"}.get(
        meant, meant
    )


def _long_days(word: str) -> int:
    """How many days so many months, quarters or years are, about; 0: it is none of these."""
    match = None if word in _LONG else _SPAN.fullmatch(word)
    number, unit = (1, word) if match is None else (_number(match[1]), match[2])
    return _LONG.get(unit, 0) * number


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _NUMBERS.get(text, 0)


def near_hours(text: str) -> str:
    """`9:00-20:00`, `9 to 20` or `9am-8pm` as `09:00-20:00`; empty when it can not be told."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        return ""
    start, end = _clock(*match.groups()[:3]), _clock(*match.groups()[3:])
    return f"{start}-{end}" if start and end else ""


def near_clock(text: str) -> str:
    """`9:00`, `9am` or `9 Uhr` as `09:00`; empty when it can not be told."""
    match = _CLOCK_ALONE.fullmatch(text.strip())
    return _clock(*match.groups()) if match else ""


def near_moment(text: str, *, with_time: bool = True) -> str:
    """`1.12.2026 9:00` as `2026-12-01T09:00`; a day alone is at nine. Empty when it can not be
    told, as of `1/2/2026`, which is read in two ways."""
    text = text.strip()
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()[:3]
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.groups()[:3]
    else:
        return ""
    clock = _clock(*match.groups()[3:]) if match[4] else "09:00"
    try:
        moment = datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}")
    except ValueError:
        return ""
    return moment.isoformat(timespec="minutes") if with_time else moment.date().isoformat()


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    number, half = int(hour), (half or "").lower()
    if half in ("am", "pm") and 1 <= number <= 12:
        number = number % 12 + (12 if half == "pm" else 0)
    fits = number < 24 or (number == 24 and int(minute or 0) == 0)
    return f"{number:02}:{minute or '00'}" if fits and int(minute or 0) < 60 else ""


def plain_text(text: str) -> str:
    """A value without blanks around it; RefusalError where Word's quotes stand around it."""
    text = text.strip()
    if text and (text[0] in _CURLY or text[-1] in _CURLY):
        shown = text if len(text) < 40 else f"{text[:40]} …"
        message = f"`{shown}` has quotes that can not be read"
        raise RefusalError(message, f'type straight quotes: `"{text.strip(_CURLY)}"`')
    return text
