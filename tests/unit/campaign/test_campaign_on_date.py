"""A day of the customer's own in a campaign's file: what it says, and what is refused in which words."""

from datetime import UTC, date, datetime, time

import pytest
from test_campaign_load import FILE, PARTS, lines, schedule

from outreach.campaign.load import load_campaign
from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.occurrences import next_occurrence
from outreach.campaign.returning import Falling, LeapDay, OnDate
from outreach.settings.company import Brand, Company, Topic

NINE = time(9)


def said(text: str) -> list[str]:
    """The problems of a schedule, without the file's name."""
    written = "".join(part for key, part in PARTS.items() if key != "schedule")
    found = lines(f"{written}schedule: {{on_date: {text}}}\n")
    return [each.removeprefix(f"{FILE}:") for each in found]


def test_a_full_on_date_says_what_it_says() -> None:
    found = schedule(
        "on_date: {field: wedding, repeat: yearly, offset: -3 days, at: '18:30', leap_day: mar-1}, "
        "timezone: Europe/Berlin"
    )

    day = OnDate("wedding", True, time(18, 30), -3, LeapDay.MAR_1)
    assert found == Schedule(ScheduleKind.ON_DATE, on_date=day, timezone="Europe/Berlin")


@pytest.mark.parametrize(("field", "yearly"), [("birthday", True), ("contract_end", False)])
def test_what_is_left_out_of_on_date(field: str, yearly: bool) -> None:
    found = schedule(f"on_date: {{field: {field}}}")

    assert found.on_date == OnDate(field, yearly, NINE, 0, LeapDay.FEB_28)
    assert found.timezone == "customer"


@pytest.mark.parametrize(
    ("text", "days"),
    [("-3 days", -3), ("3 days", 3), ("+1 day", 1), ("-2 weeks", -14), ("0 days", 0)],
)
def test_an_offset_is_in_days_or_weeks(text: str, days: int) -> None:
    found = schedule(f"on_date: {{field: birthday, offset: {text}}}").on_date

    assert found is not None
    assert found.offset_days == days


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "birthday",
            "5:21: `on_date` must be a group of keys, not text; write `on_date: {field: birthday, "
            'at: "09:00"}`',
        ),
        ("{}", "5:12: `field` is missing; write for example `field: birthday`"),
        (
            "{field: last_order_at}",
            "5:29: `last_order_at` is no day of the customer's own; name `birthday`, an attribute of "
            "the type `date`, or a date that you import",
        ),
        (
            "{field: Contract End}",
            "5:29: `Contract End` is not how it is written; write `contract_end`",
        ),
        (
            "{field: 3rd}",
            "5:29: `3rd` can not be the name of a date; name `birthday`, an attribute of the type "
            "`date`, or a date that you import",
        ),
        (
            "{field: birthday, offset: -3}",
            "5:47: `-3` does not say of what; write `-3 days`",
        ),
        (
            "{field: birthday, offset: 3 days before}",
            "5:47: `3 days before` is no number of days; write `-3 days`",
        ),
        (
            "{field: birthday, offset: two weeks after}",
            "5:47: `two weeks after` is no number of days; write `14 days`",
        ),
        (
            "{field: birthday, offset: -12 hours}",
            "5:47: `-12 hours` is no number of days; an offset is in whole days; the hour is `at`: "
            '`{offset: -1 day, at: "18:00"}`',
        ),
        (
            "{field: birthday, offset: 1 month}",
            "5:47: `1 month` is no number of days; an offset is in days or weeks: `-30 days`, `2 weeks`",
        ),
        (
            "{field: birthday, offset: soon}",
            "5:47: `soon` is no number of days; write `-3 days` for three days before, `3 days` after",
        ),
        (
            "{field: birthday, offset: -400 days}",
            "5:47: 400 days before a day that comes back each year makes no sense; write at most 364 days",
        ),
        (
            "{field: contract_end, offset: 4000 days}",
            "5:51: 4000 days after the day makes no sense; write at most 3650 days",
        ),
        (
            "{field: birthday, repeat: once}",
            "5:47: a `birthday` is the day of birth, which never comes again; write `repeat: yearly`",
        ),
        (
            "{field: birthday, repeat: monthly}",
            "5:47: `repeat` can not be `monthly`; it can be `once`, `yearly`",
        ),
        (
            "{field: contract_end, leap_day: skip}",
            "5:43: `leap_day` is of days that come back each year; take it out, or write `repeat: yearly`",
        ),
        (
            "{field: birthday, leap_day: feb-29}",
            "5:49: `leap_day` can not be `feb-29`; did you mean `feb-28`?",
        ),
        (
            "{field: birthday, at: 9am}",
            '5:43: `9am` is no time of day; write `"09:00"`',
        ),
        (
            "{field: birthday, at: 9}",
            "5:43: this must be a time of day; write for example `09:00`",
        ),
        (
            "{field: birthday, timezone: customer}",
            "5:39: unknown key `timezone`; it belongs under `schedule`, beside `on_date`",
        ),
        (
            "{field: birthday, before: 3 days}",
            "5:39: unknown key `before`; write `offset: -3 days`",
        ),
        ("{field: birthday, ofset: 1 day}", "5:39: unknown key `ofset`; did you mean `offset`?"),
        (
            "{field: birthday}, cron: 0 9 * * *",
            "5:12: `cron` and `on_date` stand together; keep one",
        ),
    ],
)  # fmt: skip
def test_each_wrong_use_is_named_at_its_place(text: str, problem: str) -> None:
    assert said(text) == [problem]


def test_an_attribute_of_another_type_is_no_date() -> None:
    company = Company(
        brand=Brand(name="Harbour Tea"),
        topics={"greetings": Topic()},
        attributes={"genre": "text", "renews_on": "date"},
    )
    written = "".join(part for key, part in PARTS.items() if key != "schedule")
    text = f"{written}schedule: {{on_date: {{field: genre}}}}\n"

    _, problems = load_campaign("friday", FILE, text.encode(), company)

    assert [str(each) for each in problems] == [
        f"{FILE}:5:29: the attribute `genre` is text, not a date; name `birthday`, a date that you "
        "import, or an attribute of the type `date`: `renews_on`"
    ]


def test_it_comes_each_day_on_the_customers_own_clock() -> None:
    found = next_occurrence(
        schedule("on_date: {field: birthday}"), "UTC", datetime(2026, 6, 13, 20, tzinfo=UTC)
    )

    assert found is not None
    assert found.local == datetime(2026, 6, 15, 9)  # noqa: DTZ001 - a wall clock's time


@pytest.mark.parametrize(
    ("day", "offset", "rule", "falling"),
    [
        (date(2026, 6, 14), 0, LeapDay.FEB_28, Falling("2026-06-14", "06-14")),
        (date(2026, 2, 28), 0, LeapDay.FEB_28, Falling("2026-02-28", "02-29")),
        (date(2028, 2, 28), 0, LeapDay.FEB_28, Falling("2028-02-28", "02-28")),
        (date(2026, 2, 25), -3, LeapDay.FEB_28, Falling("2026-02-28", "02-29")),
        (date(2027, 12, 30), -60, LeapDay.FEB_28, Falling("2028-02-28", "02-28")),
        (date(2028, 12, 30), -60, LeapDay.FEB_28, Falling("2029-02-28", "02-29")),
        (date(2028, 3, 1), 0, LeapDay.MAR_1, Falling("2028-03-01", "03-01")),
        (date(2026, 3, 1), 0, LeapDay.MAR_1, Falling("2026-03-01", "02-29")),
        (date(2026, 2, 28), 0, LeapDay.MAR_1, Falling("2026-02-28", "02-28")),
        (date(2026, 2, 28), 0, LeapDay.SKIP, Falling("2026-02-28", "02-28")),
        (date(2026, 12, 30), -3, LeapDay.SKIP, Falling("2027-01-02", "01-02")),
    ],
)
def test_whose_date_falls_on_a_day(day: date, offset: int, rule: LeapDay, falling: Falling) -> None:
    assert OnDate("birthday", True, NINE, offset, rule).falling(day) == falling


def test_a_date_that_comes_once_stands_in_for_no_other() -> None:
    found = OnDate("contract_end", False, NINE).falling(date(2026, 2, 28))

    assert found == Falling("2026-02-28", "02-28")
