"""What workers would do at one instant: claim all that has come due, and have it accepted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from outreach.clock import Instants, SystemClock
from outreach.decisions.ruling import Ruling
from outreach.dispatch.claim import Claimer
from outreach.dispatch.held import Held
from outreach.dispatch.purse import Grant
from outreach.dispatch.rulebook import Rulebook
from outreach.simulation.claiming import Batch, claim_as_planned, come_due, went
from outreach.store import channel_holds, deliveries, dialect, lanes, tables
from outreach.store.engine import plan_once, reading, writing
from outreach.store.types import Instant
from outreach.vocabulary import State, TaskKind, TaskState

AT_ONCE = 2_000  # deliveries of one claim: there is nobody else who waits
TASK = "task"
d, t, c = tables.deliveries.c, tables.tasks.c, tables.customers.c


@dataclass(frozen=True, slots=True)
class Serving:
    """Serves the channels of a copy, by the production's claim; every provider accepts at once."""

    engine: Engine
    rulebook: Rulebook
    worker_id: int
    channels: Sequence[str]
    tell: Callable[[Ruling, Sequence[Held]], None] | None = None  # of what went, one by one

    def __call__(self, now: datetime, before: datetime | None = None) -> int:
        """Send all that may go at an instant; how many messages went, or were decided against.

        `before`: the look before this one, None for the first.
        """
        served = 0
        while work := self._work(now):
            moved = sum(self._drain(run, channel, now, before) for run, channel in work)
            if not moved:
                return served
            served += moved
        return served

    def _work(self, now: datetime) -> list[tuple[Row[Any], str]]:
        """Runs with something to send and the channel, in the order in which they are claimed."""
        at = Instants(now, SystemClock().now())
        with reading(self.engine) as conn:
            found = [
                (run, channel)
                for channel in self.channels
                if not channel_holds.is_held(conn, channel)
                for run in deliveries.runs_with_work(conn, channel, at)
            ]
        return sorted(found, key=lambda each: (each[0].rank, each[0].occurrence_at, each[0].id))

    def _drain(self, run: Row[Any], channel: str, now: datetime, before: datetime | None) -> int:
        """Claim all of one run on one channel."""
        with reading(self.engine) as conn:
            ruling = self.rulebook.ruling(conn, run.revision_id, run.step)
        together = 0 if self.tell else self._together(run, ruling, channel, now, before)
        return together + self._one_by_one(run, ruling, channel, now)

    def _together(
        self, run: Row[Any], ruling: Ruling, channel: str, now: datetime, before: datetime | None
    ) -> int:
        """Claim what statements can: of who shares no address; how many deliveries."""
        moved, ids = 0, [0]
        if before is not None:
            with writing(self.engine) as conn:
                moved = claim_as_planned(conn, run, channel, before, now)
        while ids:
            with reading(self.engine) as conn:
                ids = come_due(conn, run.id, channel, now)
            if ids:
                Batch(run, ruling, channel, now, ids).settle(self.engine)
            moved += len(ids)
        if moved and channel == TASK:
            with writing(self.engine) as conn:
                _give_out(conn, went(run, channel, now), ruling.campaign.title, now)
        return moved

    def _one_by_one(self, run: Row[Any], ruling: Ruling, channel: str, now: datetime) -> int:
        """Claim as a worker does, a verdict at a time."""
        claimer = Claimer(self.worker_id, self.rulebook, AT_ONCE)
        limits, moved = ruling.company.limits(channel), 0
        while True:
            at = Instants(now, SystemClock().now())
            with writing(self.engine) as conn:
                plan_once(conn)
                waiting = lanes.waiting(conn, run.id, channel, at, AT_ONCE, ())
                shares = tuple((each.lane, each.count) for each in waiting)
                haul = claimer.claim(conn, run, ruling, channel, at, Grant(limits, shares, AT_ONCE))
                if haul.held:
                    accept(conn, self.worker_id, channel, ruling.campaign.title, now)
            if haul.is_empty():
                return moved
            if self.tell:
                self.tell(ruling, haul.held)
            moved += len(haul.held) + len(haul.states) + haul.astray + len(haul.moved_to)


def accept(conn: Connection, worker_id: int, channel: str, title: str, now: datetime) -> None:
    """Settle all that the worker has claimed as accepted; a task is given to the owner."""
    claimed = and_(d.worker_id == worker_id, d.state == State.CLAIMED.value)
    if channel == TASK:
        _give_out(conn, claimed, title, now)
    conn.execute(
        update(tables.deliveries)
        .where(claimed)
        .values(state=State.SENT.value, sent_at=now, settled_at=now, worker_id=null())
    )


def _give_out(conn: Connection, sent: ColumnElement[bool], title: str, now: datetime) -> None:
    row = (
        select(
            func.coalesce(c.merged_into, c.id), func.coalesce(c.owner, ""), d.id, d.campaign_id,
            d.run_id, *map(literal, (TaskKind.CALL.value, title, "", TaskState.OPEN.value)),
            literal(now, Instant()), d.late_at,
        )
        .join(tables.customers, c.id == d.customer_id)
        .where(sent, c.erased_at.is_(None))
    )  # fmt: skip
    names = (
        "customer_id", "owner", "delivery_id", "campaign_id", "run_id", "kind", "title", "words",
        "state", "given_at", "due_at",
    )  # fmt: skip
    given = dialect.insert(conn, tables.tasks).from_select(names, row)
    conn.execute(given.on_conflict_do_nothing())


def let_go(conn: Connection) -> None:
    """Put a copy to rest: what others hold in the base is settled, what waits to be retried may go.

    What was in a worker's hands counts as sent; no planner is at work here. Of channels that refuse
    us only those stay held that wait for a person: the others are tried again by themselves.
    """
    h = tables.channel_holds.c
    passing = or_(h.stage.is_(None), h.stage != channel_holds.RETURN)
    conn.execute(delete(tables.channel_holds).where(passing))
    conn.execute(
        update(tables.deliveries)
        .where(d.worker_id.is_not(None))
        .values(state=State.SENT.value, sent_at=d.claimed_at, worker_id=null())
    )
    conn.execute(update(tables.deliveries).where(d.ready).values(retry_at=null()))
    conn.execute(update(tables.runs).values(planner=null(), planner_until=null()))
