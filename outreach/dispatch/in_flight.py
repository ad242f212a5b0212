"""What an adapter has pulled and not reported, and how domains share its connections.

A server may take minutes to answer (RFC 5321 4.5.3.2). Each pull is for one connection, which is
busy until all of that pull is reported: so it is known here who keeps how many of them.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import count

from outreach.channels.adapter import Outcome
from outreach.dispatch.held import Held, Ready
from outreach.dispatch.patience import Patience
from outreach.dispatch.shelf import Shelf
from outreach.vocabulary import Answer


@dataclass(slots=True)
class _Out:
    held: Held
    lane: str
    pull: int
    handed_at: float | None = None  # time.monotonic; None: not committed yet


@dataclass(slots=True)
class Room:
    """Who may have another one of so many connections; `busy` counts them by domain's lane."""

    connections: int
    busy: Counter[str]
    slow: frozenset[str]
    prompt: frozenset[str]  # an answer came soon while others were waited for
    known: frozenset[str] = field(init=False)  # of these the ones that are not slow
    _half: int = field(init=False)

    def __post_init__(self) -> None:
        self.known = self.prompt - self.slow
        self._half = half_of(self.connections)

    def for_slow(self, one: Ready) -> bool:
        """Whether its domain is slow, has its share, and slow ones leave some to the others."""
        lane = one.held.own_lane
        return lane in self.slow and self.busy[lane] < self._half and self._leave_some(self.slow)

    def for_others(self, one: Ready) -> bool:
        """Whether its domain is not slow, and has its share; one at first, if it is not known."""
        lane = one.held.own_lane
        if self.connections < 2:
            return True
        if lane in self.slow or self.busy[lane] >= self._half:
            return False
        if lane in self.known or not self.busy[lane]:
            return True
        return self._leave_some(self.busy.keys() - self.known)

    def for_prompt(self, one: Ready) -> bool:
        """Whether its domain answers soon, so that it may have all until others have work."""
        return one.held.own_lane in self.known

    def _leave_some(self, lanes: Iterable[str]) -> bool:
        """Whether one more connection to them leaves a quarter, and at least one."""
        taken = sum(self.busy[lane] for lane in lanes)
        return taken < self.connections - max(1, self.connections // 4)


def half_of(connections: int) -> int:
    """The most that one domain may keep while others have work."""
    return (connections + 1) // 2


class InFlight:
    """The messages that an adapter has in hand; any thread may use it.

    No domain keeps more than half of the connections while others have work. One that answers may
    have all until then; one that has yet to answer may not, nor one that is slow: for which half
    of them waited `slow_seconds` after handing. Slow ones together leave a quarter, at least one.
    """

    def __init__(self, patience: Patience, most: int, slow_seconds: float) -> None:
        """Never more than `most` messages."""
        self._patience = patience
        self._most = most
        self._slow_seconds = slow_seconds
        self._out: dict[int, _Out] = {}
        self._waiting: set[int] = set()  # pulls
        self._numbers = count()
        self._prompt: set[str] = set()
        self._changed = threading.Condition()

    def ask(self, connection: int | None = None) -> int:
        """The number of a pull that waits from now on: its connection's, or one of its own.

        A connection may pull once more while it is busy: it is one all the same.
        """
        with self._changed:
            number = next(self._numbers) if connection is None else -1 - connection
            self._waiting.add(number)
            self._changed.notify_all()
            return number

    def answer(self, pull: int) -> None:
        """Note that a pull waits no longer."""
        with self._changed:
            self._waiting.discard(pull)

    def take(self, pull: int, shelf: Shelf, most: int) -> list[Ready]:
        """Up to `most` messages off the shelf that may go now; a slow domain's go one by one.

        Never more than a connection's part of all that may be in flight: others would have none.
        Of a delivery that was taken back and claimed again both messages may stand there: one goes
        at a time, and the database says whether it still may.
        """
        with self._changed:
            room = self._room()
            most = min(most, max(1, self._most // max(1, room.connections)))
            ready = self._take(pull, shelf, 1, room.for_slow) if room.slow else []
            return (
                ready
                or self._take(pull, shelf, most, room.for_others)
                or self._take(pull, shelf, most, room.for_prompt)
            )

    def _take(
        self, pull: int, shelf: Shelf, most: int, may: Callable[[Ready], bool]
    ) -> list[Ready]:
        def take(one: Ready) -> bool:
            if one.held.id in self._out or not may(one):
                return False
            self._out[one.held.id] = _Out(one.held, one.held.own_lane, pull)
            return True

        return shelf.take(most, take)

    def handed(self, ids: Collection[int], at: float) -> None:
        """Note that these were committed as handing, by time.monotonic."""
        with self._changed:
            for id_ in ids:
                if id_ in self._out:
                    self._out[id_].handed_at = at

    def answered(self, outcome: Outcome) -> Held | None:
        """Let go of the message of an outcome; None: it is not in flight."""
        with self._changed:
            out = self._out.pop(outcome.id, None)
            self._changed.notify_all()
            if out is None:
                return None
            if (
                outcome.begun
                and outcome.answer is not Answer.UNREACHABLE
                and not self._is_late(out)
            ):
                self._prompt.add(out.lane)
            return out.held

    def forget(self, ids: Collection[int]) -> list[Held]:
        """Let go of messages that were not handed over; those that were in flight."""
        with self._changed:
            found = [self._out.pop(id_, None) for id_ in ids]
            return [out.held for out in found if out is not None]

    def ids(self) -> list[int]:
        """The messages in flight."""
        with self._changed:
            return list(self._out)

    def wait(self, seconds: float) -> None:
        """Wait for an answer, or for another pull, at most so long."""
        with self._changed:
            self._changed.wait(seconds)

    def _room(self) -> Room:
        out = self._out.values()
        connections = min(len(self._waiting | {one.pull for one in out}), self._most)
        since = time.monotonic() - self._slow_seconds
        late = _by_lane(one for one in out if (one.handed_at or math.inf) <= since)
        busy = _by_lane(out)
        for lane, waiting in late.items():
            if waiting >= half_of(connections):
                self._patience.late(lane)
        self._prompt &= busy.keys()
        return Room(connections, busy, self._patience.slow(), frozenset(self._prompt))

    def _is_late(self, out: _Out) -> bool:
        since = out.handed_at
        return since is not None and time.monotonic() - since >= self._slow_seconds


def _by_lane(out: Iterable[_Out]) -> Counter[str]:
    pulls = {(one.lane, one.pull) for one in out if one.lane}
    return Counter(lane for lane, _ in pulls)
