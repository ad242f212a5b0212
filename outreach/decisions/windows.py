"""The window of a cap around an instant, in a customer's own dates."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.decisions.opening import instants_of
from outreach.spans import Per, PerKind

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)  # instants are kept to the microsecond


@dataclass(frozen=True, slots=True)
class Window:
    """Touches in [back_at, ahead_at) stand in one window with the instant asked about.

    What lies ahead of the instant can only be open messages, which reserve a slot.
    """

    back_at: datetime
    ahead_at: datetime


def window(per: Per, at: datetime, zone: ZoneInfo) -> Window:
    """The window of one cap for a message that leaves at `at`."""
    if per.kind is PerKind.SECONDS:
        span = timedelta(seconds=per.length)
        return Window(at - span + TICK, at + span)
    day = at.astimezone(zone).date()
    first, after_last = _dates(per, day)
    return Window(midnight(first, zone), midnight(after_last, zone))


def _dates(per: Per, day: date) -> tuple[date, date]:
    """First date that counts and first that does not; rolling days look both ways."""
    if per.kind is PerKind.DAYS:
        return day - DAY * (per.length - 1), day + DAY * per.length
    if per.kind is PerKind.DAY:
        return day, day + DAY
    if per.kind is PerKind.WEEK:
        monday = day - DAY * day.weekday()
        return monday, monday + DAY * 7
    first = day.replace(day=1)
    return first, (first + DAY * 31).replace(day=1)


def leaves_at(per: Per, touched_at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which a touch no longer counts."""
    if per.kind is PerKind.SECONDS:
        return touched_at + timedelta(seconds=per.length)
    day = touched_at.astimezone(zone).date()
    if per.kind is PerKind.DAYS:
        return midnight(day + DAY * per.length, zone)
    return midnight(_dates(per, day)[1], zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins."""
    return instants_of(datetime.combine(day, time(0)), zone)[0]
