"""How long a delivery waits after a temporary answer."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.dispatch.retry import JITTER, Backoff

MINUTE = timedelta(minutes=1)


def test_waits_double_from_the_first_and_end_at_the_cap() -> None:
    backoff = Backoff(MINUTE, timedelta(hours=4))

    waits = [backoff.wait(tries, chance=0.0) for tries in (0, 1, 2, 7, 8, 1000)]

    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 128 * MINUTE, 240 * MINUTE, 240 * MINUTE]


def test_jitter_only_adds() -> None:
    assert Backoff(MINUTE).wait(0, chance=1.0) == MINUTE * (1 + JITTER)


def test_what_was_waited_is_the_sum_of_the_waits() -> None:
    backoff = Backoff(MINUTE, 4 * MINUTE)

    assert [backoff.waited(tries) for tries in range(5)] == [
        MINUTE * minutes for minutes in (0, 1, 3, 7, 11)
    ]


@given(st.integers(0, 10_000), st.floats(0, 1), st.integers(1, 10_000), st.integers(1, 10**6))
@settings(deadline=None, max_examples=200)
def test_a_wait_is_never_shorter_than_the_first_nor_longer_than_the_cap(
    tries: int, chance: float, first: int, cap: int
) -> None:
    backoff = Backoff(timedelta(seconds=first), timedelta(seconds=max(first, cap)))

    assert backoff.first <= backoff.wait(tries, chance) <= backoff.cap
