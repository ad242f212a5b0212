"""The thread that writes answers down and hands over what is next, both in one transaction.

Few at a time and soon, so that a kill loses little; and never two commits where one will do.
"""

import math
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from outreach.dispatch.guard import Guard
from outreach.dispatch.settle import Answered, Ledger, runs_and_outcomes
from outreach.dispatch.shift import KeptConnection, Shift
from outreach.dispatch.trouble import kind_of
from outreach.logger import Logger
from outreach.store import custody
from outreach.store.custody import Settlement
from outreach.store.handover import Handing
from outreach.vocabulary import State

log = Logger(__name__)
PASSING = (OperationalError, InterfaceError, InternalError, NoConnectionFree)
LONGEST_PAUSE_SECONDS = 1.0


@dataclass(slots=True)
class _Wanted:
    """Deliveries that somebody waits to be handed over, and which of them were: None: nobody knows."""

    rows: Sequence[Handing]
    ours: set[int] | None = None
    handed_at: float = 0.0
    decided: threading.Event = field(default_factory=threading.Event)


class Exchange:
    """Takes answers and handings from any thread; an answer is committed within 50 or 25 ms.

    A place of the gate is free again once the answer is committed. While the database can not
    be reached answers are kept and tried again; once the shift ends not for ever: the sweep finds
    the rest.
    """

    def __init__(self, shift: Shift, ledger: Ledger) -> None:
        self._shift = shift
        self._ledger = ledger
        self._guard = Guard(shift, ledger.channel)
        self._inbox: queue.SimpleQueue[Answered | _Wanted | None] = queue.SimpleQueue()
        self._connection = KeptConnection(shift.engine)
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"settle-{ledger.channel}")
        self._thread.start()

    def put(self, answered: Answered) -> None:
        """Take one answer; returns at once."""
        self._inbox.put(answered)

    def hand(self, rows: Sequence[Handing]) -> tuple[set[int] | None, float]:
        """Commit deliveries as handing: the ids that may go out, and an instant before the commit.

        None: nobody knows whether it was committed, or it was not. By time.monotonic.
        """
        wanted = _Wanted(rows)
        with self._closing:
            if self._closed:
                return None, 0.0
            self._inbox.put(wanted)
        wanted.decided.wait()
        return wanted.ours, wanted.handed_at

    def close(self) -> None:
        """Write what is left and end."""
        with self._closing:
            self._closed = True
            self._inbox.put(None)
        self._thread.join()

    def _work(self) -> None:
        open_ = True
        while open_:
            flush: list[Answered] = []
            wanted: list[_Wanted] = []
            open_ = self._gather(flush, wanted)
            try:
                self._serve(flush, wanted)
            finally:
                for one in wanted:
                    one.decided.set()
        self._connection.close()

    def _gather(self, flush: list[Answered], wanted: list[_Wanted]) -> bool:
        """Take what is there, and what comes soon: less where somebody waits to send. False: the last.

        Nothing is waited for once all that is in flight is answered.
        """
        limits = self._shift.limits
        until: float | None = None  # the first one is waited for as long as it takes
        handing = 0
        while len(flush) < limits.answers:
            alone = self._shift.places.taken() <= len(flush) + handing
            wait = None if until is None else max(0.0, until - time.monotonic())
            try:
                more = self._inbox.get(timeout=0 if alone and wait is not None else wait)
            except queue.Empty:
                return True
            if more is None:
                return False
            soon = limits.answer_seconds
            if isinstance(more, _Wanted):
                wanted.append(more)
                handing += len(more.rows)
                soon = limits.hand_seconds
            else:
                flush.append(more)
            until = min(until or math.inf, time.monotonic() + soon)
        return True

    def _serve(self, flush: list[Answered], wanted: list[_Wanted]) -> None:
        """One transaction of both; where it fails, nothing is handed over and answers go on alone.

        Answers against an address wait for its customers' locks: in a transaction of their own,
        for whoever pauses a run waits for those that hand over.
        """
        locking = [one for one in flush if one.is_about_address]
        plain = [one for one in flush if not one.is_about_address]
        if not (wanted and self._written_together(plain, wanted)):
            self._write_until_done(plain)
        self._write_until_done(locking)

    def _written_together(self, flush: list[Answered], wanted: list[_Wanted]) -> bool:
        count = sum(len(one.rows) for one in wanted)
        with self._shift.trouble.noted("handing over not confirmed", deliveries=count):
            self._write(flush, wanted)
            return True
        for one in wanted:
            one.ours = None
            one.decided.set()
        return False

    def _write_until_done(self, flush: list[Answered]) -> None:
        if not flush:
            return
        pause = 0.05
        while True:
            try:
                self._write(flush)
            except PASSING as error:
                self._shift.trouble.failed(error)
            except Exception as error:
                self._write_singly(flush, error)
                return
            else:
                return
            if time.monotonic() > self._shift.gives_up_at:
                self._shift.places.give(len(flush))
                return
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _write_singly(self, flush: list[Answered], error: Exception) -> None:
        """One answer that no database takes must not hold up the others; it ends as unknown."""
        if len(flush) > 1:
            for one in flush:
                self._write_until_done([one])
            return
        held = flush[0].held
        log.error("answer can not be settled", delivery=held.id, error=kind_of(error))
        self._shift.places.give(1)
        self._shift.holdings.drop([(held.id, held.fence)])  # comparing with the table finds it

    def _write(self, flush: list[Answered], wanted: Sequence[_Wanted] = ()) -> None:
        shift = self._shift
        with shift.writing_on(self._connection) as conn:
            if wanted:
                custody.begin_handing(conn)
            rows = [row for one in wanted for row in one.rows]
            settlements, moved, found = self._ledger.exchange(conn, flush, rows, shift.instants())
            handed_at = time.monotonic()  # no later than the commit
        for one in wanted:
            one.ours, one.handed_at = found.intersection(row[0] for row in one.rows), handed_at
            one.decided.set()
        shift.trouble.over()
        if not flush:
            return
        shift.holdings.settled(settlements)
        shift.places.give(len(flush))
        shift.tally.add(state for state in moved.values() if state is not State.DUE)
        _tell(self._ledger.channel, settlements, moved)
        self._guard.look(runs_and_outcomes(flush))


def _tell(channel: str, settlements: list[Settlement], moved: dict[int, State]) -> None:
    counts: dict[str, int] = {}
    for one in settlements:
        now = moved.get(one.id)
        counts[now or "overtaken"] = counts.get(now or "overtaken", 0) + 1
        log.debug("settled", delivery=one.id, fence=one.fence, state=now, reason=one.reason)
    log.info("answers settled", channel=channel, **counts)
