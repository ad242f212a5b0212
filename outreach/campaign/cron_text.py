"""A line of cron as it is written in a schedule."""

import re
from datetime import datetime

from cronsim import CronSim, CronSimError

from outreach.documents import RefusalError
from outreach.spans import WEEKDAYS

_WORD = re.compile(r"[^\W\d]+")
_CRON_DAYS = {
    "mo": "MON",
    "tu": "TUE",
    "di": "TUE",
    "we": "WED",
    "mi": "WED",
    "th": "THU",
    "do": "THU",
    "fr": "FRI",
    "sa": "SAT",
    "su": "SUN",
    "so": "SUN",
}
_CRON_WORDS = {
    **dict.fromkeys(("daily", "day", "täglich"), "0 10 * * *"),
    **dict.fromkeys(("weekly", "week"), "0 10 * * MON"),
    **dict.fromkeys(("monthly", "month"), "0 10 1 * *"),
    **dict.fromkeys(("weekday", "workday", "working day"), "0 10 * * MON-FRI"),
    **{day: f"0 10 * * {day[:3].upper()}" for day in WEEKDAYS},
}
CLOCK_ALONE = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_SPAN = re.compile(r"(\w+)-(\w+)")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAY = 2  # where the day of the month stands
_CRON_FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")


def parse_cron(text: str) -> str:
    """Five fields of cron that come at least once: minute hour day-of-month month day-of-week."""
    fields = text.split()
    if len(fields) != 5 and (meant := in_words(text)):
        raise RefusalError(f"`{text}` is not how cron says it", f'write `cron: "{meant}"`')
    if len(fields) != 5:
        raise RefusalError(
            f"`{text}` has {len(fields)} field{'s' * (len(fields) != 1)}, cron has 5",
            'write minute, hour, day, month and weekday, for example "0 17 * * FRI"',
        )
    try:
        next(CronSim(text, datetime(2024, 1, 1)))  # noqa: DTZ001 - a wall clock has no zone
    except CronSimError as error:
        faulty = str(error).removeprefix("Bad ")
        number = _CRON_FIELDS.index(faulty)
        if number == _DAY and _is_cron(["0", "0", fields[_DAY], "1", "*"]):
            message = f"`{text}` never comes: there is no day `{fields[2]}` in month `{fields[3]}`"
            raise RefusalError(message, "name a day that exists") from None
        hint = _cron_with_days(fields) or _cron_around(fields) if number == 4 else ""
        hint = hint or 'write for example "0 17 * * FRI" for Fridays at 17:00'
        raise RefusalError(f"`{fields[number]}` is no {faulty} of cron", hint) from None
    except StopIteration:
        raise RefusalError(f"`{text}` never comes", "name a day that exists") from None
    return " ".join(fields)


def in_words(text: str) -> str:
    """`daily`, `every friday` or a time of day alone as a cron; empty when it is none of them."""
    word = text.lower().removeprefix("every").removeprefix("@").strip()
    if match := CLOCK_ALONE.fullmatch(word):
        return f"{int(match[2])} {int(match[1])} * * *"
    return _CRON_WORDS.get(word, _CRON_WORDS.get(word.removesuffix("s"), ""))


def _cron_with_days(fields: list[str]) -> str:
    """A hint with the days of the week as cron knows them; empty when they are no days."""
    days = _WORD.sub(lambda word: _CRON_DAYS.get(word[0].lower()[:2], word[0]), fields[4])
    if days == fields[4]:
        return ""
    meant = [*fields[:4], days]
    return f'write "{" ".join(meant)}"' if _is_cron(meant) else ""


def _cron_around(fields: list[str]) -> str:
    """A hint for days that go on past the last of cron's week, which begins on Sunday: `FRI-SUN`."""
    match = _SPAN.fullmatch(fields[4])
    if match is None:
        return ""
    first, last = (_number_of(each) for each in match.groups())
    if first is None or last is None:
        return ""
    days = [_DAYS[day % 7] for day in range(first, last + 8 if last < first else last + 1)]
    meant = [*fields[:4], ",".join(days)]
    return f'write "{" ".join(meant)}"' if _is_cron(meant) else ""


def _number_of(day: str) -> int | None:
    """A day of the week as cron counts them, Sunday first."""
    if day.isdecimal():
        return int(day) % 7 if int(day) <= 7 else None
    shown = day.upper()[:3]
    return _DAYS.index(shown) if shown in _DAYS else None


def _is_cron(fields: list[str]) -> bool:
    try:
        next(CronSim(" ".join(fields), datetime(2024, 1, 1)))  # noqa: DTZ001 - a wall clock
    except (CronSimError, StopIteration):
        return False
    return True
