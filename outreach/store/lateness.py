"""What was due and did not get out within `late`: nobody claims it any more, it expires."""

from datetime import datetime

from sqlalchemy import Connection, case, func, literal, select, update

from outreach.store.dialect import is_any_of
from outreach.store.endings import ended, restore, slot_once_ended
from outreach.store.tables import deliveries, runs
from outreach.store.types import Instant
from outreach.vocabulary import Reason, RunState, State

d = deliveries.c
ALIVE = (RunState.PLANNING, RunState.RUNNING, RunState.HELD, RunState.PAUSED)


def alive_runs(conn: Connection) -> list[int]:
    """The ids of runs that may have something open: held and paused ones too."""
    return list(conn.execute(select(runs.c.id).where(runs.c.state.in_(ALIVE))).scalars())


def first_late_at(conn: Connection, run_id: int) -> datetime | None:
    """The earliest `late_at` of what waits in a run; None: nothing does. Reads all that waits."""
    waiting = select(func.min(d.late_at)).where(d.run_id == run_id, d.ready)
    found: datetime | None = conn.execute(waiting).scalar_one()
    return found


def expire(conn: Connection, run_id: int, now: datetime, limit: int) -> int:
    """Expire up to `limit` of a run's deliveries that are late; how many: fewer, it was the last.

    What a claim has locked is left to it. One that may have gone out before is unknown again. Of
    the others `claimed_at` tells when it was noticed: what follows in a journey counts from then.
    """
    late = (
        select(d.id)
        .where(d.run_id == run_id, d.ready, d.late_at < now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(conn.execute(late).scalars())
    moment = literal(now, Instant())
    expired = (
        update(deliveries)
        .where(is_any_of(conn, d.id, ids))
        .values(
            state=ended(State.EXPIRED), reason=Reason.EXPIRED.value, ready=False, firm=d.doubt,
            slot_at=slot_once_ended(), claimed_at=case((d.doubt, d.claimed_at), else_=moment),
        )
        .returning(d.id, d.fell_from)
    )  # fmt: skip
    restore(conn, [row.id for row in conn.execute(expired) if row.fell_from is not None])
    return len(ids)
