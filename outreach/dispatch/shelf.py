"""Messages that are ready to be handed over: between the claimer and the adapter's pulls."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence

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

    def take(self, most: int, may: Callable[[Ready], bool] = lambda _: True) -> list[Ready]:
        """Up to `most` messages that may go, at once; the others keep their places."""
        with self._changed:
            taken = self._take(most, may)
            self.taken += len(taken)
            return taken

    def surplus(self, lanes: Collection[str], most: int) -> list[Ready]:
        """What each of these domains' lanes has beyond its first `most`, taken off."""
        seen = Counter[str]()

        def is_beyond(one: Ready) -> bool:
            lane = one.held.own_lane
            seen[lane] += 1
            return lane in lanes and seen[lane] > most

        with self._changed:
            return self._take(len(self._ready), is_beyond)

    def _take(self, most: int, may: Callable[[Ready], bool]) -> list[Ready]:
        taken: list[Ready] = []
        passed: list[Ready] = []
        while self._ready and len(taken) < most:
            one = self._ready.popleft()
            (taken if may(one) else passed).append(one)
        self._ready.extendleft(reversed(passed))
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
        """How many there are of each domain's lane."""
        with self._changed:
            return Counter(one.held.own_lane for one in self._ready)

    def __len__(self) -> int:
        with self._changed:
            return len(self._ready)
