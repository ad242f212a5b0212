"""What `holidays` and `on_holiday` do that is hardly meant: told by `check` from the files alone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile

from outreach.campaign.model import Campaign
from outreach.campaign.occurrences import next_occurrence
from outreach.campaign.public_holidays import DAY, DaysOff, Holidays
from outreach.documents import Document
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company
from outreach.vocabulary import Status

_YEAR = 366  # days looked at


def lost_on_holidays(
    document: Document, campaign: Campaign, company: Company, now: datetime
) -> Iterator[Problem]:
    """Messages of a holiday that are late before the next workday comes."""
    schedule = campaign.schedule
    countries = campaign.audience.country or (company.brand.country,)
    if schedule.holidays is not Holidays.NEXT_WORKDAY:
        return
    rows = (_longest(country, now.date()) for country in countries if country)
    days, first, country = max(rows, default=(0, date.min, ""))
    if schedule.late >= timedelta(days=days):
        return
    last = first + (days - 1) * DAY
    off = f"{first} to {last} are days off" if days > 1 else f"{first} is a day off"
    message = f"{off} in {country}: a message of the first is late by the next workday"
    hint = f"write `late: {days + 1} days`"
    yield document.problem(("schedule", "holidays"), f"{WARNING}holidays", message, hint)


def no_feast_to_come(
    document: Document, campaign: Campaign, company: Company, now: datetime
) -> Iterator[Problem]:
    """A feast all of whose days are past."""
    feast, active = campaign.schedule.on_holiday, campaign.status is Status.ACTIVE
    if feast is None or not active:
        return
    if next_occurrence(campaign.schedule, company.brand.timezone, now) is None:
        message = f"`{feast.name}` has no day to come: nothing more is sent"
        hint = "write its next days under `feasts` in outreach.yaml"
        path = ("schedule", "on_holiday", "name")
        yield document.problem(path, f"{WARNING}past", message, hint)


def _longest(country: str, today: date) -> tuple[int, date, str]:
    """The most days in a row, the first of them, on which nothing goes out within a year."""
    off = DaysOff(Holidays.NEXT_WORKDAY, country)
    found, day, end = (0, today, country), today, today + _YEAR * DAY
    while day < end:
        row = list(takewhile(off.named, (day + number * DAY for number in range(_YEAR))))
        if len(row) > found[0]:
            found = len(row), day, country
        day += max(1, len(row)) * DAY
    return found
