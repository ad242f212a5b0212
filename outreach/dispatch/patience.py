"""Domains that answer «later», or late: each goes apart, so that the others go on.

A domain is known here by its lane: that of its limit, which others may share, or of its own.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from outreach.channels.adapter import Outcome
from outreach.dispatch.retry import Backoff
from outreach.logger import Logger
from outreach.vocabulary import Answer, Fault

log = Logger(__name__)
# A server that greylists (RFC 6647) says «later» once to each new recipient, and takes them a
# minute later: it must see some of them before it is left alone, and again after each rest.
MOST_REFUSALS = 20
LONGEST = timedelta(minutes=15)
SLOW_FOR_SECONDS = 60.0  # after its answers were late
MOST_AHEAD = 2  # claimed messages of a slow domain that wait for their turn …
MOST_ALL_AHEAD = 32  # … and of all of them, before no more are claimed


class Patience:
    """What one worker knows of domains that put it off on a channel; any thread may tell it."""

    def __init__(self, channel: str, backoff: Backoff) -> None:
        self._channel = channel
        self._backoff = backoff
        self._lock = threading.Lock()
        self._refusals: Counter[str] = Counter()  # in a row
        self._rests: Counter[str] = Counter()  # since a message was last taken
        self._rests_until: dict[str, float] = {}
        self._slow_until: dict[str, float] = {}

    def note(self, lane: str, outcome: Outcome) -> None:
        """Learn from an answer; only one that speaks of the domain counts."""
        if not lane or not outcome.begun:
            return
        if outcome.answer is Answer.ACCEPTED:
            self._forget(lane)
        elif outcome.answer is Answer.RETRY and outcome.fault is Fault.TEMPORARY:
            self._refused(lane)

    def late(self, lane: str) -> None:
        """Note that its answers are late."""
        now = time.monotonic()
        with self._lock:
            is_new = self._slow_until.get(lane, 0.0) <= now
            self._slow_until[lane] = now + SLOW_FOR_SECONDS
        if is_new:
            log.warning("domain is slow", channel=self._channel, domain=self._name(lane))

    def resting(self) -> frozenset[str]:
        """The lanes that rest now."""
        return self._still(self._rests_until)

    def slow(self) -> frozenset[str]:
        """The lanes whose answers are late, or were within the last minute."""
        return self._still(self._slow_until)

    def enough(self, on_shelf: Mapping[str, int]) -> frozenset[str]:
        """The slow lanes of which nothing more should be claimed, with so many of each waiting."""
        slow = self.slow()
        if sum(on_shelf.get(lane, 0) for lane in slow) >= MOST_ALL_AHEAD:
            return slow
        return frozenset(lane for lane in slow if on_shelf.get(lane, 0) >= MOST_AHEAD)

    def rests(self, lane: str) -> bool:
        """Whether the lane rests now."""
        with self._lock:
            return self._rests_until.get(lane, 0.0) > time.monotonic()

    def _still(self, until: dict[str, float]) -> frozenset[str]:
        if not until:
            return frozenset()
        now = time.monotonic()
        with self._lock:
            for lane in [lane for lane, ends_at in until.items() if ends_at <= now]:
                del until[lane]
            return frozenset(until)

    def _forget(self, lane: str) -> None:
        if not (self._refusals or self._rests or self._rests_until):
            return  # as nearly always: no lock for each message
        with self._lock:
            self._refusals.pop(lane, None)
            self._rests.pop(lane, None)
            self._rests_until.pop(lane, None)

    def _refused(self, lane: str) -> None:
        now = time.monotonic()
        with self._lock:
            if self._rests_until.get(lane, 0.0) > now:
                return  # an answer to what was on its way: it says nothing new
            self._refusals[lane] += 1
            if self._refusals[lane] < MOST_REFUSALS:
                return
            self._refusals[lane] = 0
            wait = min(self._backoff.wait(self._rests[lane]), LONGEST)
            self._rests[lane] += 1
            self._rests_until[lane] = now + wait.total_seconds()
        seconds = round(wait.total_seconds())
        log.warning("domain rests", channel=self._channel, domain=self._name(lane), seconds=seconds)

    def _name(self, lane: str) -> str:
        return lane.removeprefix(f"{self._channel}/")
