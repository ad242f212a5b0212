"""What comes back by the calendar: every so many days, weeks or months; a day of the customer's own."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
LAST = -1  # of the weekdays of a month
LEAP_DAY = "02-29"


class Unit(StrEnum):
    """What `every` counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Every:
    """Each `step`-th day, week or month at a time of day.

    Weeks and months are counted from the one that holds `first`, days from `first` itself, and
    nothing comes before it; without it weeks and months are those of any calendar (`step` 1, or
    3 for the quarters of a year).
    """

    unit: Unit
    at: time
    step: int = 1
    weekday: int | None = None  # Monday 0
    day: int | None = None  # of the month; its last where it has no such day
    nth: int | None = None  # which such weekday of the month, 1 to 4 or LAST
    first: date | None = None

    def locals_from(self, begin: datetime) -> Iterator[datetime]:
        """The wall-clock times from `begin` (naive) on, in order, without end."""
        after = begin.date() if self.first is None else max(begin.date(), self.first)
        for day in self._days(after):
            local = datetime.combine(day, self.at)
            if day >= after and local >= begin:
                yield local

    def _days(self, after: date) -> Iterator[date]:
        """Days in order, some before `after` perhaps."""
        if self.unit is Unit.MONTH:
            yield from self._of_months(after)
            return
        length = self.step * (7 if self.unit is Unit.WEEK else 1)
        start = self.first or after
        if self.unit is Unit.WEEK:
            start += (self.weekday or 0) * DAY - start.weekday() * DAY
        day = start + (after - start) // DAY // length * length * DAY
        while day.year < date.max.year:
            yield day
            day += length * DAY

    def _of_months(self, after: date) -> Iterator[date]:
        origin = 0 if self.first is None else _month_number(self.first)
        number = _month_number(after)
        number -= (number - origin) % self.step
        while number // 12 < date.max.year:
            yield self._in_month(*divmod(number, 12))
            number += self.step

    def _in_month(self, year: int, month: int) -> date:
        """The day in a month; `month` counts from 0."""
        first_weekday, length = calendar.monthrange(year, month + 1)
        if self.weekday is None:
            return date(year, month + 1, min(self.day or 1, length))
        day = 1 + (self.weekday - first_weekday) % 7
        if self.nth == LAST:
            day += (length - day) // 7 * 7
        else:
            day += 7 * ((self.nth or 1) - 1)
        return date(year, month + 1, day)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


class LeapDay(StrEnum):
    """Which day 29 February is in a year that has none."""

    FEB_28 = "feb-28"
    MAR_1 = "mar-1"
    SKIP = "skip"  # none: it comes in leap years only


@dataclass(frozen=True, slots=True)
class Falling:
    """Which of customers' days fall on a day: YYYY-MM-DD, and MM-DD of one that has no day of its
    own in that year (29 February), else of the same.
    """

    on: str
    also: str

    @property
    def month_days(self) -> frozenset[str]:
        """What such a day ends with."""
        return frozenset({self.on[5:], self.also})


@dataclass(frozen=True, slots=True)
class OnDate:
    """A day of the customer's own that starts a message, so many days before or after it."""

    field: str  # birthday, an attribute of the type date, or the name of a date
    yearly: bool
    at: time
    offset_days: int = 0  # before it where negative
    leap_day: LeapDay = LeapDay.FEB_28

    def falling(self, day: date) -> Falling:
        """Whose message comes on a day: those whose date falls so many days before or after it."""
        on = day - self.offset_days * DAY
        also = f"{on:%m-%d}"
        if self.yearly and not calendar.isleap(on.year) and also == _STANDS_IN.get(self.leap_day):
            also = LEAP_DAY
        return Falling(on.isoformat(), also)


_STANDS_IN = {LeapDay.FEB_28: "02-28", LeapDay.MAR_1: "03-01"}
