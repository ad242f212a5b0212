"""The thread that writes answers down: few at a time and soon, so that a kill loses little."""

import queue
import threading
import time

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from outreach.dispatch.guard import Guard
from outreach.dispatch.settle import Answered, Ledger, runs_and_outcomes
from outreach.dispatch.shift import Shift
from outreach.dispatch.trouble import kind_of
from outreach.logger import Logger
from outreach.store.custody import Settlement
from outreach.vocabulary import State

log = Logger(__name__)
PASSING = (OperationalError, InterfaceError, InternalError, NoConnectionFree)
LONGEST_PAUSE_SECONDS = 1.0


class Settler:
    """Takes answers from any thread; each is committed within ≤ 50 answers or 25 ms.

    A place of the gate is free again once the answer is committed. While the database can not
    be reached answers are kept and tried again; once the shift ends not for ever: the sweep finds
    the rest.
    """

    def __init__(self, shift: Shift, ledger: Ledger) -> None:
        self._shift = shift
        self._ledger = ledger
        self._guard = Guard(shift, ledger.channel)
        self._answers: queue.SimpleQueue[Answered | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"settle-{ledger.channel}")
        self._thread.start()

    def put(self, answered: Answered) -> None:
        """Take one answer; returns at once."""
        self._answers.put(answered)

    def close(self) -> None:
        """Write what is left and end."""
        self._answers.put(None)
        self._thread.join()

    def _work(self) -> None:
        open_ = True
        while open_:
            first = self._answers.get()
            flush = [] if first is None else [first]
            open_ = first is not None and self._gather(flush)
            if flush:
                self._write_until_done(flush)

    def _gather(self, flush: list[Answered]) -> bool:
        """Add the answers that come before the flush is full or its time is up; False: the last."""
        limits = self._shift.limits
        until = time.monotonic() + limits.answer_seconds
        while len(flush) < limits.answers:
            alone = self._shift.places.taken() <= len(flush)  # no other answer can come
            try:
                more = self._answers.get(timeout=0 if alone else max(0.0, until - time.monotonic()))
            except queue.Empty:
                return True
            if more is None:
                return False
            flush.append(more)
        return True

    def _write_until_done(self, flush: list[Answered]) -> None:
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

    def _write(self, flush: list[Answered]) -> None:
        shift = self._shift
        with shift.writing() as conn:
            settlements, moved = self._ledger.settle(conn, flush, shift.instants())
        shift.trouble.over()
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
