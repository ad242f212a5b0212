"""Company time: the clock by which the company's own people read instants."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from outreach.app.context import Context

MORNING = timedelta(minutes=5)  # after midnight: what is done once a day


def company_clock(context: Context) -> tzinfo:
    """The zone of company time; UTC where outreach.yaml can not be read."""
    company = context.loaded.company
    return UTC if company is None else ZoneInfo(company.brand.timezone)


def clock_of(at: datetime, zone: tzinfo) -> str:
    """An instant to the minute by a zone's clock, with the zone's name."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone}"


def last_morning(context: Context, now: datetime) -> datetime:
    """The latest 00:05 of company time that is not after `now`, aware UTC."""
    zone = company_clock(context)
    local = (now.astimezone(zone) - MORNING).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + MORNING).replace(tzinfo=zone).astimezone(UTC)


def next_morning(context: Context, now: datetime) -> datetime:
    """The first 00:05 of company time after `now`, aware UTC."""
    last, hour = last_morning(context, now), timedelta(hours=1)
    later = (last_morning(context, now + number * hour) for number in range(1, 27))
    return next(at for at in later if at > last)
