"""Campaigns whose hours or dates let nothing out: told by `check` from the files alone, no fault."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice

from outreach.campaign.model import Campaign, Schedule, ScheduleKind
from outreach.campaign.occurrences import CUSTOMER, next_occurrence, occurrences
from outreach.campaign.public_holidays import Holidays
from outreach.decisions.opening import DAY, Hours, Opening, hours_for, opening, zone_of
from outreach.documents import Document, Path
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company
from outreach.spans import Cap, PerKind
from outreach.vocabulary import Reason, Status

ALL = 10_000  # of a hold-out
HOUR, YEAR = timedelta(hours=1), timedelta(days=366)
MOST_TIMES = 50  # of a cron that are looked at: a day's, a week's
LAST_ZONE = timedelta(hours=12)  # so long after UTC a day ends everywhere
_CLOCK = ("UTC",)  # stands for the clock of whoever looks at theirs
_CODE = f"{WARNING}never-sent"


def never_sent(
    document: Document, campaign: Campaign, company: Company, now: datetime
) -> Iterator[Problem]:
    """Why nobody will get a campaign, or why what is held never goes out."""
    topic = company.topics.get(campaign.topic)
    transactional = topic is not None and topic.transactional
    if campaign.holdout >= ALL and not transactional:
        message = "the whole audience is held out: nobody gets it"
        hint = "write a smaller share, for example `10%`"
        yield document.problem(("experiment", "holdout"), _CODE, message, hint)
    if (ended := _ended(document, campaign, company, now)) is not None:
        yield ended
        return
    asked = _asked(campaign, company, now)
    if not asked:
        return
    closed = _closed(campaign, company, asked)
    if closed is not None:
        path = next(filter(document.has, _at_fault(campaign.schedule)))
        yield document.problem(path, _CODE, *closed)
    elif campaign.when_capped == "hold" and not transactional:
        yield from _held_in_vain(document, campaign, company, asked)


def _ended(
    document: Document, campaign: Campaign, company: Company, now: datetime
) -> Problem | None:
    """A problem where no day is left, or none of the times is one of its days."""
    schedule, path = campaign.schedule, ("schedule", "ends")
    if schedule.ends is None:
        return None
    over = datetime.combine(schedule.ends, time(), UTC) + DAY + LAST_ZONE
    if over <= now:
        message, hint = f"`ends` is past, it is {now:%Y-%m-%d}", "write a later day, or take it out"
        message += " now: nothing more is sent"
        active = campaign.status is Status.ACTIVE
        return document.problem(path, f"{WARNING}past", message, hint) if active else None
    starts = schedule.starts or (now - 2 * DAY).date()
    after = datetime.combine(starts, time(), UTC) - 2 * DAY
    zone = company.brand.timezone
    by_calendar = schedule.kind not in (ScheduleKind.MANUAL, ScheduleKind.AT)
    if by_calendar and next_occurrence(schedule, zone, after) is None:
        written = document.get(("schedule", str(schedule.kind)))
        called = f"`{written}`" if isinstance(written, str) else "it"
        message = f"{called} does not come from {starts} to {schedule.ends}"
        return document.problem(path, _CODE, message, "write a later `ends`")
    return None


def _asked(campaign: Campaign, company: Company, now: datetime) -> list[datetime]:
    """Wall-clock times at which messages come up, as UTC; none where that is not certain.

    By hand, or as each customer's own case comes, any hour of a week. With a fixed zone customers may be anywhere: the company's own are
    taken, if the audience names no country.
    """
    schedule, home = campaign.schedule, company.brand.timezone
    if not schedule.by_calendar:
        return [now.replace(tzinfo=UTC) + number * HOUR for number in range(7 * 24)]
    zone = home if schedule.at is not None else schedule.timezone
    if zone != CUSTOMER and (zone != home or campaign.audience.country):
        return []
    if schedule.at is not None:
        return [schedule.at.astimezone(zone_of(home)).replace(tzinfo=UTC)]
    if schedule.at_local is not None:
        return [schedule.at_local.replace(tzinfo=UTC)]
    walls = occurrences(replace(schedule, timezone=CUSTOMER), home, now, now + YEAR)
    coming = (each.local for each in walls if each.local is not None)
    return [local.replace(tzinfo=UTC) for local in islice(coming, MOST_TIMES)]


def _hours(campaign: Campaign, company: Company) -> list[Hours]:
    """What the clock allows on each channel; days are told apart elsewhere."""
    topic, countries = company.topics.get(campaign.topic), campaign.audience.country
    quiet = () if topic is not None and topic.urgent else company.quiet_hours
    any_day = replace(
        campaign.schedule, days=None, starts=None, ends=None, holidays=Holidays.IGNORE
    )
    country = countries[0] if len(countries) == 1 else ""
    channels = campaign.steps[0].channels
    return [hours_for(any_day, quiet, channel, country, "") for channel in channels]


def _first_opening(hours: Sequence[Hours], at: datetime, until: datetime) -> Opening:
    """Of the channels the one that may go first."""
    found = [opening(each, _CLOCK, at, until) for each in hours]
    return min(found, key=lambda each: each.opens_at or datetime.max.replace(tzinfo=UTC))


def _closed(campaign: Campaign, company: Company, asked: list[datetime]) -> tuple[str, str] | None:
    """Message and hint where nothing that comes up can leave before `late`."""
    hours, late = _hours(campaign, company), campaign.schedule.late
    if any(_first_opening(hours, at, at + late).opens_at for at in asked):
        return None
    first = asked[0]
    found = _first_opening(hours, first, first + 8 * DAY)
    if found.opens_at is None:
        message = "quiet hours leave no hour of `window` open: nobody gets it"
        return message, "write another `window`"
    inside = "outside of `window`" if found.why is Reason.OUTSIDE_WINDOW else "in quiet hours"
    message = (
        f"{first:%H:%M} is {inside}, and {found.opens_at:%H:%M}, the first hour to go out, is "
        f"after `late` ({_in_hours(late)}): nobody gets it"
    )
    longer = (found.opens_at - first) // HOUR + 1
    return message, f"let it come at an hour that is open, or write `late: {longer} hours`"


def _held_in_vain(
    document: Document, campaign: Campaign, company: Company, asked: list[datetime]
) -> Iterator[Problem]:
    """Limits by days leave room at midnight at the earliest: too late for what is held."""
    hours, late = _hours(campaign, company), campaign.schedule.late
    caps = [cap for cap in (*company.cadence, *campaign.cadence) if _applies(cap, campaign)]
    if not caps or any(cap.per.kind is PerKind.SECONDS for cap in caps):
        return
    for at in asked:
        midnight = datetime.combine(at.date(), time(), UTC) + DAY
        if midnight < at + late and _first_opening(hours, midnight, at + late).opens_at:
            return
    message = f"nothing is held: limits by days leave room from midnight on, after `late` ({_in_hours(late)})"
    hint = "write a longer one, as in `late: 3 days`, or take `when_capped` out"
    yield document.problem(("when_capped",), _CODE, message, hint)


def _applies(cap: Cap, campaign: Campaign) -> bool:
    channels = campaign.steps[0].channels
    return cap.topic in (None, campaign.topic) and cap.channel in (None, *channels)


def _in_hours(span: timedelta) -> str:
    hours, rest = divmod(span, HOUR)
    return (
        f"{span // timedelta(minutes=1)} minutes" if rest else f"{hours} hour{'s' * (hours != 1)}"
    )


def _at_fault(schedule: Schedule) -> Iterator[Path]:
    """Where to look: `late` if it is written, else the hours, else the times."""
    yield from (("schedule", key) for key in ("late", "window", str(schedule.kind)))
