"""The thread that claims and renders ahead of the adapter, so that the wire never waits."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import InterfaceError, OperationalError

from outreach import queue
from outreach.decisions.ruling import Ruling
from outreach.dispatch.claim import Claimer, Haul
from outreach.dispatch.held import Held
from outreach.dispatch.patience import MOST_AHEAD
from outreach.dispatch.purse import Purse
from outreach.dispatch.shelf import Shelf
from outreach.dispatch.shift import KeptConnection, Shift
from outreach.dispatch.source import give_back
from outreach.dispatch.stride import Stride
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.store import channel_holds, custody, deliveries, lanes, schema
from outreach.store.engine import plan_once
from outreach.store.lanes import Waiting
from outreach.store.schema import OtherSchema
from outreach.vocabulary import State

log = Logger(__name__)
LOOK_SECONDS = 0.1  # between two looks at the database that brought nothing
SOON_SECONDS = 1.5  # tokens that come within so long are waited for
LEAST_WAIT_SECONDS = 0.02
REST_SECONDS = 30.0  # of a run that can not be decided about
DRAIN_SECONDS = 2.0  # how long a turn may take to come to its end
MOST_FAILURES = 3  # of a run in a row, before it is held for a person
RENDER = "render"
BROKEN = "broken"


@dataclass(slots=True)
class Turn:
    """When a turn of serving should end, so that other channels and new rules get theirs.

    Slow answers may keep it from ending: then the channel goes on for another turn meanwhile.
    """

    seconds: float
    ends_at: float = 0.0

    def __post_init__(self) -> None:
        self.ends_at = time.monotonic() + self.seconds

    def is_over(self) -> bool:
        """Whether to claim nothing more for now."""
        now = time.monotonic()
        if now > self.ends_at + DRAIN_SECONDS:
            self.ends_at = now + self.seconds
        return now > self.ends_at


class Prefetch:
    """Keeps the shelf of one channel filled while there is something due."""

    def __init__(self, shift: Shift, channel: str, shelf: Shelf, turn: Turn, purse: Purse) -> None:
        self._shift = shift
        self._channel = channel
        self._shelf = shelf
        self._turn = turn
        self._purse = purse
        self._crowded = False  # a second's messages are on the shelf already
        self._lane_after: dict[int, str | None] = {}
        self._stride = Stride(shift.limits.batch)
        self._connection = KeptConnection(shift.engine)
        self._looking = KeptConnection(shift.engine)
        self._claimer = Claimer(shift.worker_id, shift.rulebook, shift.limits.batch)
        self._resting: dict[int, float] = {}
        self._failures: dict[int, int] = {}
        self._found_nothing = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"claim-{channel}")
        self._thread.start()

    def no_more(self) -> bool:
        """Whether the last look found nothing to send, and nothing is on the shelf."""
        return self._found_nothing.is_set() and not len(self._shelf)

    def close(self) -> None:
        """Claim nothing more; returns when the thread has ended."""
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ends():
            parked = self._make_room()
            if not self._shelf.wait_below(self._stride.size + parked, LOOK_SECONDS):
                continue
            resting = self._turn.is_over() or self._shift.trouble.resting()
            if not resting and self._filled():
                self._found_nothing.clear()
            elif not resting and (soon := self._soon()):
                self._closed.wait(soon)
            else:
                self._found_nothing.set()
                self._closed.wait(LOOK_SECONDS)
        self._found_nothing.set()
        self._connection.close()
        self._looking.close()
        self._purse.empty()

    def _make_room(self) -> int:
        """Put back what slow domains have on the shelf in others' way; how much stays of it."""
        slow = self._purse.patience.slow()
        if not slow:
            return 0
        give_back(self._shift, [one.held for one in self._shelf.surplus(slow, MOST_AHEAD)])
        ahead = self._shelf.lanes()
        return sum(ahead[lane] for lane in slow)

    def _soon(self) -> float:
        """How long until there are tokens again, where it is not worth ending for; else 0."""
        wait = self._purse.wait_seconds()
        if self._crowded or self._purse.patience.enough(self._shelf.lanes()):
            # the shelf may have been emptied since
            return LOOK_SECONDS if len(self._shelf) else LEAST_WAIT_SECONDS
        return 0.0 if wait is None or wait > SOON_SECONDS else max(wait, LEAST_WAIT_SECONDS)

    def _ends(self) -> bool:
        return self._closed.is_set() or self._shift.ending()

    def _filled(self) -> bool:
        """Claim and render one batch; whether anything changed. A fault is told, and nothing did."""
        with self._shift.trouble.noted("claim failed", channel=self._channel):
            try:
                return self._fill()
            except OtherSchema as error:
                self._shift.leave(error)
        return False

    def _fill(self) -> bool:
        self._crowded = False
        self._stride.follow(self._shelf.taken)
        if self._purse.is_dry():
            return False
        at = self._shift.instants()
        with self._looking.reading() as conn:
            if channel_holds.is_held(conn, self._channel):
                return False
            runs = deliveries.runs_with_work(conn, self._channel, at, self._dry())
        for run in runs:
            if self._resting.get(run.id, 0.0) < time.monotonic() and self._fill_from(run):
                return True
        return False

    def _fill_from(self, run: Row[Any]) -> bool:
        """One batch of one run; a run that can not be decided about rests, the others go on."""
        try:
            with self._looking.reading() as conn:
                ruling = self._shift.rulebook.ruling(conn, run.revision_id, run.step)
                waiting = self._waiting(conn, run.id)
            company = ruling.company
            grant = self._purse.fill(
                company.limits(self._channel), company.brand.timezone, waiting,
                self._shelf.lanes(), self._stride.size,
            )  # fmt: skip
            self._crowded = bool(waiting) and not grant.shares
            if not grant.shares:
                return False
            with self._shift.writing_ahead(self._connection) as conn:  # a handing waits for both
                plan_once(conn)
                schema.require(conn, self._shift.schema)
                at = self._shift.instants()
                haul = self._claimer.claim(conn, run, ruling, self._channel, at, grant)
            self._purse.spend(haul.held)
            self._shift.trouble.over()
            self._shift.holdings.hold({one.id: one.fence for one in haul.held})
            self._tell(haul)
            if haul.held:
                self._found_nothing.clear()
                self._render(ruling, haul.held)
        except (OperationalError, InterfaceError, OtherSchema):
            raise  # the database is away, busy or newer: no fault of the run
        except Exception as error:
            self._failed(run.id, error)
            return False
        self._failures.pop(run.id, None)
        return not haul.is_empty()

    def _dry(self) -> frozenset[str]:
        return self._purse.dry(self._shelf.lanes())

    def _waiting(self, conn: Connection, run_id: int) -> list[Waiting]:
        """Some of the run's lanes: those behind the last ones, so that each gets its turn."""
        most, at, dry = self._shift.limits.batch, self._shift.instants(), self._dry()
        after = self._lane_after.pop(run_id, None)
        found = lanes.waiting(conn, run_id, self._channel, at, most, dry, after)
        if not found and after is not None:
            found = lanes.waiting(conn, run_id, self._channel, at, most, dry)
        if len(found) == lanes.MOST:
            self._lane_after[run_id] = found[-1].lane
        return found

    def _failed(self, run_id: int, error: Exception) -> None:
        """Let the run rest; at once for a fault in its files, else on repeat, it is held."""
        self._failures[run_id] = self._failures.get(run_id, 0) + 1
        self._resting[run_id] = time.monotonic() + REST_SECONDS
        in_files = isinstance(error, OutreachError)
        if in_files:
            log.error("run can not be decided about", run=run_id, error=type(error).__name__)
        else:
            log.error("claim of a run failed", run=run_id, exc_info=error)
        if in_files or self._failures[run_id] >= MOST_FAILURES:
            with self._shift.writing() as conn:
                deliveries.hold_run(conn, run_id, BROKEN)

    def _tell(self, haul: Haul) -> None:
        self._shift.tally.add(haul.states)
        for channel in haul.moved_to:
            queue.wake(channel)
        log.info("claimed", channel=self._channel, claimed=len(haul.held), ruled=len(haul.states))

    def _render(self, ruling: Ruling, held: tuple[Held, ...]) -> None:
        """Render before handing: what fails or hangs is only claimed, its neighbours go on."""
        try:
            now = self._shift.clock.now()
            ready = self._shift.rulebook.write(self._shift.engine, ruling, held, now)
        except Exception:
            give_back(self._shift, held)
            raise
        written = {one.held.id for one in ready}
        self._shelf.put(ready)
        self._fail([one for one in held if one.id not in written])

    def _fail(self, held: list[Held]) -> None:
        if not held:
            return
        fences = [(one.id, one.fence) for one in held]
        try:
            with self._shift.writing() as conn:
                failed = custody.fail(conn, self._shift.worker_id, fences, RENDER)
        finally:
            self._shift.holdings.drop(fences)  # if it failed they are found again
        self._shift.tally.add([State.FAILED] * failed)
        log.warning("messages not rendered", channel=self._channel, failed=failed)
