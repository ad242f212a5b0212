"""Messages that are ready to be handed over: between the claimer and the adapter's pulls."""

import threading
from collections import Counter, deque
from collections.abc import Sequence

from outreach.dispatch.held import Ready


class Shelf:
    """A queue of ready messages, oldest first; any thread may use it."""

    def __init__(self) -> None:
        self._ready: deque[Ready] = deque()
        self.taken = 0  # messages, since it is there
        self._changed = threading.Condition()

    def put(self, ready: Sequence[Ready]) -> None:
        """Add messages."""
        with self._changed:
            self._ready.extend(ready)
            self._changed.notify_all()

    def take(self, most: int) -> list[Ready]:
        """Up to `most` messages, at once."""
        with self._changed:
            taken = [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
            self.taken += len(taken)
            self._changed.notify_all()
            return taken

    def wait_filled(self, seconds: float) -> bool:
        """Whether there is a message; waits so long for one."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._ready), seconds)

    def wait_below(self, count: int, seconds: float) -> bool:
        """Whether there are fewer than `count` messages; waits so long until there are."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._ready) < count, seconds)

    def lanes(self) -> Counter[str]:
        """How many there are of each lane."""
        with self._changed:
            return Counter(one.held.lane for one in self._ready)

    def __len__(self) -> int:
        with self._changed:
            return len(self._ready)
