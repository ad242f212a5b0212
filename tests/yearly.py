"""When a customer's own days come back, in plain Python: forward from the day, year by year."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from feast_days import begins
from world import Customer, Other, World, comes_at, own_zone

from outreach.campaign.model import Schedule
from outreach.campaign.returning import LeapDay, OnDate

DAYS_AHEAD = 12
NEAR = range(-11, 12)  # years that an offset may lead over


def is_its_day(world: World, customer: Customer) -> bool:
    """Whether the occurrence is on the customer's day, where the schedule asks for one."""
    schedule = world.campaign.schedule
    if not schedule.is_of_days:
        return True
    return is_on(
        schedule, customer, world.run_at.astimezone(_clock(world, schedule, customer)).date()
    )


def is_on(schedule: Schedule, customer: Customer, day: date) -> bool:
    """Whether a message comes to the customer on that day of the schedule's clock."""
    on_date, feast = schedule.on_date, schedule.on_holiday
    if feast is not None:
        return begins(feast, customer.country, day - timedelta(days=feast.offset_days))
    own = {**customer.columns, **customer.attributes, **customer.dates}
    written = None if on_date is None else own.get(on_date.field)
    return written is not None and day in set(days_of(on_date, written, day.year))


def days_ahead(
    world: World, schedule: Schedule, customer: Customer
) -> Iterator[tuple[datetime, date]]:
    """Days from the one before the instant asked on, each with its instant for the customer."""
    zone, at = _clock(world, schedule, customer), (schedule.on_date or schedule.on_holiday).at
    first = world.asked_at.astimezone(zone).date() - timedelta(days=1)
    for day in (first + timedelta(days=number) for number in range(DAYS_AHEAD)):
        yield datetime.combine(day, at, zone).astimezone(UTC), day


def _clock(world: World, schedule: Schedule, customer: Customer) -> ZoneInfo:
    fixed = schedule.timezone != "customer"
    return ZoneInfo(schedule.timezone if fixed else own_zone(customer, world.company))


def days_of(on_date: OnDate, written: str, year: int) -> Iterator[date]:
    """The days on which messages come for a date, around a year."""
    known = int(written[:4]) if len(written) == 10 else None
    if not on_date.yearly:
        if known is not None:
            yield date.fromisoformat(written) + timedelta(days=on_date.offset_days)
        return
    month, day = int(written[-5:-3]), int(written[-2:])
    for each in (year + near for near in NEAR):
        if known is None or each >= known:
            found = _in_year(each, month, day, on_date.leap_day)
            if found is not None:
                yield found + timedelta(days=on_date.offset_days)


def _in_year(year: int, month: int, day: int, rule: LeapDay) -> date | None:
    if (month, day) != (2, 29) or calendar.isleap(year):
        return date(year, month, day)
    return {
        LeapDay.FEB_28: date(year, 2, 28),
        LeapDay.MAR_1: date(year, 3, 1),
        LeapDay.SKIP: None,
    }[rule]


def coming(world: World, customer: Customer) -> Iterator[tuple[Other, datetime, date | None]]:
    """When campaigns above come next to the customer; of days of people's own each day to come."""
    for other in world.others:
        if other.campaign.priority <= world.campaign.priority or other.planned:
            continue
        found = [(comes_at(other, customer, world.company), None)]
        if other.campaign.schedule.is_of_days:
            found = list(days_ahead(world, other.campaign.schedule, customer))
        yield from ((other, at, day) for at, day in found if at and at >= world.asked_at)
