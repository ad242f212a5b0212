"""Occurrences of a schedule, also where clocks are put forward and back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.occurrences import (
    Occurrence,
    instant_in,
    next_occurrence,
    occurrences,
)

MINUTE = timedelta(minutes=1)


def cron(line: str, zone: str = "customer", **limits: date) -> Schedule:
    return Schedule(ScheduleKind.CRON, cron=line, timezone=zone, **limits)  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def found(schedule: Schedule, after: str, until: str) -> list[str]:
    each = occurrences(schedule, "UTC", utc(after), utc(until))
    return [f"{occurrence.instant_at:%d %H:%M}" for occurrence in each]


def test_a_time_that_is_skipped_means_the_first_instant_after_the_gap() -> None:
    nightly = cron("30 2 * * *", "Europe/Berlin")

    assert found(nightly, "2026-03-28", "2026-03-31") == ["28 01:30", "29 01:00", "30 00:30"]


def test_a_time_that_comes_twice_means_the_first() -> None:
    nightly = cron("30 2 * * *", "Europe/Berlin")

    assert found(nightly, "2026-10-24", "2026-10-27") == ["24 00:30", "25 00:30", "26 01:30"]


def test_times_of_one_gap_are_one_occurrence() -> None:
    often = cron("*/20 * * * *", "Europe/Berlin")

    assert found(often, "2026-03-29 00:30", "2026-03-29 01:30") == [
        "29 00:40",
        "29 01:00",
        "29 01:20",
    ]


def test_an_hour_that_comes_twice_counts_once() -> None:
    often = cron("*/30 * * * *", "Europe/Berlin")

    assert found(often, "2026-10-24 23:30", "2026-10-25 02:00") == [
        "25 00:00",
        "25 00:30",
        "25 02:00",
    ]


def test_a_day_that_a_country_skipped_moves_to_its_end() -> None:
    """Samoa went over the date line and had no 30 December 2011."""
    noon = cron("0 12 30 12 *", "Pacific/Apia")

    assert next_occurrence(noon, "UTC", utc("2011-12-01")) == Occurrence(utc("2011-12-30 10:00"))


def test_after_is_not_included_and_until_is() -> None:
    daily = cron("0 9 * * *", "UTC")

    assert found(daily, "2026-01-01 09:00", "2026-01-02 09:00") == ["02 09:00"]
    assert found(daily, "2026-01-01 08:59:59.5", "2026-01-01 09:00") == ["01 09:00"]
    assert found(daily, "2026-01-02", "2026-01-01") == []


def test_for_customers_an_occurrence_is_a_local_time_at_the_first_zones_instant() -> None:
    weekly = cron("0 17 * * FRI")

    assert list(occurrences(weekly, "UTC", utc("2026-07-01"), utc("2026-07-10 03:00"))) == [
        Occurrence(utc("2026-07-03 03:00"), naive("2026-07-03 17:00")),
        Occurrence(utc("2026-07-10 03:00"), naive("2026-07-10 17:00")),
    ]


def test_starts_and_ends_are_both_included() -> None:
    daily = cron("0 9 * * *", "UTC", starts=date(2026, 1, 2), ends=date(2026, 1, 3))

    assert found(daily, "2025-12-01", "2026-02-01") == ["02 09:00", "03 09:00"]
    assert next_occurrence(daily, "UTC", utc("2026-01-03 09:00")) is None


def test_midnight_of_the_first_day_counts() -> None:
    assert found(cron("0 0 * * *", "UTC", starts=date(2026, 1, 2)), "2026-01-01", "2026-01-02") == [
        "02 00:00"
    ]


def test_at_comes_once() -> None:
    local = Schedule(ScheduleKind.AT, at_local=naive("2026-03-29 02:30"), timezone="Europe/Berlin")
    everyones = Schedule(ScheduleKind.AT, at_local=naive("2026-12-24 09:00"))
    instant = Schedule(ScheduleKind.AT, at=utc("2026-12-24 01:00"), timezone="UTC")

    assert found(local, "2026-01-01", "2027-01-01") == ["29 01:00"]
    assert next_occurrence(everyones, "UTC", utc("2026-01-01")) == Occurrence(
        utc("2026-12-23 19:00"), naive("2026-12-24 09:00")
    )
    assert found(instant, "2026-12-24 00:59", "2026-12-24 01:00") == ["24 01:00"]
    assert found(instant, "2026-12-24 01:00", "2026-12-25") == []


def test_by_hand_there_is_no_occurrence() -> None:
    assert next_occurrence(Schedule(ScheduleKind.MANUAL), "UTC", utc("2026-01-01")) is None


@pytest.mark.parametrize("after", ["0001-01-01", "9999-12-31 23:59:59", "9899-12-31 23:00"])
def test_the_ends_of_the_calendar_are_no_trouble(after: str) -> None:
    for zone in ("customer", "Pacific/Apia", "America/New_York"):
        next_occurrence(cron("0 0 29 2 *", zone), "UTC", utc(after))


# An oracle that shares nothing with the code: it looks at a clock on the wall, minute by minute.

FIELD_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour
    "America/Havana",  # at midnight
    "Africa/Cairo",  # at midnight, in some years
    "Antarctica/Troll",  # two hours
    "Africa/Casablanca",  # back for Ramadan
    "Pacific/Apia",
    "Asia/Kolkata",
)


def matches(line: str, local: datetime) -> bool:
    shown = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
    wanted = []
    for field, (first, last) in zip(line.split(), FIELD_RANGES, strict=True):
        body, _, step = field.partition("/")
        low, high = (first, last) if body == "*" else (int(body), last if step else int(body))
        wanted.append(set(range(low, high + 1, int(step or 1))))
    minute, hour, day, month, weekday = (
        value in each for value, each in zip(shown, wanted, strict=True)
    )
    fields = line.split()
    both = fields[2].startswith("*") or fields[4].startswith("*")
    return minute and hour and month and ((day and weekday) if both else (day or weekday))


def watched(line: str, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Instants in (after, until] by watching the zone's clock from a day before."""
    at = after - timedelta(days=1)
    seen = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)  # the latest time shown so far
    while at < until:
        at += MINUTE
        shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        fresh = [seen + MINUTE * n for n in range(1, int((shown - seen) / MINUTE) + 1)]
        seen = max(seen, shown)
        if at > after and any(matches(line, local) for local in fresh):
            yield at


@st.composite
def cron_lines(draw: st.DrawFn) -> str:
    fields = []
    for (first, last), steps in zip(
        FIELD_RANGES, ((7, 20, 30), (1, 2, 5), (), (), ()), strict=True
    ):
        value = st.integers(first, last).map(str)
        stepped = (
            [st.sampled_from([f"*/{step}" for step in steps])] if steps else [st.just("*")] * 3
        )
        fields.append(draw(st.one_of(value, *stepped)))
    return " ".join([fields[0], fields[1], fields[2], "*", fields[4]])


def change_days(zone: str) -> list[datetime]:
    """Days between 2009 and 2027 on which the zone's clock is put forward or back."""
    days = [datetime(2009, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(19 * 365)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [day for day, a, b in zip(days, offsets, offsets[1:], strict=False) if a != b]


CHANGES = {zone: change_days(zone) or [utc("2026-01-01")] for zone in ZONES}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), st.data(), cron_lines())
def test_a_fixed_zone_agrees_with_watching_its_clock(
    zone: str, data: st.DataObject, line: str
) -> None:
    change = data.draw(st.sampled_from(CHANGES[zone]))
    after = change - timedelta(hours=30) + data.draw(st.integers(0, 2000)) * MINUTE
    until = after + timedelta(hours=48)

    mine = [each.instant_at for each in occurrences(cron(line, zone), "UTC", after, until)]

    assert mine == list(watched(line, zone, after, until))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), st.data(), st.integers(-2000, 2000))
def test_an_instant_shows_its_local_time_or_ends_the_gap(
    zone: str, data: st.DataObject, minutes: int
) -> None:
    local = data.draw(st.sampled_from(CHANGES[zone])).replace(tzinfo=None) + minutes * MINUTE

    at = instant_in(local, zone)

    def shown(at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert shown(at) >= local
    assert all(shown(at - n * MINUTE) < local for n in range(1, 200))


@settings(deadline=None, max_examples=30)
@given(cron_lines(), st.integers(0, 3000))
def test_pieces_of_time_give_the_same_as_all_of_it(line: str, minutes: int) -> None:
    begin, middle, end = utc("2026-03-27"), utc("2026-03-27") + minutes * MINUTE, utc("2026-03-31")
    for schedule in (cron(line), cron(line, "Europe/Berlin")):
        whole = list(occurrences(schedule, "UTC", begin, end))
        pieces = [
            *occurrences(schedule, "UTC", begin, middle),
            *occurrences(schedule, "UTC", middle, end),
        ]
        assert pieces == whole
