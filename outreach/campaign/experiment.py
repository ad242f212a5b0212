"""What a campaign tries out: its arms with their shares, and how the better one is chosen."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

WHOLE = 10_000  # arms are parts of this


class Variant(NamedTuple):
    """One arm; `weight` is its share beside those of the others."""

    name: str
    weight: int


class Measure(StrEnum):
    """What customers do that tells one arm from another."""

    CLICKED = "clicked"  # followed a link of the message
    REPLIED = "replied"  # wrote back
    GOAL = "goal"  # reached the campaign's goal


@dataclass(frozen=True, slots=True)
class Winner:
    """The arm that does better in a test gets everybody else."""

    by: Measure
    after: timedelta  # from the test's first turn
    test: int  # of 10,000: who is sent an arm at once


def ends_of(variants: tuple[Variant, ...]) -> list[int]:
    """Where each arm ends among 0 … 9999, the first begins at 0; the last ends at 10,000."""
    total = sum(each.weight for each in variants)
    return [WHOLE * sums // total for sums in accumulate(each.weight for each in variants)]
