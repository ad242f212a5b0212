"""How far to claim ahead: what goes out in about a second, since a dead worker parks its claims."""

import time
from collections.abc import Callable

AHEAD_SECONDS = 1.0
LOOK_SECONDS = 0.25  # a rate is measured over
LEAST = 32  # a first claim; a slow server's connections find the next message ready


class Stride:
    """A size of claims that follows the rate at which messages leave the shelf."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Never more than `most`."""
        self.size = min(LEAST, most)
        self._most = most
        self._clock = clock
        self._taken = 0
        self._at = clock()

    def follow(self, taken: int) -> None:
        """Learn that so many messages have left the shelf since it is there."""
        now = self._clock()
        seconds = now - self._at
        if seconds < LOOK_SECONDS:
            return
        rate = (taken - self._taken) / seconds
        self._taken, self._at = taken, now
        self.size = min(self._most, max(LEAST, int(rate * AHEAD_SECONDS)))
