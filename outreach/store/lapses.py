"""Deliveries whose worker died: free again, unknown, or failed where each of their claims ends so."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, false, func, null, or_, select, update
from sqlalchemy.sql import ColumnElement

from outreach.store.custody import back_to_due
from outreach.store.dialect import is_any_of, rows_from
from outreach.store.endings import ended, restore, slot_once_ended
from outreach.store.runs import reopen
from outreach.store.tables import deliveries, runs
from outreach.vocabulary import RunState, State

d = deliveries.c
MOST_LAPSES = 5  # two in company, then three alone: what fails is the delivery, not its neighbours
LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Lapse:
    """A delivery whose worker died: it waits again, has failed or was cancelled, or is unknown."""

    id: int
    run_id: int
    fence: int
    state: State

    @property
    def waits(self) -> bool:
        """Whether it is due again."""
        return self.state is State.DUE


def lapse(conn: Connection, dead: Sequence[int]) -> list[Lapse]:
    """Free what dead workers had claimed; what they were handing over is unknown from now on.

    Of a worker's claims on a channel only the last may have ended it: it renders one before it
    makes the next. That lapse is counted; what lapsed too often, at last alone, is failed.
    """
    if not dead:
        return []
    theirs = is_any_of(conn, d.worker_id, dead)
    is_suspect = _are_last_claims(conn, theirs)
    too_often = and_(is_suspect, d.lapses + 1 >= MOST_LAPSES)
    free = back_to_due()
    freed = (
        update(deliveries)
        .where(theirs, d.state == State.CLAIMED.value)
        .values(
            state=case((too_often, ended(State.FAILED)), else_=free["state"]),
            ready=and_(~too_often, free["ready"]),
            firm=d.doubt,
            slot_at=case((too_often, slot_once_ended()), else_=free["slot_at"]),
            reason=case((too_often, LAPSED), else_=null()),
            lapses=case((is_suspect, d.lapses + 1), else_=d.lapses),
            worker_id=null(),
        )
    )
    lost = (
        update(deliveries)
        .where(theirs, d.state == State.HANDING.value)
        .values(state=State.UNKNOWN.value, reason=LAPSED, worker_id=null())
    )
    columns = (d.id, d.run_id, d.fence, d.state, d.fell_from)
    found = [row for moved in (freed, lost) for row in conn.execute(moved.returning(*columns))]
    restore(conn, [row.id for row in found if row.fell_from is not None])
    rows = [row[:4] for row in found]
    return [Lapse(id_, run_id, fence, State(state)) for id_, run_id, fence, state in rows]


def _are_last_claims(conn: Connection, theirs: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row belongs to the last claim of its worker on its channel."""
    of_one = (d.worker_id, d.channel)
    claimed = and_(theirs, d.state == State.CLAIMED.value)
    last = conn.execute(select(*of_one, func.max(d.claim)).where(claimed).group_by(*of_one)).all()
    return or_(false(), *(
        and_(d.worker_id == worker_id, d.channel == channel, d.claim == number)
        for worker_id, channel, number in last
    ))  # fmt: skip


def send_again(conn: Connection, lapsed: Sequence[Lapse]) -> set[int]:
    """Let unknown deliveries wait to be sent once more; ids that changed: not of cancelled runs.

    They stay touches meanwhile, and are unknown again where they do not go out. A run that had
    ended goes on.
    """
    if not lapsed:
        return set()
    rows = [(one.id, one.fence) for one in lapsed]
    v = rows_from(conn, "again", [("id", d.id.type), ("fence", d.fence.type)], rows).c
    freed = (
        update(deliveries)
        .where(
            d.id == v.id,
            d.fence == v.fence,
            d.state == State.UNKNOWN.value,
            runs.c.id == d.run_id,
            runs.c.state != RunState.CANCELLED.value,
        )
        .values(state=State.DUE.value, ready=True, doubt=True, reason=null())
    )
    waiting = conn.execute(freed.returning(d.id, d.run_id)).all()
    reopen(conn, {row.run_id for row in waiting})
    return {row.id for row in waiting}
