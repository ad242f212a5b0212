"""Domains that answer «later»: each rests by itself, so that the others go on."""

import threading
import time
from collections import Counter
from datetime import timedelta

from outreach.channels.adapter import Outcome
from outreach.dispatch.retry import Backoff
from outreach.logger import Logger
from outreach.settings.rate_limits import domain_of, lane_of
from outreach.vocabulary import Answer, Fault

log = Logger(__name__)
# A server that greylists (RFC 6647) says «later» once to each new recipient, and takes them a
# minute later: it must see some of them before it is left alone, and again after each rest.
MOST_REFUSALS = 20
LONGEST = timedelta(minutes=15)


class Patience:
    """What one worker knows of domains that put it off on a channel; any thread may tell it."""

    def __init__(self, channel: str, backoff: Backoff) -> None:
        self._channel = channel
        self._backoff = backoff
        self._lock = threading.Lock()
        self._refusals: Counter[str] = Counter()  # in a row
        self._rests: Counter[str] = Counter()  # since a message was last taken
        self._until: dict[str, float] = {}

    def note(self, address: str, outcome: Outcome) -> None:
        """Learn from an answer; only one that speaks of the domain counts."""
        domain = domain_of(address)
        if not domain or not outcome.begun:
            return
        if outcome.answer is Answer.ACCEPTED:
            self._forget(domain)
        elif outcome.answer is Answer.RETRY and outcome.fault is Fault.TEMPORARY:
            self._refused(domain)

    def resting(self) -> frozenset[str]:
        """The lanes of the domains that rest now."""
        now = time.monotonic()
        with self._lock:
            names = [domain for domain, until in self._until.items() if until > now]
        return frozenset(lane_of(self._channel, name) for name in names)

    def rests(self, address: str) -> bool:
        """Whether the address is of a domain that rests now."""
        if not self._until:
            return False
        with self._lock:
            return self._until.get(domain_of(address), 0.0) > time.monotonic()

    def _forget(self, domain: str) -> None:
        with self._lock:
            for known in (self._refusals, self._rests, self._until):
                known.pop(domain, None)

    def _refused(self, domain: str) -> None:
        now = time.monotonic()
        with self._lock:
            if self._until.get(domain, 0.0) > now:
                return  # an answer to what was on its way: it says nothing new
            self._refusals[domain] += 1
            if self._refusals[domain] < MOST_REFUSALS:
                return
            self._refusals[domain] = 0
            wait = min(self._backoff.wait(self._rests[domain]), LONGEST)
            self._rests[domain] += 1
            self._until[domain] = now + wait.total_seconds()
        log.warning(
            "domain rests",
            channel=self._channel,
            domain=domain,
            seconds=round(wait.total_seconds()),
        )
