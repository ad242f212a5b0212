"""How a delivery ends that is not sent now, where an earlier attempt of it may have gone out.

Then it is in doubt: it never ends as though nothing had gone out, and its slot is not free. One
that fell over from a channel, and that no other channel took over, ends as it failed there.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, false, null, select, update

from outreach.store.dialect import is_any_of
from outreach.store.tables import deliveries, fallbacks
from outreach.vocabulary import TOUCH_STATES, State

d, f = deliveries.c, fallbacks.c
_UNSENT = (State.SKIPPED, State.EXPIRED, State.CANCELLED)
_OF_CHANNEL = (
    "channel", "state", "reason", "address", "consent_id", "message_id", "provider_id",
    "claimed_at", "sent_at", "settled_at",
)  # fmt: skip


def ended(state: State | ColumnElement[str]) -> ColumnElement[str]:
    """The state in which it ends: `unknown` where it is in doubt."""
    return case((d.doubt, State.UNKNOWN.value), else_=state)


def slot_once_ended() -> ColumnElement[object]:
    """The cadence slot that it keeps: none, unless it is in doubt."""
    return case((d.doubt, d.slot_at), else_=null())


def cancel_open(conn: Connection, run_id: int, limit: int) -> int:
    """Cancel up to `limit` of a run's due and held deliveries, which frees their slots; how many."""
    some = select(d.id).where(d.run_id == run_id, d.ready).limit(limit).scalar_subquery()
    cancelled = (
        update(deliveries)
        .where(d.id.in_(some), d.ready)
        .values(state=ended(State.CANCELLED), ready=False, slot_at=slot_once_ended())
        .returning(d.id, d.fell_from)
    )
    found = conn.execute(cancelled).all()
    restore(conn, [row.id for row in found if row.fell_from is not None])
    return len(found)


def restore(conn: Connection, ids: Collection[int]) -> dict[int, State]:
    """Let deliveries that no other channel took over end as the last one failed: their states then.

    For whoever ended them unsent, in the same transaction; `ids` may hold others, which stay. Why
    they were not sent is kept.
    """
    if not ids:
        return {}
    over = (
        f.delivery_id == d.id,
        f.channel == d.fell_from,
        is_any_of(conn, d.id, sorted(ids)),
        d.state.in_([state.value for state in _UNSENT]),
    )
    why = case((d.state == State.SKIPPED.value, d.reason), else_=d.state)
    conn.execute(update(fallbacks).where(*over).values(stopped=why))
    failed = update(deliveries).where(*over).values(as_it_failed()).returning(d.id, d.state)
    return {id_: State(state) for id_, state in conn.execute(failed)}


def as_it_failed() -> dict[str, Any]:
    """Column values of a delivery, as `fallbacks` keeps them of the channel that it fell over from."""
    reached = f.state.in_([state.value for state in TOUCH_STATES])
    return {name: f[name] for name in _OF_CHANNEL} | {
        "ready": false(), "firm": reached, "slot_at": case((reached, f.claimed_at)),
        "until": null(), "retry_at": null(), "worker_id": null(),
    }  # fmt: skip
