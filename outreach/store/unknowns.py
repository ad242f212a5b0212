"""Unknown deliveries about which a provider can be asked: each now and then, for a day."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, literal_column, or_, select, update

from outreach.clock import Instants
from outreach.store.dialect import is_any_of
from outreach.store.tables import deliveries
from outreach.vocabulary import State

d = deliveries.c
FIRST_AFTER = timedelta(seconds=60)  # before that, an empty list proves nothing
LAST_AFTER = timedelta(days=1)


def _to_ask(channel: str, at: Instants) -> ColumnElement[bool]:
    return and_(
        d.state == literal_column("'unknown'"),  # as its index has it
        d.claimed_at > at.now - LAST_AFTER,
        d.claimed_at <= at.now - FIRST_AFTER,
        d.channel == channel,
        or_(d.retry_at.is_(None), d.retry_at <= at.real_now),
    )


def are_any(conn: Connection, channel: str, at: Instants) -> bool:
    """Whether there is one to ask about now."""
    found = select(d.id).where(_to_ask(channel, at)).limit(1)
    return conn.execute(found).first() is not None


def take(conn: Connection, channel: str, at: Instants, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` to ask about now, the oldest first; nobody else takes them meanwhile.

    The next time is when they are twice as old: about eleven times in all.
    """
    some = select(deliveries).where(_to_ask(channel, at)).order_by(d.claimed_at).limit(limit)
    rows = conn.execute(some.with_for_update(skip_locked=True)).all()
    for row in rows:
        next_at = at.real_now + max(at.now - row.claimed_at, FIRST_AFTER)
        conn.execute(update(deliveries).where(d.id == row.id).values(retry_at=next_at))
    return rows


def of_run(conn: Connection, run_id: int, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` deliveries of a run."""
    theirs = select(deliveries).where(d.run_id == run_id, d.state == State.UNKNOWN.value)
    return conn.execute(theirs.order_by(d.id).limit(limit)).all()


def known_names(conn: Connection, provider_ids: Collection[str]) -> set[str]:
    """Which of a provider's names for messages are those of deliveries already."""
    query = select(d.provider_id).where(is_any_of(conn, d.provider_id, sorted(provider_ids)))
    return {name for name in conn.execute(query).scalars() if name is not None}
