"""Deliveries in a worker's hands: handed over, settled, or given back.

Every statement names the fence, so that whoever was overtaken by a later claim moves nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Update,
    and_,
    bindparam,
    case,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.dml import ReturningUpdate

from outreach.store.deliveries import OPEN_RUNS
from outreach.store.dialect import (
    hand_over_together,
    is_any_of,
    row_source,
    row_values,
    rows_from,
)
from outreach.store.endings import ended, restore, slot_once_ended
from outreach.store.runs import reopen
from outreach.store.tables import deliveries, runs
from outreach.vocabulary import RunState, State

d = deliveries.c
_CANCELLED = State.CANCELLED.value
BEGIN_SECONDS = 2.0  # a delivery not begun so long after its handing was committed never is


class Settlement(NamedTuple):
    """What an answer makes of a delivery. `state`: sent, due, failed, expired or unknown."""

    id: int
    fence: int
    state: State
    settled_at: datetime | None  # real clock; None for what waits again
    reason: str | None = None
    retry_at: datetime | None = None  # real clock
    sent_at: datetime | None = None  # decisions' clock
    provider_id: str | None = None
    tries: int = 0  # added to the delivery's
    begun: bool = True  # False: nothing was written, so it may still be only claimed
    doubt: bool = False  # it may have gone out, though it waits to be sent again


def _run_state() -> ColumnElement[str]:
    return select(runs.c.state).where(runs.c.id == d.run_id).scalar_subquery()


def _run_is_cancelled() -> ColumnElement[bool]:
    return _run_state() == RunState.CANCELLED.value


def in_text(state: str) -> ColumnElement[str]:
    """A state in the statement's own text: then it has no list of parameters in it."""
    return literal_column(f"'{state}'", d.state.type)


def _is_in_hands_of(worker_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    # A sum, so that no index of it is used: SQLite would read each row of values again for each
    # of the hundreds of deliveries that the worker holds.
    return d.worker_id + literal_column("0") == worker_id


def back_to_due() -> dict[str, ColumnElement[object]]:
    """Column values of what is free again; a row of a cancelled run ends instead."""
    cancelled = _run_is_cancelled()
    return {
        "state": case((cancelled, ended(State.CANCELLED)), else_=State.DUE.value),
        "ready": ~cancelled,
        "firm": d.doubt,
        "slot_at": case((or_(cancelled, d.doubt), slot_once_ended()), else_=d.due_at),
        "worker_id": null(),
    }


def begin_handing(conn: Connection) -> None:
    """Begin a transaction that hands over: a run's state is read after it, and no lock taken before.

    Whoever pauses a run waits for these transactions, and then writes to the run.
    """
    hand_over_together(conn)


def hand(conn: Connection, worker_id: int, wanted: Sequence[tuple[int, int, str]]) -> set[int]:
    """Mark deliveries as being handed over; of `(id, fence, message_id)` those that may go out.

    Only what the worker still holds, of a run that is neither paused, held nor cancelled. What is
    not returned is not sent; if the commit fails, or nobody knows whether it did, nothing is. Call
    `begin_handing` first.
    """
    values = row_values(conn, "handed", HANDED, wanted)
    statement = handing(conn.dialect.name)
    found = conn.execute(statement, {**values, "of_worker": worker_id})
    return set(found.scalars())


HANDED = (("id", d.id.type), ("fence", d.fence.type), ("message_id", d.message_id.type))


@cache
def handing(database: str) -> ReturningUpdate[int]:
    """The statement of `hand`: of rows "handed", columns `HANDED`, and the worker "of_worker"."""
    return handing_of(row_source(database, "handed", HANDED).c).returning(d.id)


def handing_of(v: Any) -> Update:
    """The same of something that has these columns, a row or many; it gives nothing back."""
    return (
        update(deliveries)
        .where(
            d.id == v.id,
            d.fence == v.fence,
            d.state == in_text(State.CLAIMED),
            _is_in_hands_of(bindparam("of_worker", type_=d.worker_id.type)),
            _run_state().in_([in_text(state) for state in OPEN_RUNS]),
        )
        .values(state=in_text(State.HANDING), message_id=v.message_id)
    )


def give_back(conn: Connection, worker_id: int, held: Sequence[tuple[int, int]]) -> set[int]:
    """Free claimed deliveries `(id, fence)` that were not handed over; the ids that changed."""
    return _end_claims(conn, worker_id, held, back_to_due())


def _end_claims(
    conn: Connection, worker_id: int, held: Sequence[tuple[int, int]], values: Mapping[str, Any]
) -> set[int]:
    """Write the values to claimed deliveries that the worker still holds; the ids that changed."""
    if not held:
        return set()
    v = rows_from(conn, "held", [("id", d.id.type), ("fence", d.fence.type)], held).c
    ended = (
        update(deliveries)
        .where(
            d.id == v.id,
            d.fence == v.fence,
            d.state == State.CLAIMED.value,
            _is_in_hands_of(worker_id),
        )
        .values(**values)
    )
    return _freed(conn, ended)


def take_back(
    conn: Connection, customer_ids: Collection[int], channel: str, topic: str | None = None
) -> set[int]:
    """Free what any worker has claimed for the customers on the channel: it is decided afresh.

    For whoever writes a suppression, or a withdrawal from one topic, after locking the customers:
    a delivery that is claimed is not handed over any more, one that is being handed over was
    before.
    """
    freed = (
        update(deliveries)
        .where(
            d.worker_id.is_not(None),  # few rows, and an index of them
            is_any_of(conn, d.customer_id, sorted(customer_ids)),
            d.state == State.CLAIMED.value,
            d.channel == channel,
            true() if topic is None else d.topic == topic,
        )
        .values(**back_to_due())
    )
    return _freed(conn, freed)


def _freed(conn: Connection, freed: Update) -> set[int]:
    """The ids that changed; what was free of a cancelled run, and fell over, ends as it failed."""
    found = conn.execute(freed.returning(d.id, d.fell_from, d.state)).all()
    restore(conn, [row.id for row in found if row.fell_from and row.state == _CANCELLED])
    return {row.id for row in found}


def settle(conn: Connection, settlements: Sequence[Settlement]) -> dict[int, State]:
    """Write what the answers say; the state that each delivery has now, if it moved.

    Never lowers a state: only what is being handed over or unknown moves. A delivery of the same
    fence that was put back to wait is still turned to sent when the answer says it went out. A
    run that ended meanwhile goes on where something of it waits again.
    """
    if not settlements:
        return {}
    values = row_values(conn, "settled", _SETTLED, [_row(one) for one in settlements])
    moved = conn.execute(_settling(conn.dialect.name), values).all()
    reopen(conn, {row.run_id for row in moved if row.state == State.DUE.value})
    restore(conn, [row.id for row in moved if row.fell_from and row.state == _CANCELLED])
    return {row.id: State(row.state) for row in moved}


@cache
def _settling(database: str) -> ReturningUpdate[int, str, int, str | None]:
    """The statement of `settle`, built once."""
    v = row_source(database, "settled", _SETTLED).c
    due = v.state == State.DUE.value
    cancelled = and_(due, _run_is_cancelled())
    ends = or_(cancelled, v.state.in_((State.FAILED.value, State.EXPIRED.value)))
    doubt = or_(d.doubt, v.doubt)
    return (
        update(deliveries)
        .where(d.id == v.id, d.fence == v.fence, _may_move(v.state, v.begun))
        .values(
            state=case(
                (and_(ends, doubt), State.UNKNOWN.value),
                (cancelled, State.CANCELLED.value),
                else_=v.state,
            ),
            ready=and_(due, ~cancelled),
            firm=case((and_(due, ~cancelled), doubt), else_=True),
            doubt=doubt,
            slot_at=case(
                (and_(or_(ends, due), doubt), d.slot_at),
                (ends, null()),
                (due, d.due_at),
                (d.ready, d.claimed_at),
                else_=d.slot_at,
            ),
            reason=v.reason,
            retry_at=v.retry_at,
            sent_at=v.sent_at,
            settled_at=v.settled_at,
            provider_id=v.provider_id,
            tries=d.tries + v.tries,
            worker_id=null(),
        )
        .returning(d.id, d.state, d.run_id, d.fell_from)
    )


def _may_move(to: ColumnElement[str], begun: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(
        d.state.in_([in_text(State.HANDING), in_text(State.UNKNOWN)]),
        and_(~begun, d.state == State.CLAIMED.value),
        and_(to == State.SENT.value, d.ready),
    )


_SETTLED = (
    ("id", d.id.type), ("fence", d.fence.type), ("state", d.state.type),
    ("reason", d.reason.type), ("retry_at", d.retry_at.type), ("sent_at", d.sent_at.type),
    ("settled_at", d.settled_at.type), ("provider_id", d.provider_id.type),
    ("tries", d.tries.type), ("begun", d.ready.type), ("doubt", d.doubt.type),
)  # fmt: skip


def _row(one: Settlement) -> tuple[object, ...]:
    return (
        one.id, one.fence, one.state.value, one.reason, one.retry_at, one.sent_at,
        one.settled_at, one.provider_id, one.tries, one.begun,
        one.doubt,
    )  # fmt: skip


def fail(conn: Connection, worker_id: int, held: Sequence[tuple[int, int]], reason: str) -> int:
    """End claimed deliveries `(id, fence)` that can not be rendered; how many."""
    values = {
        "state": ended(State.FAILED), "reason": reason, "slot_at": slot_once_ended(),
        "worker_id": null(),
    }  # fmt: skip
    return len(_end_claims(conn, worker_id, held, values))


def without_address(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Those of the deliveries whose address is known no more: their customers were erased."""
    if not ids:
        return set()
    found = select(d.id).where(is_any_of(conn, d.id, ids), d.address.is_(None))
    return set(conn.execute(found).scalars())


def held_by(conn: Connection, worker_id: int) -> dict[int, tuple[int, State]]:
    """Fence and state of all that the table says the worker has claimed or is handing over."""
    held = select(d.id, d.fence, d.state).where(d.worker_id == worker_id)
    return {id_: (fence, State(state)) for id_, fence, state in conn.execute(held)}
