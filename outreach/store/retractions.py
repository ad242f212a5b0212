"""Events that never happened: taken out, while their ids stay taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from outreach.store import dialect, owed
from outreach.store.events import ADDING
from outreach.store.journal import record
from outreach.store.tables import customers, event_ids, events

ACTION = "event retracted"
NO_EVENT = 0  # SQLite may give the number of one that is gone to another event


@dataclass(frozen=True, slots=True)
class Retraction:
    """What came of one id: `state` is retracted, already (it was before) or unknown."""

    id: str
    state: str
    key: str | None = None  # of its customer, where it was retracted now
    kind: str | None = None
    at: datetime | None = None
    customer_id: int | None = None


def retract_events(
    conn: Connection, ids: Sequence[str], actor: str, now: datetime
) -> list[Retraction]:
    """Take out the events with these ids of their senders', each in the audit log.

    The id stays taken: an import brings it back no more. Open tasks that came from them are
    dropped. Facts and stages of the customers are to be refreshed by the caller.
    """
    dialect.one_at_a_time(conn, ADDING)
    i, e, c = event_ids.c, events.c, customers.c
    query = (
        select(i.external_id, i.event_id, e.customer_id, c.key, e.kind, e.at, e.amount)
        .select_from(event_ids.outerjoin(events, e.id == i.event_id))
        .outerjoin(customers, c.id == e.customer_id)
        .where(dialect.is_any_of(conn, i.external_id, list(ids)))
    )
    found = {row.external_id: row for row in conn.execute(query)}
    there = [row for row in found.values() if row.customer_id is not None]
    customer_ids = sorted({row.customer_id for row in there})
    dialect.lock_customers(conn, customer_ids)
    gone = [row.event_id for row in there]
    conn.execute(delete(events).where(dialect.is_any_of(conn, e.id, gone)))
    taken = dialect.is_any_of(conn, i.external_id, [row.external_id for row in there])
    conn.execute(update(event_ids).where(taken).values(event_id=NO_EVENT))
    owed.retracted(conn, gone, customer_ids, actor, now)
    for row in there:
        detail = {
            "customer": row.customer_id,
            "kind": row.kind,
            "at": row.at.isoformat(),
            "amount": None if row.amount is None else str(row.amount),
        }
        record(conn, now, actor, ACTION, row.external_id, **detail)
    return [_told(id_, found.get(id_)) for id_ in dict.fromkeys(ids)]


def _told(id_: str, row: object) -> Retraction:
    if row is None:
        return Retraction(id_, "unknown")
    customer_id, key, kind, at = (getattr(row, n) for n in ("customer_id", "key", "kind", "at"))
    if customer_id is None:
        return Retraction(id_, "already")
    return Retraction(id_, "retracted", key, kind, at, customer_id)
