"""The latest events of customers: a batch in one statement."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select

from outreach.store import dialect
from outreach.store.tables import events


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
