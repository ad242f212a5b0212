"""An `on_date` that comes for nobody in the database: told by `check`, no fault."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from outreach.audience import presence
from outreach.audience.names import BIRTHDAY, Kind
from outreach.audience.row import Row
from outreach.campaign.feasts import countries_with, feasts_in
from outreach.campaign.model import Campaign, ScheduleKind
from outreach.campaign.occurrences import CUSTOMER, occurrences
from outreach.campaign.public_holidays import Holidays, holiday_on
from outreach.documents import Document, did_you_mean
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company
from outreach.store.places import countries
from outreach.vocabulary import Status

DAY = timedelta(days=1)
_PLANNED = (ScheduleKind.CRON, ScheduleKind.EVERY, ScheduleKind.AT)
_AHEAD = timedelta(days=1_500)  # four returns of a day of the year
MOST_DAYS = 12  # of them that are looked at
MOST_NAMES = 3  # of feasts
ALIKE = 0.8  # of two names of one feast; all festivals are a little alike
MOST = 8  # countries that are named


def unmet_date(
    conn: Connection, row: Row, campaign: Campaign, known: Sequence[str], today: date
) -> Iterator[Problem]:
    """A date that no customer has, or none that is yet to come where it comes once; no draft's.

    `known` are the names of all named dates that customers have.
    """
    on_date, place = campaign.schedule.on_date, campaign.schedule.place
    if on_date is None or place is None or campaign.status is not Status.ACTIVE:
        return
    own = [name for name, kind in row.names.own.items() if kind is Kind.DATE]
    name, in_row = on_date.field, [BIRTHDAY, *own]
    if name not in (*known, *in_row):
        message = f"no customer has a date `{name}`: nobody gets it"
        hint = did_you_mean(name, [*known, *in_row], listing="there are")
    elif name in in_row and not presence.is_any_day(conn, row, name):
        message, hint = f"no customer has `{name}`: nobody gets it", f"import a column `{name}`"
    elif not on_date.yearly and not presence.is_any_day(
        conn, row, name, today - (on_date.offset_days + 1) * DAY
    ):
        message = f"nobody's `{name}` with a year is yet to come, and it comes `once`"
        hint = "for a day that comes back each year write `repeat: yearly`"
    else:
        return
    yield Problem(place.file, place.line, place.column, f"{WARNING}unfound", message, hint)


def unmet_workday(
    conn: Connection, document: Document, campaign: Campaign, company: Company, now: datetime
) -> Iterator[Problem]:
    """A schedule that comes on days alone that it leaves out as holidays of every customer's country."""
    schedule = campaign.schedule
    if schedule.holidays is not Holidays.SKIP or campaign.status is not Status.ACTIVE:
        return
    if schedule.kind not in _PLANNED:
        return
    home = company.brand.country
    found = set(campaign.audience.country) or {each or home for each in countries(conn)}
    zone = company.brand.timezone if schedule.timezone == CUSTOMER else schedule.timezone
    ahead = occurrences(schedule, company.brand.timezone, now, now + _AHEAD)
    days = [
        (each.local or each.instant_at.astimezone(ZoneInfo(zone))).date()
        for each in islice(ahead, MOST_DAYS)
    ]
    if days and all(holiday_on(country, day) for day in days for country in found):
        message = (
            f"{days[0]} is left out as {holiday_on(min(found), days[0])}, and so is every day "
        )
        message += "on which it comes: nobody gets it"
        hint = "write `holidays: next_workday`, or take `holidays` out"
        yield document.problem(("schedule", "holidays"), f"{WARNING}holidays", message, hint)


def unmet_feast(conn: Connection, campaign: Campaign) -> Iterator[Problem]:
    """A feast that no customer's country has; no draft's."""
    feast, place = campaign.schedule.on_holiday, campaign.schedule.place
    if feast is None or place is None or campaign.status is not Status.ACTIVE:
        return
    having = {*countries_with(feast.name), *(each.country for each in feast.own)}
    found = {each or feast.home for each in countries(conn)}
    if "" in having or found & having:
        return
    message = f"no customer's country has `{feast.name}`: nobody gets it"
    hint = f"it is a feast of {', '.join(sorted(having)[:MOST])}" + (" …" * (len(having) > MOST))
    theirs = sorted(set().union(*map(feasts_in, found)))
    longer = [each for each in theirs if each.casefold().startswith(feast.name.casefold())]
    near = longer[:MOST_NAMES] or get_close_matches(feast.name, theirs, cutoff=ALIKE)
    meant = " or ".join(f"`{each}`" for each in near)
    hint += f"; did you mean {meant}?" if near else ""
    yield Problem(place.file, place.line, place.column, f"{WARNING}unfound", message, hint)
