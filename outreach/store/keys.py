"""Customers' keys as texts."""

from sqlalchemy import Connection, select

from outreach.store.tables import customers


def some_key_begins_with_zero(conn: Connection) -> bool:
    """Whether any customer's key begins with `0`: then a key without it may be a spreadsheet's."""
    t = customers.c
    found = select(t.key).where(t.key >= "0", t.key < "1").limit(1)
    return conn.execute(found).first() is not None
