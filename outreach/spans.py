"""Spans of time as people write them: `7 days`, `36 hours`, `21:00-08:00`, `calendar week`."""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"(\d+)\s+(second|minute|hour|day|week)s?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


class PerKind(StrEnum):
    """How the window of a cap is measured."""

    DAYS = "days"  # the customer's own dates: today and the n − 1 before
    SECONDS = "seconds"  # to the second, back from the instant
    DAY = "calendar day"  # from local midnight
    WEEK = "calendar week"  # from local Monday
    MONTH = "calendar month"  # from the local 1st


@dataclass(frozen=True, slots=True)
class Per:
    """The window of a cap; `length` is days or seconds, 1 for calendar windows."""

    kind: PerKind
    length: int = 1

    def __str__(self) -> str:
        if self.kind is PerKind.DAYS:
            return _counted(self.length, "day")
        if self.kind is PerKind.SECONDS:
            units = ("hour", "minute", "second")  # 24 hours are no day: that is the customer's own
            unit = next(each for each in units if self.length % _UNITS[each] == 0)
            return _counted(self.length // _UNITS[unit], unit)
        return self.kind.value


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many touches per window, over all channels and topics unless named."""

    at_most: int
    per: Per
    channel: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A wall-clock span: includes its start, not its end; may cross midnight; equal ends: all day."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether the wall-clock time is inside."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        if self.start == self.end:
            return "all day"
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


ALL_DAY = DaySpan(time(0), time(0))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is sent; `days` are the weekdays (Monday 0) on which a span begins, None all."""

    span: DaySpan
    country: str | None = None
    channel: str | None = None
    days: frozenset[int] | None = None

    def holds(self, channel: str) -> bool:
        """Whether a channel is quiet then: a rule without one holds for all messages.

        A task is none: staff ring when they are at work, so only a rule that names `task` holds it.
        """
        return self.channel == channel or (self.channel is None and channel != "task")

    def __str__(self) -> str:
        where = f" in {self.country}" if self.country else ""
        return f"{self.span}{where}" + (f" for {self.channel}" if self.channel else "")


def parse_span(text: str) -> timedelta:
    """`90 minutes`, `2 weeks` … as a timedelta; ValueError says what is wrong."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or int(match[1]) > 100_000:
        raise ValueError(f"`{text}` is no span; write for example `36 hours` or `7 days`")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def in_words(span: timedelta) -> str:
    """`30 days`, `1 hour`, `90 minutes`: in the largest unit of which it is a whole number."""
    for unit in ("day", "hour", "minute"):
        many, rest = divmod(span, timedelta(seconds=_UNITS[unit]))
        if not rest:
            return _counted(many, unit)
    return f"{span.total_seconds():,.0f} seconds"


def _counted(many: int, unit: str) -> str:
    return f"{many:,} {unit}{'s' * (many != 1)}"


def parse_per(text: str) -> Per:
    """The window of a cap; weeks and days count the customer's dates, the rest seconds."""
    text = " ".join(text.split())
    if text in (PerKind.DAY, PerKind.WEEK, PerKind.MONTH):
        return Per(PerKind(text))
    match = _SPAN.fullmatch(text)
    if match is None or not 0 < int(match[1]) * _UNITS[match[2]] <= 366 * 86_400:
        raise ValueError(
            f"`{text}` is no window; write `7 days`, `36 hours`, `calendar day`, `calendar week` "
            "or `calendar month`"
        )
    seconds = int(match[1]) * _UNITS[match[2]]
    if match[2] in ("day", "week"):
        return Per(PerKind.DAYS, seconds // 86_400)
    return Per(PerKind.SECONDS, seconds)


def parse_clock(text: str) -> time:
    """`HH:MM` as a time."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is no time of day; write for example `09:00`")
    return time(int(match[1]), int(match[2]))


def parse_day_span(text: str) -> DaySpan:
    """`21:00-08:00` or `all_day` as a wall-clock span."""
    if text.strip() == "all_day":
        return ALL_DAY
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"`{text}` is no span of the day; write for example `21:00-08:00`")
    span = DaySpan(parse_clock(start), parse_clock(end) if end.strip() != "24:00" else time(0))
    if span.start == span.end and text.strip() != "00:00-24:00":
        raise ValueError(f"`{text}` is empty; write `all_day` for the whole day")
    return span
