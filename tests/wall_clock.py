"""What a wall clock says: windows and quiet hours read off one local time, and spans of dates."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from world import Touch

from outreach.campaign.model import Schedule
from outreach.spans import DaySpan, Per, PerKind, QuietHours
from outreach.vocabulary import Reason


@lru_cache(maxsize=100_000)
def in_the_way(
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


def in_window(per: Per, touch: Touch, at: datetime, zone: ZoneInfo) -> bool:
    """A firm touch counts backwards from `at`, an open one on both sides of it."""
    if per.kind is PerKind.SECONDS:
        gap = at - touch.at
        return (gap if touch.firm else abs(gap)) < timedelta(seconds=per.length)
    today, then = at.astimezone(zone).date(), touch.at.astimezone(zone).date()
    if same := {PerKind.WEEK: "%G %V", PerKind.MONTH: "%Y %m"}.get(per.kind):
        return today.strftime(same) == then.strftime(same)
    days = (today - then).days
    return (days >= 0 if touch.firm else -days < per.length) and days < per.length
