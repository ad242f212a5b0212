"""`every`: what its line says, when it comes, and what is refused in which words."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_campaign_load import FILE, lines, schedule, with_part

from outreach.campaign.every_text import parse_every
from outreach.campaign.model import ScheduleKind
from outreach.campaign.occurrences import occurrences

BEGIN = datetime(2026, 1, 15, 12, tzinfo=UTC)


def comes(text: str, after: datetime = BEGIN, zone: str = "UTC", number: int = 4) -> list[str]:
    """The first times after an instant."""
    found = occurrences(
        schedule(f"every: {text}, timezone: {zone}"), "UTC", after, after + timedelta(days=4000)
    )
    return [f"{each.instant_at:%a %Y-%m-%d %H:%M}" for each in islice(found, number)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("day at 09:00", ["Fri 2026-01-16 09:00", "Sat 2026-01-17 09:00", "Sun 2026-01-18 09:00"]),
        (
            "2 days at 09:00 from 2026-01-02",
            ["Fri 2026-01-16 09:00", "Sun 2026-01-18 09:00", "Tue 2026-01-20 09:00"],
        ),
        (
            "friday at 17:00",
            ["Fri 2026-01-16 17:00", "Fri 2026-01-23 17:00", "Fri 2026-01-30 17:00"],
        ),
        ("Fri at 17:00", ["Fri 2026-01-16 17:00", "Fri 2026-01-23 17:00", "Fri 2026-01-30 17:00"]),
        (
            "week on thursday at 12:00",
            ["Thu 2026-01-22 12:00", "Thu 2026-01-29 12:00", "Thu 2026-02-05 12:00"],
        ),
        (
            "2 weeks on friday at 17:00 from 2026-01-02",
            ["Fri 2026-01-16 17:00", "Fri 2026-01-30 17:00", "Fri 2026-02-13 17:00"],
        ),
        (
            "2 weeks on friday at 17:00 from 2026-01-10",  # a Saturday: its week's Friday is past
            ["Fri 2026-01-23 17:00", "Fri 2026-02-06 17:00", "Fri 2026-02-20 17:00"],
        ),
        (
            "month on 31 at 10:00",
            ["Sat 2026-01-31 10:00", "Sat 2026-02-28 10:00", "Tue 2026-03-31 10:00"],
        ),
        (
            "month on 29 at 10:00",
            ["Thu 2026-01-29 10:00", "Sat 2026-02-28 10:00", "Sun 2026-03-29 10:00"],
        ),
        (
            "month on last friday at 10:00",
            ["Fri 2026-01-30 10:00", "Fri 2026-02-27 10:00", "Fri 2026-03-27 10:00"],
        ),
        (
            "month on first monday at 10:00",
            ["Mon 2026-02-02 10:00", "Mon 2026-03-02 10:00", "Mon 2026-04-06 10:00"],
        ),
        (
            "2 months on 15 at 10:00 from 2026-01-20",
            ["Sun 2026-03-15 10:00", "Fri 2026-05-15 10:00", "Wed 2026-07-15 10:00"],
        ),
        (
            "quarter on 1 at 10:00",
            ["Wed 2026-04-01 10:00", "Wed 2026-07-01 10:00", "Thu 2026-10-01 10:00"],
        ),
    ],
)
def test_it_comes_when_its_line_says(text: str, expected: list[str]) -> None:
    assert comes(text, number=3) == expected


def test_the_last_day_of_february_is_the_29th_in_a_leap_year() -> None:
    after = datetime(2028, 2, 1, tzinfo=UTC)

    assert comes("month on 31 at 10:00", after, number=1) == ["Tue 2028-02-29 10:00"]


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("day at 02:30", "2026-03-29", "Sun 2026-03-29 01:00"),  # 03:00 CEST: the clock skips it
        ("day at 02:30", "2026-10-25", "Sun 2026-10-25 00:30"),  # the first of two
    ],
)
def test_an_hour_that_the_clock_skips_or_repeats_comes_once(
    text: str, day: str, expected: str
) -> None:
    before = datetime.fromisoformat(f"{day}T00:00Z") - timedelta(hours=12)

    found = comes(text, before, "Europe/Berlin", 2)

    assert found[0] == expected
    assert found[1][4:14] > day


def test_it_goes_by_each_customers_own_clock_unless_a_zone_is_named() -> None:
    found = schedule("every: friday at 17:00")

    assert (found.kind, found.timezone) == (ScheduleKind.EVERY, "customer")
    first = next(occurrences(found, "UTC", BEGIN, BEGIN + timedelta(days=9)))
    assert first.local == datetime(2026, 1, 16, 17)  # noqa: DTZ001 - a wall clock's time


def test_it_keeps_to_starts_and_ends() -> None:
    found = schedule("every: day at 09:00, timezone: UTC, starts: 2026-02-01, ends: 2026-02-03")

    at = [each.instant_at.day for each in occurrences(found, "UTC", BEGIN, BEGIN + timedelta(99))]
    assert at == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tomorrow", "`tomorrow` is not how `every` says it; write `day at 09:00`, `friday at 17:00`, "
         "`2 weeks on friday at 17:00 from 2026-01-02`, `month on 31 at 10:00`, `month on last friday "
         "at 10:00` or `quarter on 1 at 10:00`"),
        ("friday", "`friday` is not how `every` says it; say at what time: `friday at 09:00`"),
        ("fryday at 17:00", "`fryday` is no day, week, month or quarter; did you mean `friday`?"),
        ("friday at 5pm", '`5pm` is no time of day; write `"17:00"`'),
        ("2 weeks on friday at 17:00", "which of the weeks is the first is not said; write `2 weeks on "
         "friday at 17:00 from 2026-01-02`: from there it is counted"),
        ("2 fridays at 17:00", "`2 fridays at 17:00` is not how `every` says it; write `2 weeks on "
         "fridays at 17:00` with `from 2026-01-02` behind it"),
        ("week at 17:00", "which day of the week is not said; write `week on friday at 17:00`"),
        ("month at 17:00", "which day of the month is not said; write `month on 1 at 17:00`"),
        ("month on 32 at 10:00", "no month has a day 32; write 1 to 31; in a shorter month 31 is its "
         "last day"),
        ("month on last day at 10:00", "`last day` is not how it is written; write `month on 31 at 10:00`"),
        ("month on fifth friday at 10:00", "`fifth friday` is no day of a month; write `month on 1 at "
         "10:00` or `month on last friday at 10:00`"),
        ("week on 3 at 10:00", "`3` is no day of the week; write for example `week on friday at 17:00`"),
        ("day on friday at 10:00", "`on friday` means nothing with days; write `day at 10:00`"),
        ("2 weeks on friday at 17:00 from 2.1.2026", "`2.1.2026` is no date; write `from 2026-01-02`"),
        ("500 days at 10:00 from 2026-01-02", "every 500 days can not be; write 1 to 100"),
    ],
)  # fmt: skip
def test_each_wrong_line_is_named_at_its_place(text: str, problem: str) -> None:
    assert lines(with_part(schedule=f"schedule: {{every: {text}}}")) == [f"{FILE}:5:19: {problem}"]


LINES = st.sampled_from(
    (
        "day at 00:00", "3 days at 23:59 from 2026-02-28", "sunday at 12:00",
        "3 weeks on monday at 08:15 from 2025-12-31", "month on 31 at 10:00",
        "month on fourth tuesday at 10:00", "5 months on last sunday at 01:00 from 2026-01-31",
        "quarter on 31 at 10:00", "2 quarters on first friday at 10:00 from 2026-02-01",
    )
)  # fmt: skip


@given(line=LINES, begin=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_wherever_one_begins_to_look_the_same_times_come(line: str, begin: datetime) -> None:
    every = parse_every(line)
    begin = begin.replace(second=0, microsecond=0)

    all_of_them = list(islice(every.locals_from(datetime(2019, 12, 1)), 9_000))  # noqa: DTZ001

    later = [each for each in all_of_them if each >= begin][:5]
    assert list(islice(every.locals_from(begin), len(later))) == later
    assert all_of_them == sorted(set(all_of_them))
