"""Shares with intervals, and which variant is clearly better."""

import pytest

from outreach.app.winners import better
from outreach.campaign.experiment import Measure, Variant
from outreach.reports.arms import Counted
from outreach.reports.intervals import Interval, difference, needed, wilson

ARMS = (Variant("plain", 1), Variant("warm", 1), Variant("short", 1))


@pytest.mark.parametrize(
    ("reached", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1.0),
    ],
)  # R. G. Newcombe, Two-sided confidence intervals for the single proportion (1998), table I
def test_an_interval_is_that_of_the_published_table(
    reached: int, of: int, low: float, high: float
) -> None:
    found = wilson(reached, of)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)  # R. G. Newcombe, Interval estimation for the difference (1998), table II, method 10
def test_a_difference_is_that_of_the_published_table(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    shares = wilson(*one), wilson(*other)
    assert shares[0] is not None
    assert shares[1] is not None
    found = difference(shares[0], shares[1])

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nobody_has_no_share() -> None:
    assert wilson(0, 0) is None


def test_how_many_it_takes_is_that_of_the_textbook() -> None:
    assert needed(0.5, 0.2) == 388
    assert needed(0.05, 0.2) == 8158


def counts(**arms: tuple[int, int]) -> dict[str, Counted]:
    return {name: Counted(sent, sent, {Measure.CLICKED: n}) for name, (n, sent) in arms.items()}


@pytest.mark.parametrize(
    ("arms", "winner"),
    [
        ({"plain": (20, 1000), "warm": (60, 1000), "short": (20, 1000)}, "warm"),
        ({"plain": (20, 1000), "warm": (60, 1000), "short": (90, 1000)}, "short"),
        ({"plain": (60, 1000), "warm": (20, 1000)}, "plain"),
        ({"plain": (20, 1000), "warm": (22, 1000)}, "plain"),  # not clearly
        ({"warm": (22, 1000)}, "plain"),  # the first was sent to nobody
        ({}, "plain"),
    ],
)
def test_the_winner_is_clearly_better_than_the_first(
    arms: dict[str, tuple[int, int]], winner: str
) -> None:
    assert better(ARMS, counts(**arms), Measure.CLICKED) == winner


def test_an_interval_says_what_it_holds() -> None:
    assert wilson(50, 100) == Interval(
        0.5, pytest.approx(0.4038, abs=1e-4), pytest.approx(0.5962, abs=1e-4)
    )
