"""Public holidays and workdays by country."""

from datetime import date

import pytest

from outreach.campaign.public_holidays import DaysOff, Holidays, holiday_on, is_day_off

SKIP, NEXT = Holidays.SKIP, Holidays.NEXT_WORKDAY


@pytest.mark.parametrize(
    ("country", "day", "name"),
    [
        ("DE", "2026-05-01", "Labor Day"),
        ("DE", "2026-04-05", "Good Friday"),  # Easter Sunday, between two holidays
        ("DE", "2026-05-02", ""),
        ("CN", "2026-10-04", "National Day"),  # the Sunday of the golden week
        ("CN", "2026-10-10", ""),
        ("US", "2026-07-03", "Independence Day (observed)"),
        ("BV", "2026-12-25", ""),  # nobody knows of a holiday there
        ("", "2026-12-25", ""),
    ],
)
def test_a_day_has_the_name_of_its_holiday(country: str, day: str, name: str) -> None:
    assert holiday_on(country, date.fromisoformat(day)) == name


@pytest.mark.parametrize(
    ("country", "day", "off"),
    [
        ("CN", "2026-02-14", False),  # a Saturday that is worked
        ("CN", "2026-02-21", True),
        ("IL", "2026-04-10", True),  # a Friday
        ("IL", "2026-04-12", False),  # a Sunday
        ("DE", "2026-04-12", True),
    ],
)
def test_a_day_is_off_or_worked(country: str, day: str, off: bool) -> None:
    assert is_day_off(country, date.fromisoformat(day)) is off


def test_the_weekend_after_a_holiday_is_no_next_workday() -> None:
    saturday = date(2026, 5, 2)

    assert DaysOff(NEXT, "DE").named(saturday) == "Labor Day"
    assert DaysOff(SKIP, "DE").named(saturday) == ""
