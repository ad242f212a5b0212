"""The thread that writes answers down and hands over what is next, both in one transaction.

Few at a time and soon, so that a kill loses little; and never two commits where one will do.
"""

import math
import threading
import time
from collections import Counter, deque
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
from outreach.store.durable import wait_for_disk
from outreach.store.handover import Handing, can_be_one_trip
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
    """Takes answers and handings from any thread; an answer waits at most 25 ms for others, 10 ms
    where somebody waits to send.

    A place of the gate is free again once the answer is committed. While the database can not
    be reached answers are kept and tried again; once the shift ends not for ever: the sweep finds
    the rest.
    """

    def __init__(self, shift: Shift, ledger: Ledger) -> None:
        self._shift = shift
        self._ledger = ledger
        self.channel = ledger.channel
        self._guard = Guard(shift, ledger.channel)
        self._answers: deque[Answered] = deque()
        self._wanted: list[_Wanted] = []
        self._came = threading.Condition()
        self._idle = False  # the thread waits for a first one
        self._closed = False
        self._is_on_disk = (
            True  # what was committed; a handing that follows waits for all before it
        )
        self._connection = KeptConnection(shift.engine)
        self._one_trip = can_be_one_trip(shift.engine)
        self._thread = threading.Thread(target=self._work, name=f"settle-{ledger.channel}")
        self._thread.start()

    def put(self, answered: Answered) -> None:
        """Take one answer; returns at once."""
        with self._came:
            self._answers.append(answered)
            if self._idle or self._is_enough():  # a look of the thread costs two switches
                self._came.notify()

    def hand(self, rows: Sequence[Handing]) -> tuple[set[int] | None, float]:
        """Commit deliveries as handing: the ids that may go out, and an instant before the commit.

        None: nobody knows whether it was committed, or it was not. By time.monotonic.
        """
        wanted = _Wanted(rows)
        with self._came:
            if self._closed:
                return None, 0.0
            self._wanted.append(wanted)
            if len(self._wanted) == 1 or self._is_enough():
                self._came.notify()
        wanted.decided.wait()
        return wanted.ours, wanted.handed_at

    def _waited_for_disk(self) -> bool:
        """Whether all that was committed is on the disk; where nobody knows that is told."""
        with self._shift.trouble.noted("commit not confirmed by the disk", channel=self.channel):
            wait_for_disk(self._shift.engine)
            self._is_on_disk = True
        return self._is_on_disk

    def close(self) -> None:
        """Write what is left and end."""
        with self._came:
            self._closed = True
            self._came.notify()
        self._thread.join()

    def _is_enough(self) -> bool:
        """Whether nothing is to be waited for: a flush is full, or all that is in flight is here."""
        here = len(self._answers) + sum(len(one.rows) for one in self._wanted)
        full = len(self._answers) >= self._shift.limits.answers
        return full or self._closed or self._shift.places.taken() <= here

    def _is_urgent(self) -> bool:
        """Whether somebody waits to send: for a commit, or for a place that one gives back.

        Where all write to one file that is no reason for more commits: each keeps the others waiting.
        """
        waited_for = self._one_trip and self._shift.places.are_waited_for()
        return bool(self._wanted) or waited_for

    def _work(self) -> None:
        while True:
            flush, wanted = self._gather()
            if not (flush or wanted):
                break
            try:
                self._serve(flush, wanted)
            finally:
                for one in wanted:
                    one.decided.set()
        self._connection.close()

    def _gather(self) -> tuple[list[Answered], list[_Wanted]]:
        """What is there, and what comes soon: less where somebody waits to send. Nothing: the end."""
        limits, until = self._shift.limits, math.inf
        if not (self._is_on_disk or self._answers or self._wanted):  # answers that nothing follows
            self._waited_for_disk()
        with self._came:
            self._idle = True
            self._came.wait_for(lambda: self._answers or self._wanted or self._closed)
            self._idle = False
            while not self._is_enough():
                now = time.monotonic()
                soon = limits.hand_seconds if self._is_urgent() else limits.answer_seconds
                until = min(until, now + soon)
                if now >= until:
                    break
                self._came.wait(min(until - now, limits.hand_seconds))
            count = min(len(self._answers), limits.answers)
            wanted, self._wanted = self._wanted, []
            return [self._answers.popleft() for _ in range(count)], wanted

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
            if not one.decided.is_set():
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
        rows = [row for one in wanted for row in one.rows]
        at = shift.instants()
        together = self._one_trip and all(one.is_plain for one in flush)
        if together:
            handed_at = time.monotonic()  # no later than the commit
            with self._connection.bare() as conn:
                written = self._ledger.exchange_and_commit(conn, flush, rows, at)
        else:
            with shift.writing_ahead(self._connection) as conn:
                if wanted:
                    custody.begin_handing(conn)
                written = self._ledger.exchange(conn, flush, rows, at)
                handed_at = time.monotonic()
            self._is_on_disk = False
        settlements, moved, found = written
        shift.trouble.over()
        overtaken = [one for one in flush if together and one.held.id not in moved]
        if not overtaken:
            shift.places.give(
                len(flush)
            )  # a handing into them waits for the disk, and so for these
        is_safe = not wanted or self._waited_for_disk()
        for one in wanted:
            one.ours = found.intersection(row[0] for row in one.rows) if is_safe else None
            one.handed_at = handed_at
            one.decided.set()
        if not flush:
            return
        if overtaken:
            self._count_overtaken(overtaken)
            shift.places.give(len(flush))
        shift.holdings.settled(settlements)
        counts = Counter(moved.values())
        shift.tally.count({state: n for state, n in counts.items() if state is not State.DUE})
        _tell(self.channel, settlements, moved, counts)
        self._guard.look(runs_and_outcomes([one for one in flush if not one.is_plain]))

    def _count_overtaken(self, plain: list[Answered]) -> None:
        """Write down what moved nothing in one round trip; where it fails all are written again."""
        at = self._shift.instants()
        with self._shift.writing_on(self._connection) as conn:
            self._ledger.count_overtaken(conn, plain, at.now)


def _tell(
    channel: str, settlements: list[Settlement], moved: dict[int, State], counts: Counter[State]
) -> None:
    if log.debugs():
        for one in settlements:
            now = moved.get(one.id)
            log.debug("settled", delivery=one.id, fence=one.fence, state=now, reason=one.reason)
    overtaken = len(settlements) - counts.total()
    more = {"overtaken": overtaken} if overtaken else {}
    log.info(
        "answers settled", channel=channel, **{str(each): counts[each] for each in counts}, **more
    )
