import pytest

from outreach.simulation.honest import HOLDOUTS, interval, samples, visible


def test_a_sample_is_as_large_as_the_textbook_says() -> None:
    """Fleiss, Levin, Paik (3rd edition), table A.4: 0.20 against 0.30, without the correction 293."""
    found = {round(each.goal, 2): each.each_group for each in samples(0.20)}

    assert found[0.30] == 294


def test_a_smaller_difference_takes_more_people() -> None:
    sizes = [each.each_group for each in samples(0.18)]

    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 6_000


@pytest.mark.parametrize("baseline", [0.0, 1.0])
def test_what_can_not_be_lifted_has_no_sample(baseline: float) -> None:
    assert samples(baseline) == []


def test_the_least_goal_that_is_seen_needs_just_the_people_there_are() -> None:
    by_half = visible(0.20, 588)[HOLDOUTS.index(0.5)]

    assert by_half.goal == pytest.approx(0.30, abs=0.001)


def test_too_few_people_show_nothing() -> None:
    assert [each.goal for each in visible(0.2, 4)] == [None, None]


def test_an_interval_holds_the_share_and_narrows_with_numbers() -> None:
    few, many = interval(18, 100), interval(1_800, 10_000)

    assert few[0] < 0.18 < few[1]
    assert few[1] - few[0] > 5 * (many[1] - many[0])
    assert few == pytest.approx((0.117, 0.267), abs=0.001)
    assert interval(0, 0) == (0.0, 1.0)
