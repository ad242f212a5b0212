"""Shares of customers with how sure they are: intervals, differences, and how many it takes."""

from dataclasses import dataclass
from math import ceil, sqrt

Z = 1.959963984540054  # of 95 %, both sides
Z_POWER = 0.8416212335729143  # of 80 %: four of five such differences are found


@dataclass(frozen=True, slots=True)
class Interval:
    """A share, or a difference of two, with its interval of 95 %."""

    rate: float
    low: float
    high: float


def wilson(reached: int, of: int) -> Interval | None:
    """The share with its score interval; None of nobody.

    E. B. Wilson, Probable inference, JASA 22 (1927); see Brown, Cai, DasGupta, Interval estimation
    for a binomial proportion, Statistical Science 16 (2001), which recommends it for few as well.
    """
    if of <= 0:
        return None
    share, z = reached / of, Z * Z / of
    middle = (share + z / 2) / (1 + z)
    half = sqrt(share * (1 - share) / of * Z * Z + z * z / 4) / (1 + z)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def difference(of: Interval, less: Interval) -> Interval:
    """The first share less the second one, with the interval that their own intervals give.

    R. G. Newcombe, Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17 (1998), method 10.
    """
    apart = of.rate - less.rate
    low = apart - sqrt((of.rate - of.low) ** 2 + (less.high - less.rate) ** 2)
    high = apart + sqrt((of.high - of.rate) ** 2 + (less.rate - less.low) ** 2)
    return Interval(apart, low, high)


def needed(rate: float, change: float) -> int:
    """How many an arm it takes to tell a share from one that is larger by a part of it.

    At 95 % sureness, four times of five. J. L. Fleiss, Statistical Methods for Rates and Proportions
    (1981), formula 3.14 without the correction for continuity.
    """
    other = min(rate * (1 + change), 0.999)
    both = (rate + other) / 2
    spread = Z * sqrt(2 * both * (1 - both))
    spread += Z_POWER * sqrt(rate * (1 - rate) + other * (1 - other))
    return ceil((spread / (other - rate)) ** 2)
