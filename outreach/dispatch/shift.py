"""One worker from its registration to its end, and what all its threads share."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, Engine

from outreach.clock import Clock, Instants, SystemClock
from outreach.dispatch.away import AwayChannels
from outreach.dispatch.places import Holdings, Places, Tally
from outreach.dispatch.retry import Backoff
from outreach.dispatch.rulebook import Rulebook
from outreach.dispatch.trouble import DatabaseTrouble
from outreach.logger import Logger
from outreach.store.custody import BEGIN_SECONDS
from outreach.store.durable import left_to_the_disk
from outreach.store.engine import begin_read, begin_write, writing
from outreach.store.giving_up import give_up_at
from outreach.store.schema import OtherSchema, head

log = Logger(__name__)
WRITE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a worker does at once, and for how long."""

    in_flight: int = 64  # handing at once
    batch: int = 400  # deliveries claimed in one transaction: what it costs besides, they share
    lease: timedelta = timedelta(seconds=30)
    backoff: Backoff = field(default_factory=Backoff)
    decided_seconds: float = 10.0  # what was decided is good for handing over so long
    begin_seconds: float = BEGIN_SECONDS  # from the commit of handing to the message's first byte
    slow_seconds: float = 3.0  # from that commit to the answer: then its domain is slow
    answers: int = 50  # settled in one transaction
    answer_seconds: float = 0.025  # an answer waits for others
    hand_seconds: float = 0.010  # who has messages ready waits for others, to share their commit
    stop_seconds: float = 22.0  # for answers, once asked to end; then 4 more to write them down


class KeptConnection:
    """One thread's connection, from one transaction to the next: to take one each time costs as much.

    Either all of them read, or all write. After an error the next transaction has a new one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._conn: Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction as engine.writing's."""
        with self.bare() as conn, begin_write(conn):
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction as engine.reading's."""
        with self.bare() as conn, begin_read(conn):
            yield conn

    @contextmanager
    def bare(self) -> Iterator[Connection]:
        """The connection with no transaction open."""
        conn = self._conn = self._conn or self._engine.connect()
        try:
            yield conn
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back."""
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()


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
        self.trouble = DatabaseTrouble()
        self.schema = head()
        self.outdated: OtherSchema | None = None  # why it must end: its code is not the schema's
        self.away = AwayChannels(self.real_clock)
        self.stop = threading.Event()  # asked to end
        self._one_writer = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self.gives_up_at = float("inf")  # once asked to end: without a database till then
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

    @contextmanager
    def writing_on(self, kept: "KeptConnection") -> Iterator[Connection]:
        """The same over a connection that a thread keeps for its many transactions."""
        with self._one_writer, kept.writing() as conn:
            yield conn

    @contextmanager
    def writing_ahead(self, kept: "KeptConnection") -> Iterator[Connection]:
        """The same, safe on SQLite's disk only after `wait_for_disk`, or a later commit that is."""
        with self._one_writer, kept.bare() as conn, left_to_the_disk(conn), begin_write(conn):
            yield conn

    def end(self) -> None:
        """Begin nothing more; what is in flight is still answered and settled, but not for ever."""
        self.gives_up_at = time.monotonic() + self.limits.stop_seconds + WRITE_SECONDS
        give_up_at(self.gives_up_at, self.engine)
        self.stop.set()

    def leave(self, why: OtherSchema) -> None:
        """Claim nothing more from now on; what is in flight is settled."""
        if self.outdated is None:
            log.error("worker ends", why=why.message, hint=why.hint)
        self.outdated = why

    def ending(self) -> bool:
        """Whether to begin nothing more."""
        return self.stop.is_set() or self.lost.is_set() or self.outdated is not None
