"""What a wall clock says: windows and quiet hours read off one local time, and spans of dates."""

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from world import Customer, Touch, World, zones_of

from outreach.campaign.model import Schedule
from outreach.campaign.public_holidays import Holidays
from outreach.spans import DaySpan, Per, PerKind, QuietHours
from outreach.vocabulary import Reason


def in_the_way(world: World, customer: Customer, channel: str, at: datetime) -> Reason | None:
    """The rule of time that forbids this instant in any zone in which the customer may be."""
    topic = world.company.topics.get(world.campaign.topic)
    quiet = () if topic and topic.transactional and topic.urgent else world.company.quiet_hours
    rules = (q for q in quiet if q.country in (None, customer.country))
    theirs = tuple(q for q in rules if q.channel in (None, channel))
    off = () if _off_day(world, customer, at) is None else (Reason.HOLIDAY,)
    return next(
        iter(off),
        _forbids(world.campaign.schedule, theirs, zones_of(customer, world.company), at),
    )


def left_out(world: World, customer: Customer, channel: str) -> Reason | None:
    """A holiday that leaves the message out: it comes up on one, or all else lets it go on one."""
    for at in instants(world):
        if is_left_out(world, customer, channel, at):
            return Reason.HOLIDAY
        if in_the_way(world, customer, channel, at) is None:
            return None
    return None


def is_left_out(world: World, customer: Customer, channel: str, at: datetime) -> bool:
    """`holidays: skip`: it is one, and the message comes up now or could go but for that."""
    schedule = world.campaign.schedule
    if schedule.holidays is not Holidays.SKIP or _off_day(world, customer, at) is None:
        return False
    plain = replace(world.campaign, schedule=replace(schedule, holidays=Holidays.IGNORE))
    without = replace(world, campaign=plain)
    return at == world.asked_at or in_the_way(without, customer, channel, at) is None


def _off_day(world: World, customer: Customer, at: datetime) -> date | None:
    """The day on which a holiday forbids this instant in any zone in which the customer may be."""
    schedule, country = world.campaign.schedule, customer.country or world.company.brand.country
    if schedule.holidays is Holidays.IGNORE or not country:
        return None
    there = (at.astimezone(ZoneInfo(zone)).date() for zone in zones_of(customer, world.company))
    return next((day for day in there if _is_off(schedule.holidays, country, day)), None)


@lru_cache(maxsize=100_000)
def _is_off(mode: Holidays, country: str, day: date) -> bool:
    """A holiday; of a weekend one that follows a holiday, or lies between two, as `mode` says."""
    calendar = _calendar(country)
    if calendar.is_working_day(day):
        return False
    if day in calendar:
        return True
    before, after = day, day
    while not calendar.is_working_day(before) and before not in calendar:
        before -= timedelta(days=1)
    while not calendar.is_working_day(after) and after not in calendar:
        after += timedelta(days=1)
    follows = not calendar.is_working_day(before)
    return follows and (mode is Holidays.NEXT_WORKDAY or not calendar.is_working_day(after))


@lru_cache
def _calendar(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)


def instants(world: World) -> Iterator[datetime]:
    """The instant asked, each minute before `late`, and each at which a cap to the second frees."""
    start, end, minute = world.asked_at, world.late_at, timedelta(minutes=1)
    spans = {timedelta(seconds=c.per.length) for c in world.caps if c.per.kind is PerKind.SECONDS}
    frees = sorted(touch.at + span for touch in world.touches for span in spans)
    whole = start.replace(second=0, microsecond=0) + minute
    minutes = (whole + n * minute for n in range((end - start) // minute + 1))
    yield start
    yield from (at for at in heapq.merge(minutes, frees) if start < at < end)


@lru_cache(maxsize=100_000)
def _forbids(
    schedule: Schedule, quiet: tuple[QuietHours, ...], zones: tuple[str, ...], at: datetime
) -> Reason | None:
    """The rule that forbids this instant in any of the zones, the window before quiet hours."""
    there = [at.astimezone(ZoneInfo(zone)) for zone in zones]
    if not all(_is_open(schedule, local) for local in there):
        return Reason.OUTSIDE_WINDOW
    return Reason.QUIET_HOURS if any(_is_quiet(q, x) for q in quiet for x in there) else None


def _is_open(schedule: Schedule, local: datetime) -> bool:
    """Whether a campaign may be sent at this local time; `days` are those of the sending itself."""
    return (
        (schedule.window is None or _began_on(schedule.window, local) is not None)
        and (schedule.days is None or local.weekday() in schedule.days)
        and (schedule.starts or date.min) <= local.date() <= (schedule.ends or date.max)
    )


def _is_quiet(rule: QuietHours, local: datetime) -> bool:
    """Whether the rule asks for quiet at this local time; `days` are those its span begins on."""
    began_on = _began_on(rule.span, local)
    return began_on is not None and (rule.days is None or began_on.weekday() in rule.days)


def _began_on(span: DaySpan, local: datetime) -> date | None:
    """The day on which the span that holds this wall clock began; None outside of it."""
    at, today = local.time(), local.date()
    over_midnight = span.end <= span.start
    if span.start <= at and (at < span.end or over_midnight):
        return today
    return today - timedelta(days=1) if over_midnight and at < span.end else None


def in_window(world: World, customer: Customer, per: Per, touch: Touch, at: datetime) -> bool:
    """Whether a touch stands in a cap's window around `at`, in any zone in which the customer may be."""
    zones = zones_of(customer, world.company)
    return any(_is_near(per, touch, at, ZoneInfo(zone)) for zone in zones)


def _is_near(per: Per, touch: Touch, at: datetime, zone: ZoneInfo) -> bool:
    """A firm touch counts backwards from `at`, an open one on both sides of it."""
    if per.kind is PerKind.SECONDS:
        gap = at - touch.at
        return (gap if touch.firm else abs(gap)) < timedelta(seconds=per.length)
    today, then = at.astimezone(zone).date(), touch.at.astimezone(zone).date()
    if same := {PerKind.WEEK: "%G %V", PerKind.MONTH: "%Y %m"}.get(per.kind):
        return today.strftime(same) == then.strftime(same)
    days = (today - then).days
    return (days >= 0 if touch.firm else -days < per.length) and days < per.length
