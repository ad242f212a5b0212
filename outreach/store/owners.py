"""Customers handed over from one member of staff to another, in ranges, with history."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from outreach.store import dialect
from outreach.store.tables import customers, owner_changes, tasks
from outreach.vocabulary import TASKS_AHEAD

MOST = 500  # customers in one transaction

c, t = customers.c, tasks.c


def customers_of(
    conn: Connection, owner: str, after_id: int, keys: Sequence[str] | None = None
) -> list[int]:
    """Ids above `after_id` of up to MOST customers who belong to an owner, locked; `keys` narrow."""
    query = select(c.id).where(c.owner == owner, c.id > after_id)
    if keys is not None:
        query = query.where(dialect.is_any_of(conn, c.key, keys))
    ids = list(conn.execute(query.order_by(c.id).limit(MOST)).scalars())
    dialect.lock_customers(conn, ids)
    return ids


def hand_over(
    conn: Connection, ids: Sequence[int], from_: str, to: str, actor: str, now: datetime
) -> tuple[int, int]:
    """Give customers and their tasks to another owner: how many customers, how many tasks.

    Whoever belongs to somebody else meanwhile is left alone.
    """
    theirs = (dialect.is_any_of(conn, c.id, ids), c.owner == from_)
    moving = list(conn.execute(select(c.id).where(*theirs)).scalars())
    mine = dialect.is_any_of(conn, c.id, moving)
    conn.execute(update(customers).where(mine).values(owner=to, updated_at=now))
    names = ("id", "customer_id", "from_owner", "to_owner", "at", "actor")
    numbers = dialect.reserve_ids(conn, owner_changes, len(moving))
    rows = [
        (number, id_, from_, to, now, actor) for number, id_ in zip(numbers, moving, strict=True)
    ]
    dialect.insert_rows(conn, owner_changes, names, rows)
    ahead = (t.state.in_(TASKS_AHEAD), t.owner == from_)
    given = update(tasks).where(dialect.is_any_of(conn, t.customer_id, moving), *ahead)
    return len(moving), conn.execute(given.values(owner=to)).rowcount


def hand_over_tasks(conn: Connection, from_: str, to: str) -> int:
    """Give up to MOST further tasks to another owner, whoever their customers belong to.

    Those that were escalated to the one are the other's to look at.
    """
    theirs = or_(t.owner == from_, t.escalated_to == from_)
    some = select(t.id, t.customer_id).where(t.state.in_(TASKS_AHEAD), theirs).limit(MOST)
    found = conn.execute(some).all()
    dialect.lock_customers(conn, sorted({row.customer_id for row in found}))
    given = update(tasks).where(dialect.is_any_of(conn, t.id, [row.id for row in found]))
    for column in (t.owner, t.escalated_to):
        conn.execute(given.where(column == from_).values({column.name: to}))
    return len(found)


def belonging(conn: Connection, keys: Sequence[str]) -> dict[str, str | None]:
    """Whom each customer that is there belongs to, by key."""
    query = select(c.key, c.owner).where(dialect.is_any_of(conn, c.key, keys))
    return {row.key: row.owner for row in conn.execute(query)}
