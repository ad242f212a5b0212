"""What a baseline tells of goals: how sure it is, and how many people it takes to see a difference.

Sources: Wilson, Journal of the American Statistical Association 22 (1927), for the interval; Fleiss,
Levin, Paik, Statistical Methods for Rates and Proportions (3rd edition), 4.2, for sizes of samples.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

SURE, POWER = 0.95, 0.80  # of not seeing what is not there; of seeing what is
LIFTS = (0.1, 0.2, 0.5)  # more customers than without: a tenth, a fifth, half as many again
HOLDOUTS = (0.1, 0.5)
_BOTH_SIDES = NormalDist().inv_cdf(1 - (1 - SURE) / 2)
_POWER = NormalDist().inv_cdf(POWER)
_STEPS = 60  # of halving: beyond any float


@dataclass(frozen=True, slots=True)
class Sample:
    """To see `goal` instead of the baseline each of two groups needs so many customers."""

    lift: float
    goal: float
    each_group: int


@dataclass(frozen=True, slots=True)
class Visible:
    """With this share held out, the smallest goal that would be told from the baseline."""

    holdout: float
    goal: float | None  # None: not even everybody


def interval(came: int, of: int) -> tuple[float, float]:
    """Where the true share lies, 95 of 100 times."""
    if not of:
        return 0.0, 1.0
    share, z = came / of, _BOTH_SIDES
    middle = share + z * z / (2 * of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - half) / (1 + z * z / of)), min(
        1.0, (middle + half) / (1 + z * z / of)
    )


def samples(baseline: float) -> list[Sample]:
    """What it takes to see some lifts of a baseline; nothing of one that can not be lifted."""
    goals = [(lift, baseline * (1 + lift)) for lift in LIFTS]
    return [
        Sample(lift, goal, ceil(_size(baseline, goal, 1.0)))
        for lift, goal in goals
        if 0 < baseline < goal < 1
    ]


def visible(baseline: float, customers: int) -> list[Visible]:
    """What would be seen among so many customers, by the share that is held out."""
    return [Visible(share, _smallest(baseline, customers, share)) for share in HOLDOUTS]


def _smallest(baseline: float, customers: int, holdout: float) -> float | None:
    held, ratio = customers * holdout, (1 - holdout) / holdout
    low, high = baseline, 1.0
    if held < 1 or baseline >= 1 or _size(baseline, high, ratio) > held:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle <= baseline or _size(baseline, middle, ratio) > held:
            low = middle
        else:
            high = middle
    return high


def _size(baseline: float, goal: float, ratio: float) -> float:
    """Customers held out, where `ratio` times as many are written to."""
    pooled = (baseline + ratio * goal) / (1 + ratio)
    seen = _BOTH_SIDES * sqrt((1 + 1 / ratio) * pooled * (1 - pooled))
    seen += _POWER * sqrt(baseline * (1 - baseline) + goal * (1 - goal) / ratio)
    return (seen / (goal - baseline)) ** 2
