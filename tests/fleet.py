"""Several logical workers on the production functions, and a provider that knows what went out.

Nothing here runs by itself: who drives it says who claims, who dies, what the provider says and
when a transaction is committed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatching import kill
from fleet_base import TOPICS, Base, would_wait
from makers import NOW, make_delivery, make_run
from sqlalchemy import Connection, select, update

from outreach.channels.adapter import Outcome
from outreach.clock import Instants
from outreach.dispatch.claim import Claimer
from outreach.dispatch.held import Held
from outreach.dispatch.lease import register
from outreach.dispatch.retry import Backoff
from outreach.dispatch.settle import Answered, Ledger
from outreach.store import custody, tables
from outreach.store.engine import reading, writing
from outreach.vocabulary import Answer, Fault

# What the provider says, and whether it has the message then.
SAID: dict[str, tuple[bool, Callable[[int], Outcome]]] = {
    "accepted": (True, lambda id_: Outcome(id_, Answer.ACCEPTED, provider_id=f"p{id_}")),
    "accepted, answer lost": (True, lambda id_: Outcome(id_, Answer.UNKNOWN, stage="dot")),
    "dropped, answer lost": (False, lambda id_: Outcome(id_, Answer.UNKNOWN, stage="dot")),
    "later": (False, lambda id_: Outcome(id_, Answer.RETRY, Fault.TEMPORARY, "rcpt", "450")),
    "refused": (False, lambda id_: Outcome(id_, Answer.REJECTED, Fault.POLICY, "rcpt", "550")),
    "nobody": (False, lambda id_: Outcome(id_, Answer.REJECTED, Fault.ADDRESS, "rcpt", "550")),
    "away": (False, lambda id_: Outcome(id_, Answer.UNREACHABLE, Fault.TEMPORARY, "connect")),
    "not begun": (False, Outcome.not_begun),
}


@dataclass(frozen=True)
class Taken:
    """A message that the provider has; `at` is the instant of the claim under which it went out."""

    id: int
    fence: int
    address: str
    topic: str
    at: datetime


@dataclass
class Worker:
    """What one worker process knows; `skew` is how far its clock is off."""

    id: int
    skew: timedelta
    claimed: dict[int, Held] = field(default_factory=dict)
    handed: dict[int, Held] = field(default_factory=dict)  # may begin
    answers: list[Answered] = field(default_factory=list)  # not written down yet
    open: ExitStack | None = None  # a claim that is not committed yet, with what it brought
    open_haul: tuple[Held, ...] = ()
    lapsed: bool = False

    @property
    def in_hands(self) -> bool:
        """Whether it would leave anything behind."""
        return bool(self.claimed or self.handed or self.answers or self.open)


class Fleet:
    """The workers of one history, its clocks, and all that the provider got."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.engine = base.engine
        self.people = base.begin_anew()
        self.now = NOW  # the decisions' clock
        self.real_now = NOW
        self.taken: list[Taken] = []
        self.doubts: dict[int, int] = {}  # by delivery: answers never read, that may be repeated
        self.ghosts: list[ExitStack] = []  # transactions whose client is gone
        self.workers = [
            self._worker(skew)
            for skew in (timedelta(), timedelta(seconds=4), -timedelta(seconds=4))
        ]

    def _worker(self, skew: timedelta) -> Worker:
        return Worker(register(self.engine, "worker", timedelta(hours=2)), skew)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction; WouldWaitError where it would wait for another one."""
        with would_wait(), writing(self.engine) as conn:
            yield conn

    def at(self, worker: Worker) -> Instants:
        """The present as a worker's clock has it."""
        return Instants(self.now + worker.skew, self.real_now)

    def plan(self, campaign: str, keys: Iterable[str]) -> int:
        """The run of the campaign at the present instant, for these customers too."""
        with self.writing() as conn:
            of = (tables.runs.c.revision_id == self.base.revisions[campaign],)
            at = tables.runs.c.occurrence_at == self.now
            run = conn.execute(select(tables.runs).where(*of, at)).one_or_none()
            if run is not None and run.state in ("cancelled", "done"):
                return int(run.id)
            run_id = None if run is None else run.id
            if run_id is None:
                run_id = make_run(
                    conn, campaign, revision_id=self.base.revisions[campaign],
                    occurrence_at=self.now,
                )  # fmt: skip
            d = tables.deliveries.c
            there = set(conn.execute(select(d.customer_id).where(d.run_id == run_id)).scalars())
            new = [self.people[key] for key in keys if self.people[key] not in there]
            for id_ in new:
                make_delivery(
                    conn, id_, "due", run_id=run_id, topic=TOPICS[campaign], at=self.now,
                    late_at=self.now + timedelta(days=3),
                )  # fmt: skip
            planned = tables.runs.c.planned + len(new)
            conn.execute(
                update(tables.runs).where(tables.runs.c.id == run_id).values(planned=planned)
            )
        return int(run_id)

    def claim(self, worker: Worker, run_id: int, limit: int, *, stay_open: bool = False) -> None:
        """Claim for a worker; with `stay_open` the transaction is left to be ended later."""
        claimer = Claimer(worker.id, self.base.rulebook, limit)
        with would_wait(), ExitStack() as stack:
            conn = stack.enter_context(writing(self.engine))
            run = conn.execute(select(tables.runs).where(tables.runs.c.id == run_id)).one()
            ruling = self.base.rulebook.ruling(conn, run.revision_id)
            haul = claimer.claim(conn, run, ruling, "email", self.at(worker))
            assert not (worker.lapsed and haul.held), "claimed for a dead worker"
            if stay_open:
                worker.open, worker.open_haul = stack.pop_all(), haul.held
                return
        worker.claimed.update({one.id: one for one in haul.held})

    def commit(self, worker: Worker) -> None:
        """Commit what a worker left open; it learns what it has."""
        stack, worker.open = worker.open, None
        assert stack is not None
        stack.close()
        worker.claimed.update({one.id: one for one in worker.open_haul})

    def hand(self, worker: Worker, most: int, *, confirmed: bool) -> list[Held]:
        """Commit handing of what the worker holds; unconfirmed: committed, and nothing begins."""
        held = list(worker.claimed.values())[:most]
        with self.writing() as conn:
            ours = custody.hand(conn, worker.id, [(one.id, one.fence, "<m@x>") for one in held])
        for one in held:
            del worker.claimed[one.id]
            if not confirmed:
                worker.answers.append(self._answered(one, Outcome.not_begun(one.id)))
            elif one.id in ours and not worker.lapsed:  # begun within 2 s, or never
                worker.handed[one.id] = one
        if confirmed and not worker.lapsed:
            self.give_back(worker, [one for one in held if one.id not in ours])
        return [one for one in held if one.id in ours]

    def talk(self, worker: Worker, most: int, said: str) -> None:
        """Give messages to the provider, which answers each so."""
        has_it, outcome = SAID[said]
        for one in list(worker.handed.values())[:most]:
            del worker.handed[one.id]
            if has_it:
                self.taken.append(self._taken(one))
            answered = self._answered(one, outcome(one.id))
            worker.answers.append(answered)
            if answered.outcome.answer is Answer.UNKNOWN:
                self.doubts[one.id] = self.doubts.get(one.id, 0) + 1

    def settle(self, worker: Worker, *, fate: str) -> None:
        """Write the answers down: `committed`, `lost` before, or `unconfirmed` after the commit."""
        ledger = Ledger(worker.id, "email", "smtp", Backoff())
        with would_wait(), self.engine.connect() as conn:
            if conn.dialect.name == "sqlite":
                conn.exec_driver_sql("BEGIN IMMEDIATE")
            ledger.settle(conn, worker.answers, self.at(worker))
            if fate == "lost":
                conn.rollback()
            else:
                conn.commit()
        if fate == "committed":
            worker.answers = []

    def give_back(self, worker: Worker, held: Sequence[Held]) -> None:
        """Free claims that are not handed over."""
        with self.writing() as conn:
            custody.give_back(conn, worker.id, [(one.id, one.fence) for one in held])
        for one in held:
            worker.claimed.pop(one.id, None)

    def lapse(self, worker: Worker) -> None:
        """Let a lease run out under a process that lives: what it has not begun it never will."""
        kill(self.engine, worker.id)
        worker.lapsed = True
        for one in worker.handed.values():
            worker.answers.append(self._answered(one, Outcome.not_begun(one.id)))
        worker.handed.clear()

    def crash(self, worker: Worker) -> None:
        """Kill a process: what it knew is gone, what it left open may still be committed."""
        for one in (*worker.handed.values(), *(each.held for each in worker.answers)):
            self.doubts[one.id] = self.doubts.get(one.id, 0) + 1
        if worker.open is not None:
            self.ghosts.append(worker.open)
        kill(self.engine, worker.id)
        self.workers[self.workers.index(worker)] = self._worker(worker.skew)

    def close(self) -> None:
        """End every transaction."""
        for stack in (*self.ghosts, *(one.open for one in self.workers if one.open)):
            stack.close()

    def _taken(self, one: Held) -> Taken:
        with reading(self.engine) as conn:
            d = tables.deliveries.c
            row = conn.execute(select(d.claimed_at, d.topic).where(d.id == one.id)).one()
        return Taken(one.id, one.fence, one.address, row.topic, row.claimed_at)

    def _answered(self, one: Held, outcome: Outcome) -> Answered:
        return Answered(one, outcome, self.real_now)
