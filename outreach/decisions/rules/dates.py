"""The day of a schedule's `on_date` or `on_holiday`: whose day it is where an occurrence comes."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Text, and_, bindparam, true

from outreach.audience.lookups import among_days, falls, is_in_row
from outreach.campaign.occurrences import CUSTOMER
from outreach.campaign.returning import Falling
from outreach.decisions.candidate import Candidate, Scope
from outreach.decisions.grid import Grid
from outreach.decisions.localities import Locality
from outreach.decisions.opening import zone_of
from outreach.decisions.ruling import Ruling


def day_of(grid: Grid, scope: Scope, place: Locality) -> date:
    """The day that an occurrence is in a place, by the clock that the schedule goes by.

    It is the occurrence's own, not that of the instant asked: who is held past midnight keeps it.
    """
    if scope.local_at is not None:
        return scope.local_at.date()
    zone = grid.campaign.schedule.timezone
    clock = grid.calendar_zone(place) if zone == CUSTOMER else zone_of(zone)
    return scope.run_at.astimezone(clock).date()


def falling_in(grid: Grid, scope: Scope, places: Iterable[Locality]) -> dict[int, Falling]:
    """By place, whose date an occurrence comes for; empty where no date is asked for."""
    on_date = grid.campaign.schedule.on_date
    if on_date is None:
        return {}
    return {place.id: on_date.falling(day_of(grid, scope, place)) for place in places}


def feasts_in(grid: Grid, scope: Scope, places: Iterable[Locality]) -> dict[int, bool]:
    """By place, whether an occurrence is on the day of its feast there; empty where none is asked for."""
    feast = grid.campaign.schedule.on_holiday
    if feast is None:
        return {}
    return {place.id: feast.comes_to(place.country, day_of(grid, scope, place)) for place in places}


def values(falling: Iterable[Falling], tag: str = "") -> dict[str, list[str]]:
    """What a statement that looks dates up by their day is executed with; `tag` the candidate's."""
    days = sorted(set().union(*(each.month_days for each in falling)))
    return {_month_days(tag).key: days} if days else {}


def values_of_day(ruling: Ruling, day: date, number: int) -> dict[str, object]:
    """What a statement is executed with for one day of a campaign above; `number` its reservation's."""
    on_date = ruling.campaign.schedule.on_date
    if on_date is None:
        return {}
    falling = on_date.falling(day)
    return {_on(number).key: falling.on, _also(number).key: falling.also}


def is_its_day(candidate: Candidate) -> ColumnElement[bool] | None:
    """The day is the customer's; None where the schedule asks for none, or did when they came in.

    Of a campaign above no more than that it may be one of its days: `is_day` asks which. A feast
    above is reserved for only where a place has it.
    """
    if candidate.enrolment is not None:
        return None
    if candidate.ruling.campaign.schedule.on_holiday is not None:
        return None if candidate.tag else candidate.zones.c.is_feast == 1
    on_date = candidate.ruling.campaign.schedule.on_date
    if on_date is None:
        return None
    row, found = candidate.row, among_days(candidate.row, on_date.field, _month_days(candidate.tag))
    if candidate.tag:
        return found
    on, also = candidate.zones.c.falls_on, candidate.zones.c.falls_also
    holds = falls(row, on_date.field, on, also, yearly=on_date.yearly)
    few = candidate.marks.again or candidate.marks.about
    read = is_in_row(row, on_date.field) and not candidate.marks.placed  # else by an index
    return holds if few or read else and_(found, holds)


def is_day(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """Whether the day of a reservation is the customer's, for one of a campaign above."""
    on_date = candidate.ruling.campaign.schedule.on_date
    if on_date is None:
        return true()
    return falls(candidate.row, on_date.field, _on(number), _also(number), yearly=on_date.yearly)


def _on(number: int) -> BindParameter[str]:
    return bindparam(f"falls_on_{number}", type_=Text())


def _also(number: int) -> BindParameter[str]:
    return bindparam(f"falls_also_{number}", type_=Text())


def _month_days(tag: str) -> BindParameter[str]:
    return bindparam(f"month_days{tag}", type_=Text(), expanding=True)
