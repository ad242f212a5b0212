"""Public holidays and workdays by country, as the `holidays` package knows them.

Of a country as a whole: what is a holiday in some of its regions alone is none here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

DAY = timedelta(days=1)
_ENGLISH = "en_US"
_YEARS = range(1, 9999)


class Holidays(StrEnum):
    """What a public holiday of the customer's country does to a message."""

    IGNORE = "ignore"  # nothing
    SKIP = "skip"  # it is left out
    NEXT_WORKDAY = "next_workday"  # it waits for the next day on which people work


@dataclass(frozen=True, slots=True)
class _Year:
    """One year of a country: its holidays by their names, and every day on which nobody works."""

    named: Mapping[date, str]
    off: frozenset[date]


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The days on which one country's holidays stand in the way of a message."""

    mode: Holidays
    country: str

    def named(self, day: date) -> str:
        """The holiday that is in the way on a day; "" for none."""
        found = holiday_on(self.country, day)
        if found or self.mode is not Holidays.NEXT_WORKDAY or not is_day_off(self.country, day):
            return found
        return _near(self.country, day, -DAY)  # no workday yet: the weekend after a holiday


@lru_cache(maxsize=65536)
def holiday_on(country: str, day: date) -> str:
    """The public holiday that a day belongs to; "" for none.

    A weekend between two holidays is one: Easter's, those of China's golden weeks.
    """
    year = _year(country, day.year)
    if day in year.named or day not in year.off:
        return year.named.get(day, "")
    return _near(country, day, -DAY) if _near(country, day, DAY) else ""


def is_day_off(country: str, day: date) -> bool:
    """Whether it is a holiday or a weekend, and no weekend day that is worked to make up for one."""
    return day in _year(country, day.year).off


def _near(country: str, day: date, step: timedelta) -> str:
    """The holiday before (or after) the days off around a day; "" where a workday comes first."""
    while is_day_off(country, day):
        if name := _year(country, day.year).named.get(day):
            return name
        day += step
    return ""


@lru_cache(maxsize=1024)
def _year(country: str, year: int) -> _Year:
    import holidays  # a quarter of a second, and most campaigns ask for none

    if country not in holidays.list_supported_countries() or year not in _YEARS:
        return _Year(MappingProxyType({}), frozenset())
    kind = getattr(holidays, country)
    english = _ENGLISH if _ENGLISH in kind.supported_languages else None
    found = kind(years=year, language=english, expand=False)
    first = date(year, 1, 1)
    days = (first + number * DAY for number in range((date(year + 1, 1, 1) - first).days))
    off = frozenset(day for day in days if not found.is_working_day(day))
    return _Year(MappingProxyType({day: found[day] for day in off if day in found}), off)
