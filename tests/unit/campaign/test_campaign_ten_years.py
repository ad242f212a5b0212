"""Every kind of schedule agrees with a calendar walked day by day: ten years, thirty zones."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from feast_days import begins
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.campaign.every_text import parse_every
from outreach.campaign.feasts import OnHoliday
from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.occurrences import occurrences
from outreach.campaign.returning import OnDate

ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Havana", "America/New_York",
    "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "America/Tijuana",
    "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Shanghai",
    "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe",
    "Europe/Berlin", "Europe/Chisinau", "Europe/Dublin", "Europe/London", "Pacific/Apia",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "UTC",
)  # fmt: skip
BEGIN, DAYS = date(2018, 1, 1), 3_653
MINUTE = timedelta(minutes=1)
TIMES = st.sampled_from(
    (time(0, 0), time(1, 59), time(2, 30), time(3, 0), time(9, 0), time(23, 59))
)
Comes = Callable[[date], bool]


def test_there_are_thirty_zones() -> None:
    assert len(set(ZONES)) == 30


def shown_first(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant at which the zone's clock shows the time of that day, or a later one.

    Found by watching the clock minute by minute for the last hours.
    """
    wanted = datetime.combine(day, at)
    instant = datetime.combine(day, at, UTC) - timedelta(hours=15)
    while instant.astimezone(zone).replace(tzinfo=None) < wanted:
        ahead = wanted - instant.astimezone(zone).replace(tzinfo=None)
        # In these years none is put by more than three hours at once.
        instant += ahead - timedelta(hours=4) if ahead > timedelta(hours=4) else MINUTE
    return instant


def walked(comes: Comes, at: time, zone: str, first: date, last: date) -> Iterator[datetime]:
    """The instants of the days on which it comes, each once."""
    there, seen = ZoneInfo(zone), None
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if comes(day):
            instant = shown_first(day, at, there)
            if instant != seen:
                yield instant
            seen = instant


def agrees(schedule: Schedule, comes: Comes, at: time, zone: str, first: date, days: int) -> None:
    last = first + timedelta(days=days)
    begin = shown_first(first, time(0), ZoneInfo(zone)) - MINUTE
    end = shown_first(last, time(23, 59), ZoneInfo(zone))

    found = [each.instant_at for each in occurrences(schedule, zone, begin, end)]

    assert found == list(walked(comes, at, zone, first, last))


def month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


EVERY: dict[str, Comes] = {
    "day": lambda day: True,
    "friday": lambda day: day.weekday() == 4,
    "month on 31": month_end,
    "month on last friday": lambda day: (
        day.weekday() == 4 and (day + timedelta(days=7)).month != day.month
    ),
    "month on second monday": lambda day: day.weekday() == 0 and 8 <= day.day <= 14,
    "quarter on 1": lambda day: day.day == 1 and day.month in (1, 4, 7, 10),
}
CRONS: dict[str, Comes] = {
    "* * *": lambda day: True,
    "* * FRI": lambda day: day.weekday() == 4,
    "29 2 *": lambda day: (day.month, day.day) == (2, 29),
    "1,15 * *": lambda day: day.day in (1, 15),
    "* * MON#1": lambda day: day.weekday() == 0 and day.day <= 7,
}
SPANS = st.tuples(st.integers(0, DAYS - 400), st.integers(20, 400))  # of the ten years


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), st.sampled_from(tuple(EVERY)), TIMES, SPANS)
def test_every(zone: str, words: str, at: time, span: tuple[int, int]) -> None:
    schedule = Schedule(
        ScheduleKind.EVERY, every=parse_every(f"{words} at {at:%H:%M}"), timezone=zone
    )

    agrees(schedule, EVERY[words], at, zone, BEGIN + timedelta(days=span[0]), span[1])


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), st.sampled_from(tuple(CRONS)), TIMES, SPANS)
def test_cron(zone: str, days: str, at: time, span: tuple[int, int]) -> None:
    schedule = Schedule(ScheduleKind.CRON, cron=f"{at.minute} {at.hour} {days}", timezone=zone)

    agrees(schedule, CRONS[days], at, zone, BEGIN + timedelta(days=span[0]), span[1])


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), TIMES, st.integers(0, DAYS - 1))
def test_at(zone: str, at: time, number: int) -> None:
    day = BEGIN + timedelta(days=number)
    schedule = Schedule(ScheduleKind.AT, at_local=datetime.combine(day, at), timezone=zone)

    agrees(schedule, lambda other: other == day, at, zone, day - timedelta(days=3), 6)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(ZONES), TIMES, SPANS)
def test_on_date_comes_each_day(zone: str, at: time, span: tuple[int, int]) -> None:
    on_date = OnDate("birthday", yearly=True, at=at)
    schedule = Schedule(ScheduleKind.ON_DATE, on_date=on_date, timezone=zone)

    agrees(schedule, lambda day: True, at, zone, BEGIN + timedelta(days=span[0]), span[1])


@pytest.mark.parametrize("name", ["Spring Festival", "Easter Monday", "Eid al-Fitr", "Diwali"])
def test_on_holiday_comes_where_a_country_has_the_feast(name: str) -> None:
    countries = ("AZ", "CN", "DE", "EG", "GR", "IN", "SG", "TR")
    feast = OnHoliday(name, time(9))
    days = [BEGIN + timedelta(days=number) for number in range(DAYS)]

    for country in countries:
        found = [day for day in days if feast.comes_to(country, day)]

        assert found == [day for day in days if begins(feast, country, day)], country
        assert set(found) <= set(_until(feast, days[-1]))


def _until(feast: OnHoliday, last: date) -> Iterator[date]:
    for day in feast.days_from(BEGIN):
        if day > last:
            return
        yield day


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "UTC"])
def test_half_past_two_comes_once_each_day_whatever_the_clock_does(zone: str) -> None:
    schedule = Schedule(ScheduleKind.EVERY, every=parse_every("day at 02:30"), timezone=zone)
    begin = datetime.combine(BEGIN, time(12), UTC)

    found = [
        each.instant_at.astimezone(ZoneInfo(zone))
        for each in occurrences(schedule, zone, begin, begin + timedelta(days=DAYS))
    ]

    days = [each.date() for each in found]
    assert len(days) == len(set(days))
    assert all(each.time() == time(2, 30) for each in found if _exists(each))
    assert len(days) in range(DAYS - 2, DAYS + 1)


def _exists(local: datetime) -> bool:
    """Whether the clock shows 02:30 on that day at all."""
    wanted = datetime.combine(local.date(), time(2, 30), local.tzinfo)
    return wanted.astimezone(UTC).astimezone(local.tzinfo).time() == time(2, 30)
