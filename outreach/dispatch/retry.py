"""When to try again after a temporary answer."""

import random
from dataclasses import dataclass
from datetime import timedelta

JITTER = 0.25  # of the wait, added: a greylisting server's minimum is kept


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first` up to `cap`."""

    first: timedelta = timedelta(seconds=60)  # greylisting asks for a minute
    cap: timedelta = timedelta(hours=4)

    def wait(self, tries: int, chance: float | None = None) -> timedelta:
        """How long to wait after so many temporary answers before this one.

        `chance`, 0 to 1, says how much jitter is added; drawn when absent.
        """
        drawn = random.random() if chance is None else chance  # noqa: S311
        return min(self._plain(tries) * (1 + JITTER * drawn), self.cap)

    def waited(self, tries: int) -> timedelta:
        """The least that so many waits have taken together."""
        return sum((self._plain(each) for each in range(tries)), timedelta())

    def _plain(self, tries: int) -> timedelta:
        doublings = min(tries, 32)  # beyond, a timedelta overflows, and the cap holds anyway
        seconds = self.first.total_seconds() * 2**doublings
        return timedelta(seconds=min(seconds, self.cap.total_seconds()))
