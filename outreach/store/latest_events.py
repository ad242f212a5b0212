"""Events of customers for their messages, a batch in one statement: the latest, and what began it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select

from outreach.store import dialect
from outreach.store.tables import deliveries, enrolments, events
from outreach.vocabulary import Origin


class Latest(NamedTuple):
    """One event; `data` is what else was imported with it."""

    at: datetime
    amount: Decimal | None
    data: Mapping[str, Any] | None


def latest_events(
    conn: Connection, ids: Collection[int], wanted: Mapping[str, int], now: datetime
) -> dict[int, dict[str, list[Latest]]]:
    """The customers' last events up to now by kind, newest first; at most so many of each kind."""
    e = events.c
    place = func.row_number().over(
        partition_by=(e.customer_id, e.kind), order_by=(e.at.desc(), e.id.desc())
    )
    theirs = (
        select(e.customer_id, e.kind, e.at, e.amount, e.data, place.label("place"))
        .where(dialect.is_any_of(conn, e.customer_id, sorted(ids)))
        .where(e.kind.in_(sorted(wanted)), e.at <= now)
        .subquery()
    )
    t = theirs.c
    among = or_(*((t.kind == kind) & (t.place <= most) for kind, most in sorted(wanted.items())))
    found: dict[int, dict[str, list[Latest]]] = {}
    for row in conn.execute(select(theirs).where(among).order_by(t.customer_id, t.kind, t.place)):
        kinds = found.setdefault(row.customer_id, {})
        kinds.setdefault(row.kind, []).append(Latest(row.at, row.amount, row.data))
    return found


def starting_events(conn: Connection, delivery_ids: Collection[int]) -> dict[int, Latest]:
    """By customer the event that started what the deliveries belong to; who has none is left out."""
    d, n, e = deliveries.c, enrolments.c, events.c
    query = (
        select(d.customer_id, e.at, e.amount, e.data)
        .join(enrolments, n.id == d.enrolment_id)
        .join(events, e.id == n.origin_id)
        .where(dialect.is_any_of(conn, d.id, sorted(delivery_ids)))
        .where(n.origin == Origin.EVENT.value)
    )
    return {id_: Latest(*event) for id_, *event in conn.execute(query)}


def fields_of(conn: Connection, kind: str, among: int) -> frozenset[str] | None:
    """What else was imported with the latest `among` events of a kind; None: there is no such event."""
    e = events.c
    query = select(e.data).where(e.kind == kind).order_by(e.id.desc()).limit(among)
    found = conn.execute(query).scalars().all()
    return frozenset(name for data in found for name in data or ()) if found else None
