"""Company time: the clock by which the company's own people read instants."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from outreach.app.context import Context


def company_clock(context: Context) -> tzinfo:
    """The zone of company time; UTC where outreach.yaml can not be read."""
    company = context.loaded.company
    return UTC if company is None else ZoneInfo(company.brand.timezone)


def clock_of(at: datetime, zone: tzinfo) -> str:
    """An instant to the minute by a zone's clock, with the zone's name."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone}"
