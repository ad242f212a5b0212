"""One worker from its registration to its end, and what all its threads share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, Engine

from outreach.clock import Clock, SystemClock
from outreach.dispatch.places import Holdings, Places, Tally
from outreach.dispatch.retry import Backoff
from outreach.dispatch.rulebook import Rulebook
from outreach.store.deliveries import Instants
from outreach.store.engine import writing


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a worker does at once, and for how long."""

    in_flight: int = 64  # handing at once
    batch: int = 200  # deliveries claimed in one transaction
    lease: timedelta = timedelta(seconds=30)
    backoff: Backoff = field(default_factory=Backoff)
    begin_seconds: float = 2.0  # from the commit of handing to the message's first byte
    answers: int = 50  # settled in one transaction
    answer_seconds: float = 0.025  # an answer waits for others


class Shift:
    """What the threads of one worker process share; `worker_id` is its row's.

    `clock` is the decisions'; leases, retries and
    answers go by the real one.
    """

    def __init__(
        self,
        engine: Engine,
        worker_id: int,
        clock: Clock,
        rulebook: Rulebook,
        limits: Limits,
    ) -> None:
        self.engine = engine
        self.worker_id = worker_id
        self.clock = clock
        self.real_clock: Clock = SystemClock()
        self.rulebook = rulebook
        self.limits = limits
        self.places = Places(limits.in_flight)
        self.holdings = Holdings()
        self.tally = Tally()
        self.stop = threading.Event()  # asked to end
        self._one_writer = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self.lost = threading.Event()  # declared dead: what is held is another's

    def instants(self) -> Instants:
        """The present by both clocks."""
        return Instants(self.clock.now(), self.real_clock.now())

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction as engine.writing's.

        SQLite has one writer at a time: threads of one process queue here, instead of each asking
        for the file again and again (that halved the rate).
        """
        with self._one_writer, writing(self.engine) as conn:
            yield conn

    def ending(self) -> bool:
        """Whether to begin nothing more."""
        return self.stop.is_set() or self.lost.is_set()
