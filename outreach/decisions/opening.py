"""The first instant at which holidays, window, weekdays and quiet hours all let a message leave."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from outreach.campaign.model import Schedule
from outreach.campaign.public_holidays import DaysOff, Holidays
from outreach.spans import ALL_DAY, DaySpan, QuietHours
from outreach.vocabulary import Reason

DAY = timedelta(days=1)
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Opening:
    """When a message asked for at one instant may leave; `opens_at` None: not before the limit."""

    opens_at: datetime | None
    why: Reason | None  # the rule in the way at the instant asked; None: it may leave at once
    stays_until: datetime  # before this instant the same question has the same kind of answer


@dataclass(frozen=True, slots=True)
class Hours:
    """What the wall clock allows for one channel and country."""

    window: DaySpan | None
    days: frozenset[int] | None
    starts: date | None
    ends: date | None
    quiet: tuple[QuietHours, ...]
    off: DaysOff | None = None  # None: holidays make no difference

    def in_the_way(self, local: datetime) -> Reason | None:
        """The first rule that forbids this naive wall-clock instant."""
        if self.holiday(local):
            return Reason.HOLIDAY
        if self.outside_of(local) is not None:
            return Reason.OUTSIDE_WINDOW
        if self.quiet_at(local) is not None:
            return Reason.QUIET_HOURS
        return None

    def quiet_at(self, local: datetime) -> QuietHours | None:
        """The first of the quiet hours that hold at this naive wall-clock instant."""
        return next((rule for rule in self.quiet if _is_quiet(rule, local)), None)

    def holiday(self, local: datetime) -> str:
        """The holiday in the way on this wall clock's day; "" for none."""
        return "" if self.off is None else self.off.named(local.date())

    @property
    def skips_holidays(self) -> bool:
        """Whether a message that comes up on a holiday is left out, not put off."""
        return self.off is not None and self.off.mode is Holidays.SKIP

    def outside_of(self, local: datetime) -> str | None:
        """The key of `schedule` that this naive wall-clock instant is outside of; None: of none."""
        day = local.date()
        if self.ends is not None and day > self.ends:
            return "ends"
        if self.starts is not None and day < self.starts:
            return "starts"
        if self.days is not None and local.weekday() not in self.days:
            return "days"
        if self.window is not None and not self.window.holds(local.time()):
            return "window"
        return None

    def boundaries(self) -> frozenset[time]:
        """Times of day at which the answer may change; midnight always."""
        spans = [rule.span for rule in self.quiet] + ([self.window] if self.window else [])
        return frozenset({MIDNIGHT} | {edge for span in spans for edge in (span.start, span.end)})


def _is_quiet(rule: QuietHours, local: datetime) -> bool:
    """Whether a rule's span holds; `days` name the weekday on which the span begins."""
    if not rule.span.holds(local.time()):
        return False
    crossed = rule.span != ALL_DAY and rule.span.start > rule.span.end
    began = local - DAY if crossed and local.time() < rule.span.end else local
    return rule.days is None or began.weekday() in rule.days


def hours_for(
    schedule: Schedule, quiet: Iterable[QuietHours], channel: str, country: str, home: str
) -> Hours:
    """The hours of one campaign for one channel and country; rules without either hold for all.

    Where no country is known, holidays are those of `home`, the company's.
    """
    rules = tuple(rule for rule in quiet if rule.holds(channel) and rule.country in (None, country))
    asked = schedule.holidays is not Holidays.IGNORE
    off = DaysOff(schedule.holidays, country or home) if asked else None
    return Hours(schedule.window, schedule.days, schedule.starts, schedule.ends, rules, off)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name."""
    return ZoneInfo(name)


def instants_of(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The UTC instants that show this naive wall-clock time: one, or two on fall-back.

    A time that DST skips gives the first instant after the gap.
    """
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if early == late:
        return (early,)
    if early < late:
        return (early, late)
    return (_gap_end(late, early, zone),)  # in a gap the two folds stand the other way round


def _gap_end(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def opening(
    hours: Hours,
    zones: Sequence[str],
    asked_at: datetime,
    limit_at: datetime,
    *,
    is_put_off: bool = False,
) -> Opening:
    """When a message may leave if every one of `zones` must allow it, from `asked_at` to `limit_at`.

    An opening at the limit itself is none: nothing opened then could leave before it is over.
    Where holidays are skipped there is none for what is asked for on one, unless something else
    has put it off until then (`is_put_off`), nor where the first hour otherwise open is on one.
    """
    named = [zone_of(name) for name in zones]
    why = _in_the_way(hours, named, asked_at)
    changes = _changes(hours, named, asked_at, max(limit_at, asked_at + DAY) + DAY)
    if why is None:
        return Opening(asked_at, None, next(changes))
    first: datetime | None = None
    is_over = why is Reason.HOLIDAY and hours.skips_holidays
    if is_over and is_put_off:
        is_over = _is_open_but_for_holidays(hours, named, asked_at)
    for at in changes:
        first = first or at
        if is_over or at >= limit_at:
            break
        found = _in_the_way(hours, named, at)
        if found is None:
            return Opening(at, why, first)
        if hours.skips_holidays and _is_open_but_for_holidays(hours, named, at):
            return Opening(None, found, first)
    return Opening(None, why, first or asked_at)


def _is_open_but_for_holidays(hours: Hours, zones: Sequence[ZoneInfo], at: datetime) -> bool:
    """Whether nothing else is in the way of a message."""
    return _in_the_way(replace(hours, off=None), zones, at) is None


def _in_the_way(hours: Hours, zones: Sequence[ZoneInfo], at: datetime) -> Reason | None:
    found = {hours.in_the_way(at.astimezone(zone).replace(tzinfo=None)) for zone in zones}
    for reason in (Reason.HOLIDAY, Reason.OUTSIDE_WINDOW, Reason.QUIET_HOURS):
        if reason in found:
            return reason
    return None


def _changes(
    hours: Hours, zones: Sequence[ZoneInfo], after: datetime, until: datetime
) -> Iterator[datetime]:
    """Instants after `after` at which the answer may change, in order, one past `until` at the end."""
    edges = sorted(hours.boundaries())
    day = after
    while day <= until:
        found: set[datetime] = set()
        for zone in zones:
            local_day = day.astimezone(zone).date()
            for near in (local_day - DAY, local_day, local_day + DAY):
                for edge in edges:
                    found.update(instants_of(datetime.combine(near, edge), zone))
                found.update(_clock_changes(near, zone))
        yield from sorted(at for at in found if day < at <= day + DAY)
        day += DAY
    yield day


@lru_cache(maxsize=65536)
def _clock_changes(day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants of that local day at which the zone's offset changes."""
    start = datetime.combine(day, MIDNIGHT, UTC) - timedelta(hours=14)
    end = start + timedelta(hours=52)
    if start.astimezone(zone).utcoffset() == end.astimezone(zone).utcoffset():
        return ()
    before, after = start, end
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == start.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return (after.replace(microsecond=0),)
