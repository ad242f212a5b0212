"""Batches follow the machine: long transactions make the next ones smaller, short ones larger."""

from hypothesis import given
from hypothesis import strategies as st

from outreach.store.pace import AIM_SECONDS, Pace


def test_a_transaction_that_took_too_long_makes_the_next_one_smaller() -> None:
    pace = Pace(rows=8_000, most=20_000)

    pace.took(4 * AIM_SECONDS)

    assert pace.rows == 2_000


def test_a_short_transaction_makes_the_next_one_a_quarter_larger_at_most() -> None:
    pace = Pace(rows=5_000, most=20_000)

    pace.took(0.0)

    assert pace.rows == 6_250


@given(st.lists(st.floats(min_value=0, max_value=60)))
def test_the_bounds_hold_whatever_happens(all_seconds: list[float]) -> None:
    pace = Pace(rows=1_000, most=20_000, least=100)

    for seconds in all_seconds:
        pace.took(seconds)

        assert 100 <= pace.rows <= 20_000


@given(st.floats(min_value=1e-5, max_value=1e-3), st.integers(100, 20_000))
def test_batches_come_to_take_what_is_aimed_at(seconds_a_row: float, first: int) -> None:
    pace = Pace(first, most=20_000)

    for _ in range(12):
        pace.took(pace.rows * seconds_a_row)

    assert pace.rows * seconds_a_row <= AIM_SECONDS * 1.01 or pace.rows == 100


def test_a_small_rest_comes_along_and_a_larger_one_is_halved() -> None:
    pace = Pace(rows=1_700, most=2_000)

    assert pace.share(2_000) == 2_000
    assert pace.share(2_200) == 1_100
    assert pace.share(9_000) == 1_700


def test_a_share_is_what_the_time_is_set_against() -> None:
    pace = Pace(rows=1_700, most=2_000)
    pace.share(850)

    pace.took(AIM_SECONDS)

    assert pace.rows == 850
