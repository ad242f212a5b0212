"""When a customer's own days come back, in plain Python: forward from the day, year by year."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from world import Customer, World, own_zone

from outreach.campaign.returning import LeapDay, OnDate

NEAR = range(-11, 12)  # years that an offset may lead over


def is_its_day(world: World, customer: Customer) -> bool:
    """Whether the occurrence is on the customer's day, where the schedule asks for one."""
    schedule = world.campaign.schedule
    if schedule.on_date is None:
        return True
    own = {**customer.columns, **customer.attributes, **customer.dates}
    fixed = schedule.timezone != "customer"
    zone = schedule.timezone if fixed else own_zone(customer, world.company)
    day = world.run_at.astimezone(ZoneInfo(zone)).date()
    written = own.get(schedule.on_date.field)
    return written is not None and day in set(days_of(schedule.on_date, written, day.year))


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
