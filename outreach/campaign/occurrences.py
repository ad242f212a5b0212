"""The planned instants of a schedule."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from outreach.campaign.feasts import OnHoliday
from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.returning import Every, Unit

CUSTOMER = "customer"
EARLIEST_OFFSET = timedelta(hours=14)  # Pacific/Kiritimati sees any local time first
_FIRST = datetime(2, 1, 1, tzinfo=UTC)  # nearer to the ends of Python's calendar an instant can
_LAST = datetime(9900, 1, 1, tzinfo=UTC)  # not change zones; CronSim looks 50 years ahead
_SECOND = timedelta(seconds=1)
_YEAR = (datetime(2024, 1, 1), datetime(2025, 1, 1))  # noqa: DTZ001 - wall clocks; has every fifth weekday
_CRON_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")  # as cron counts them


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One planned instant of a campaign.

    With `timezone: customer` it is one local time for everyone: `local` is that wall-clock time
    (naive), `instant_at` when the first zone on earth sees it. Otherwise `local` is None.
    """

    instant_at: datetime  # aware UTC
    local: datetime | None = None


def occurrences(
    schedule: Schedule, company_zone: str, after: datetime, until: datetime
) -> Iterator[Occurrence]:
    """Every occurrence whose instant is later than `after` and not later than `until`, in order.

    In a fixed zone, local times that fall into the same gap of its clock are one occurrence, and
    a local time that comes twice is the first. `starts` and `ends` are dates of the schedule's
    clock; of `company_zone` where an `at` brings its own offset.
    """
    after, until = max(after, _FIRST), min(until, _LAST)
    if after >= until:
        return
    if schedule.at is not None:
        day = schedule.at.astimezone(ZoneInfo(company_zone)).date()
        if after < schedule.at <= until and _in_season(schedule, day):
            yield Occurrence(schedule.at.astimezone(UTC))
        return
    zone = None if schedule.timezone == CUSTOMER else ZoneInfo(schedule.timezone)
    last: datetime | None = None
    for local in _locals(schedule, _wall_clock(after, zone)):
        if zone is None:
            at = local.replace(tzinfo=UTC) - EARLIEST_OFFSET
        else:
            at = instant_in(local, zone)
        if at > until:
            return
        if at > after and at != last:
            last = at
            yield Occurrence(at, local if zone is None else None)


def next_occurrence(schedule: Schedule, company_zone: str, after: datetime) -> Occurrence | None:
    """The first occurrence later than `after`; None when there is none any more."""
    return next(occurrences(schedule, company_zone, after, _LAST), None)


def weekdays_of(field: str) -> frozenset[int]:
    """The days of the week, Monday 0, on which a cron with this last field alone may come."""
    first, end = _YEAR
    days = CronSim(f"0 0 * * {field}", first - _SECOND)
    return frozenset(at.weekday() for at in takewhile(lambda at: at < end, days))


def cron_weekdays(days: Collection[int]) -> str:
    """Days of the week, Monday 0, as a cron names them: `MON-SAT`, `SUN,TUE`."""
    numbers = sorted((day + 1) % 7 for day in days)
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        names = [_CRON_NAMES[number] for number in run]
        parts += names if len(names) < 3 else [f"{names[0]}-{names[-1]}"]
    return ",".join(parts)


def instant_in(local: datetime, zone: str | ZoneInfo) -> datetime:
    """The instant (aware UTC) at which a zone's clock shows the naive time `local`.

    The first of two where the clock is put back; the first after the gap where it is put
    forward over `local`.
    """
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    return _end_of_gap(local.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def _end_of_gap(before: datetime, behind: datetime, zone: ZoneInfo) -> datetime:
    """Where between the two instants the zone's offset changes, to the second."""
    offset = before.astimezone(zone).utcoffset()
    before, behind = before.replace(microsecond=0), behind.replace(microsecond=0)
    while behind - before > _SECOND:
        middle = before + (behind - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind


def _wall_clock(at: datetime, zone: ZoneInfo | None) -> datetime:
    """The naive time that the schedule's clock shows: of the first zone on earth for None."""
    if zone is None:
        return (at + EARLIEST_OFFSET).replace(tzinfo=None)
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _locals(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Local times of a schedule from `after` on, naive, in order."""
    if schedule.at_local is not None:
        if _in_season(schedule, schedule.at_local.date()):
            yield schedule.at_local
        return
    begin = after.replace(second=0, microsecond=0)
    if schedule.starts is not None:
        begin = max(begin, datetime.combine(schedule.starts, time()))
    for local in _coming(schedule, begin):
        if schedule.ends is not None and local.date() > schedule.ends:
            return
        yield local


def _coming(schedule: Schedule, begin: datetime) -> Iterator[datetime]:
    """Local times from `begin` on, whole minutes, without end where there are any."""
    if schedule.kind is ScheduleKind.CRON:
        # CronSim gives what comes after its start. It walks a naive clock, which no zone disturbs.
        return CronSim(schedule.cron, begin - _SECOND)
    if schedule.every is not None:
        return schedule.every.locals_from(begin)
    if schedule.on_date is not None:
        return Every(Unit.DAY, schedule.on_date.at).locals_from(begin)
    if schedule.on_holiday is not None:
        return _of_feast(schedule.on_holiday, begin)
    return iter(())


def _of_feast(feast: OnHoliday, begin: datetime) -> Iterator[datetime]:
    found = (datetime.combine(day, feast.at) for day in feast.days_from(begin.date()))
    return (local for local in found if local >= begin)


def _in_season(schedule: Schedule, day: date) -> bool:
    return (schedule.starts is None or schedule.starts <= day) and (
        schedule.ends is None or day <= schedule.ends
    )
