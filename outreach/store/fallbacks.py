"""Messages that failed for good on a channel, and go on with the next of their step.

A delivery keeps its row, so it is one touch whatever channels it takes; what the row said of the
channel that failed is kept beside it. While it waits for the next one it is due like any other.
Where none takes over it ends as it failed (`endings.restore`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, false, null, select, true, update

from outreach.store.dialect import insert_rows, is_any_of, rows_from
from outreach.store.endings import as_it_failed
from outreach.store.runs import reopen
from outreach.store.tables import deliveries, fallbacks, runs
from outreach.vocabulary import TOUCH_STATES, RunState, State

d, f = deliveries.c, fallbacks.c
# What certainly reached nobody. `unknown` may have, and a complaint did.
FAILED_FOR_GOOD = (State.FAILED, State.BOUNCED, State.EXPIRED)
_KEPT = (
    "channel", "fence", "state", "reason", "address", "consent_id", "message_id", "provider_id",
    "claimed_at", "sent_at", "settled_at",
)  # fmt: skip


def fall_over(conn: Connection, ids: Collection[int], now: datetime) -> dict[int, str]:
    """Let what has just failed for good wait for the next channel of its step: by id, which one.

    Only within `late`, and of runs that are not cancelled. For whoever moved the deliveries, in the
    same transaction; `ids` may hold others, which stay. The claim decides whether it may go there.
    """
    rows = _failed(conn, ids, now) if ids else []
    before = _channels_before(conn, [row.id for row in rows])
    going = [(row, to) for row in rows if (to := _next(row, before.get(row.id, set())))]
    if not going:
        return {}
    names = ("delivery_id", "at", *_KEPT)
    kept = [(row.id, now, *(getattr(row, name) for name in _KEPT)) for row, _ in going]
    insert_rows(conn, fallbacks, names, kept)
    columns = [("id", d.id.type), ("channel", d.channel.type)]
    v = rows_from(conn, "falling", columns, [(row.id, to) for row, to in going]).c
    conn.execute(update(deliveries).where(d.id == v.id).values(_waiting(v.channel, now)))
    reopen(conn, {row.run_id for row, _ in going})
    return {row.id: to for row, to in going}


def _failed(conn: Connection, ids: Collection[int], now: datetime) -> Sequence[Row[Any]]:
    query = (
        select(d.id, d.run_id, runs.c.channels, *(d[name] for name in _KEPT))
        .join(runs, runs.c.id == d.run_id)
        .where(
            is_any_of(conn, d.id, sorted(ids)),
            d.state.in_([state.value for state in FAILED_FOR_GOOD]),
            d.doubt.is_(False),
            d.channel.is_not(None),
            d.late_at >= now,
            runs.c.state != RunState.CANCELLED.value,
        )
        .order_by(d.id)
    )
    return conn.execute(query).all()


def _channels_before(conn: Connection, ids: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    if ids:
        query = select(f.delivery_id, f.channel).where(is_any_of(conn, f.delivery_id, ids))
        for id_, channel in conn.execute(query):
            found.setdefault(id_, set()).add(channel)
    return found


def _next(row: Row[Any], before: set[str]) -> str | None:
    """The first channel in the file's order that has not failed; the claim decides about all."""
    left = (each for each in row.channels or () if each != row.channel and each not in before)
    return None if row.channel in before else next(left, None)


def _waiting(channel: Any, now: datetime) -> dict[str, Any]:
    """Column values of a delivery that waits for another channel: as though it had not been tried.

    The fence rises: an answer of the failed channel that is settled later must not move it.
    """
    return {
        "fence": d.fence + 1, "fell_from": d.channel, "channel": channel, "lane": "", "address": null(),
        "state": State.DUE.value, "ready": true(), "firm": false(), "due_at": now,
        "slot_at": now, "reason": null(), "until": null(), "held_for": null(),
        "retry_at": null(), "tries": 0, "lapses": 0, "worker_id": null(), "consent_id": null(),
        "message_id": null(), "provider_id": null(), "sent_at": null(), "settled_at": null(),
    }  # fmt: skip


def raise_state(conn: Connection, delivery_id: int, channel: str, to: State) -> State | None:
    """Note what was said later of a channel that a delivery fell over from.

    Where its message arrived after all and nothing has gone out since, the delivery ends with it:
    its state then; else None.
    """
    one = (f.delivery_id == delivery_id, f.channel == channel)
    conn.execute(update(fallbacks).where(*one).values(state=to.value))
    if to not in TOUCH_STATES:
        return None
    waits = (*one, d.id == f.delivery_id, d.fell_from == f.channel, d.ready, d.doubt.is_(False))
    found = select(d.id).join(fallbacks, f.delivery_id == d.id).where(*waits)
    if conn.execute(found).first() is None:
        return None
    conn.execute(update(deliveries).where(*waits).values(as_it_failed()))
    return to


def earlier(conn: Connection, ids: Collection[int]) -> dict[tuple[int, str], Row[Any]]:
    """What is kept of channels that these deliveries fell over from, by id and channel."""
    if not ids:
        return {}
    rows = conn.execute(select(fallbacks).where(is_any_of(conn, f.delivery_id, sorted(ids)))).all()
    return {(row.delivery_id, row.channel): row for row in rows}
