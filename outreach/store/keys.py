"""Customers by their keys, and who stands for whom after a merge."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, select

from outreach.store import dialect
from outreach.store.sources import named
from outreach.store.spelling import text_order
from outreach.store.tables import customers


@dataclass(frozen=True, slots=True)
class Named:
    """A customer as one is picked from a list."""

    key: str
    name: str
    stage: str | None
    locale: str | None


def named_from(conn: Connection, begins: str, most: int) -> list[Named]:
    """The first so many customers whose keys begin with these letters, in order of the keys."""
    t, key = customers.c, text_order(customers.c.key)
    query = select(t.key, t.first_name, t.last_name, t.stage, t.locale).where(
        key >= begins, key < f"{begins}{chr(0x10FFFF)}", t.erased_at.is_(None)
    )
    rows = conn.execute(query.order_by(key).limit(most))
    return [
        Named(key, " ".join(filter(None, (first, last))), stage, locale)
        for key, first, last, stage, locale in rows
    ]


def some_key_begins_with_zero(conn: Connection) -> bool:
    """Whether any customer's key begins with `0`: then a key without it may be a spreadsheet's."""
    t = customers.c
    found = select(t.key).where(t.key >= "0", t.key < "1").limit(1)
    return conn.execute(found).first() is not None


def ids_in_force(conn: Connection, keys: Collection[str]) -> dict[str, int]:
    """By key, the id of the customer; of one that was merged, the id of whom it was merged into.

    Who was erased is not there: nothing more is kept of them.
    """
    t = customers.c
    id_ = func.coalesce(t.merged_into, t.id).label("id")
    these = (dialect.is_any_of(conn, t.key, list(keys)), t.erased_at.is_(None))
    rows = conn.execute(select(t.key, id_).where(*these))
    return {row.key: row.id for row in rows}


def locked_in_force(conn: Connection, keys: Collection[str]) -> dict[str, int]:
    """As `ids_in_force`, of customers who are locked: nobody merges or erases them meanwhile."""
    ids = ids_in_force(conn, keys)
    while True:
        dialect.lock_customers(conn, sorted(set(ids.values())))
        present = ids_in_force(conn, keys)
        if present == ids:
            return ids
        ids = present


def merged_ids(whose: ColumnElement[int], correlated: FromClause) -> Select[int]:
    """Ids of those who were merged into a customer of the outer statement."""
    closed = named(customers, "closed")
    return select(closed.c.id).where(closed.c.merged_into == whose).correlate(correlated)


def stand_ins(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """Of customers who were merged, the ids of those whom they were merged into."""
    t = customers.c
    merged = (dialect.is_any_of(conn, t.id, sorted(ids)), t.merged_into.is_not(None))
    return {
        row.id: row.merged_into for row in conn.execute(select(t.id, t.merged_into).where(*merged))
    }


def kept_keys(conn: Connection, keys: Collection[str]) -> dict[str, str]:
    """By the key of a customer who was merged, the key of whom it was merged into."""
    if not keys:
        return {}
    closed, kept = named(customers, "closed").c, named(customers, "kept").c
    these = (dialect.is_any_of(conn, closed.key, list(keys)), kept.id == closed.merged_into)
    rows = conn.execute(select(closed.key, kept.key.label("kept")).where(*these))
    return {row.key: row.kept for row in rows}
