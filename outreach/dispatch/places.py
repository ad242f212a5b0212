"""How much a worker process may have in the hands of providers, and what it holds at all."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping

from outreach.store.custody import Settlement
from outreach.vocabulary import State

SOME_OF = 8  # this part of all places is enough to begin with …
SOME_SECONDS = 0.003  # … and so long it is waited for
MOST_REMEMBERED = 4096  # settlements kept to be written again after a database crash


class Places:
    """A gate that lets only so many deliveries be *handing* at once, over all channels."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._free = most
        self._passed = 0
        self._waiting = 0  # who finds none free
        self._changed = threading.Condition()

    def take(self, wanted: int, wait_seconds: float) -> int:
        """As many places as are free, at most `wanted`; waits for the first one; 0: none came.

        Where few are free it waits a moment for some more: who takes one by one comes often.
        """
        some = min(wanted, self.most // SOME_OF)
        with self._changed:
            self._waiting += 1
            if self._changed.wait_for(lambda: self._free > 0, wait_seconds):
                self._changed.wait_for(lambda: self._free >= some, SOME_SECONDS)
            self._waiting -= 1
            taken = min(wanted, self._free)
            self._free -= taken
            self._passed += taken
            return taken

    def give(self, count: int) -> None:
        """Free places again."""
        with self._changed:
            self._free += count
            self._changed.notify_all()

    def are_waited_for(self) -> bool:
        """Whether somebody waits for places."""
        return self._waiting > 0

    def passed(self) -> int:
        """How many have ever been taken: whether it has grown says that something went out."""
        with self._changed:
            return self._passed

    def taken(self) -> int:
        """How many are taken now."""
        with self._changed:
            return self.most - self._free


class Holdings:
    """What this process knows to be in its hands, and what it settled lately.

    The database may say otherwise: a claim whose commit was never confirmed, a settlement that a
    database crash took back. Comparing the two finds both.
    """

    def __init__(self) -> None:
        self._fences: dict[int, int] = {}
        self._settled: OrderedDict[int, Settlement] = OrderedDict()
        self._lock = threading.Lock()

    def hold(self, fences: Mapping[int, int]) -> None:
        """Take deliveries into the hands, by id with their fences."""
        with self._lock:
            self._fences.update(fences)

    def drop(self, held: Iterable[tuple[int, int]]) -> None:
        """Let go of deliveries `(id, fence)`; what was claimed again since stays in the hands."""
        with self._lock:
            for id_, fence in held:
                self._drop(id_, fence)

    def settled(self, settlements: Iterable[Settlement]) -> None:
        """Let go of deliveries, remembering how they were settled."""
        with self._lock:
            for one in settlements:
                self._drop(one.id, one.fence)
                self._settled[one.id] = one
            while len(self._settled) > MOST_REMEMBERED:
                self._settled.popitem(last=False)

    def _drop(self, id_: int, fence: int) -> None:
        if self._fences.get(id_) == fence:
            del self._fences[id_]

    def strangers(self, table: Mapping[int, tuple[int, State]]) -> dict[int, tuple[int, State]]:
        """Which rows the database says are ours that we do not hold."""
        with self._lock:
            return {
                id_: (fence, state)
                for id_, (fence, state) in table.items()
                if self._fences.get(id_) != fence
            }

    def settlement(self, id_: int, fence: int) -> Settlement | None:
        """How a delivery was settled lately, if it was."""
        with self._lock:
            found = self._settled.get(id_)
            return found if found is not None and found.fence == fence else None


class Tally:
    """How many deliveries this process moved to each state."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, states: Iterable[str]) -> None:
        """Count deliveries by the state that each moved to."""
        self.count(Counter(states))

    def count(self, moved: Mapping[str, int]) -> None:
        """Add so many of each state."""
        with self._lock:
            for state, n in moved.items():
                self._counts[str(state)] += n

    def counts(self) -> dict[str, int]:
        """The count of each state that anything moved to."""
        with self._lock:
            return dict(sorted(self._counts.items()))
