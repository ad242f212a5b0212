"""Messages that customers sent: each taken once, and whose they are."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from outreach.store.dialect import insert
from outreach.store.tables import customers, deliveries, inbound_messages


class Writer(NamedTuple):
    """Who wrote from a number: a customer, and the last text that it was sent, if any."""

    customer_id: int
    locale: str | None
    delivery_id: int | None


def is_new(conn: Connection, provider: str, name: str, keyword: str, now: datetime) -> bool:
    """Note a message by its provider's name for it; False where it was taken before.

    Two that tell of one message at once: one waits for the other, and finds it taken.
    """
    row = {"provider": provider, "name": name, "keyword": keyword, "at": now}
    noted = insert(conn, inbound_messages).values(row).on_conflict_do_nothing()
    return conn.execute(noted.returning(inbound_messages.c.name)).first() is not None


def writer_at(conn: Connection, phone: str) -> Writer | None:
    """The customer who wrote from a number: of several the one who was sent a text last.

    None where nobody has the number.
    """
    c, d = customers.c, deliveries.c
    last = (
        select(d.id)
        .where(d.customer_id == c.id, d.channel == "sms", d.slot_at.is_not(None), d.firm)
        .order_by(d.slot_at.desc(), d.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = conn.execute(
        select(c.id, c.locale, last.label("delivery_id"))
        .where(c.phone == phone, c.merged_into.is_(None), c.erased_at.is_(None))
        .order_by(c.id)
    ).all()
    if not rows:
        return None
    return Writer(*max(rows, key=lambda row: (row.delivery_id or 0, -row.id)))
