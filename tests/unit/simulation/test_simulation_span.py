from datetime import UTC, datetime, timedelta

import pytest

from outreach.app.simulating import read_step
from outreach.errors import UsageError
from outreach.simulation.span import instants

START = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_day_is_24_looks_and_its_end_is_the_next_ones() -> None:
    found = list(instants(START, START + DAY))

    assert found == [START + timedelta(hours=hour) for hour in range(24)]


def test_looks_are_at_whole_hours_whenever_it_begins() -> None:
    found = list(instants(START + timedelta(minutes=23), START + DAY + timedelta(minutes=23)))

    assert found[:2] == [START + timedelta(minutes=23), START + timedelta(hours=1)]
    assert found[-1] == START + timedelta(days=1)


def test_looks_may_be_nearer_together() -> None:
    found = list(instants(START, START + DAY, timedelta(minutes=15)))

    assert len(found) == 96
    assert found[1] == START + timedelta(minutes=15)


@pytest.mark.parametrize("text", ["7 hours", "30 seconds", "2 days", "soon"])
def test_looks_part_a_day_evenly(text: str) -> None:
    with pytest.raises(UsageError, match="--every"):
        read_step(text)


def test_a_quarter_of_an_hour_parts_a_day() -> None:
    assert read_step("15 minutes") == timedelta(minutes=15)
