"""How far a worker claims ahead."""

import pytest

from outreach.dispatch.stride import LEAST, Stride


class Hands:
    """A clock whose hands are set."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_a_first_claim_is_a_small_one(hands: Hands) -> None:
    assert Stride(200, hands).size == LEAST


def test_a_claim_is_what_goes_out_in_a_second(hands: Hands) -> None:
    stride = Stride(200, hands)
    hands.at += 0.5
    stride.follow(60)
    assert stride.size == 120


def test_a_fast_wire_gets_no_more_than_the_most(hands: Hands) -> None:
    stride = Stride(200, hands)
    hands.at += 0.5
    stride.follow(10_000)
    assert stride.size == 200


def test_a_wire_that_stops_gets_the_least_again(hands: Hands) -> None:
    stride = Stride(200, hands)
    hands.at += 0.5
    stride.follow(10_000)
    hands.at += 30.0
    stride.follow(10_000)
    assert stride.size == LEAST


def test_two_looks_at_once_do_not_take_the_second_for_a_halt(hands: Hands) -> None:
    stride = Stride(200, hands)
    hands.at += 0.5
    stride.follow(60)
    hands.at += 0.001
    stride.follow(60)
    assert stride.size == 120


def test_a_worker_that_may_claim_few_at_once_never_claims_more(hands: Hands) -> None:
    assert Stride(5, hands).size == 5
