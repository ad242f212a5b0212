"""A day that comes back each year, of a year that nobody knows."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from babel import dates

_LEAP_YEAR = 2000  # has every day; it is never printed
_QUOTED = re.compile(r"'[^']*'")  # plain words in a CLDR pattern


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A month and a day; as in a date `year` can be asked for, and is none."""

    month: int
    day: int

    @property
    def year(self) -> None:
        """Not known."""
        return None

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"


def read_day(text: str) -> date | MonthDay:
    """A day as the database keeps it, YYYY-MM-DD or MM-DD; ValueError where it is neither."""
    if len(text) != len("MM-DD"):
        return date.fromisoformat(text)
    day = date.fromisoformat(f"{_LEAP_YEAR}-{text}")
    return MonthDay(day.month, day.day)


def format_month_day(day: MonthDay, pattern: str, locale: Any) -> str:
    """Day and month as the pattern asks; where it asks for more, as the language writes them."""
    at = datetime(_LEAP_YEAR, day.month, day.day, tzinfo=UTC)
    asked = set(filter(str.isalpha, _QUOTED.sub("", pattern)))
    if asked and asked <= set("dML"):
        return dates.format_date(at, pattern, locale=locale)
    skeleton = {"short": "Md", "medium": "MMMd"}.get(pattern, "MMMMd")
    return dates.format_skeleton(skeleton, at, locale=locale)
