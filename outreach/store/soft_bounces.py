"""Mailboxes that are full or disabled for now: an address that is so on day after day is given up."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from outreach.store.customers import address_column
from outreach.store.dialect import is_any_of
from outreach.store.tables import customers, deliveries, soft_bounces
from outreach.store.upserts import upsert
from outreach.vocabulary import State

DAYS = 4  # on so many, none of them further than `FORGOTTEN_AFTER` from the one before
A_DAY = timedelta(hours=20)  # retries of one message are not several days
FORGOTTEN_AFTER = timedelta(days=30)
s, d = soft_bounces.c, deliveries.c
_REACHED = (State.SENT.value, State.DELIVERED.value, State.COMPLAINED.value)


def note(
    conn: Connection,
    channel: str,
    addresses: Collection[str],
    now: datetime,
    returns_within: timedelta = timedelta(0),
) -> set[str]:
    """Count a day for each of the addresses; those that are to be suppressed: 4 days in vain.

    A message that was accepted meanwhile, and has not come back `returns_within`, lets the count
    begin anew. The addressees are locked.
    """
    if not addresses:
        return set()
    theirs = is_any_of(conn, s.address, sorted(addresses))
    known = {
        row.address: row
        for row in conn.execute(select(soft_bounces).where(s.channel == channel, theirs))
    }
    rows, enough = [], {}
    for address in sorted(addresses):
        row = known.get(address)
        if row is None or now - row.last_at > FORGOTTEN_AFTER:
            rows.append((channel, address, now, now, 1))
        elif now - row.last_at >= A_DAY:
            rows.append((channel, address, row.first_at, now, row.days + 1))
            if row.days + 1 >= DAYS:
                enough[address] = row.first_at
    reached = {
        each
        for each, since in enough.items()
        if _reached(conn, channel, each, since, now - returns_within)
    }
    rows = [(*row[:2], now, now, 1) if row[1] in reached else row for row in rows]
    names = ("channel", "address", "first_at", "last_at", "days")
    upsert(conn, soft_bounces, names, rows, newer=lambda given: given.last_at >= s.last_at)
    _forget(conn, channel, enough.keys() - reached)
    return enough.keys() - reached


def _reached(
    conn: Connection, channel: str, address: str, since: datetime, until: datetime
) -> bool:
    """Whether a message was accepted for the address since, up to an instant."""
    column = address_column(channel)
    if column is None:
        return False
    query = (
        select(d.id)
        .join_from(deliveries, customers, customers.c.id == d.customer_id)
        .where(column == address, d.address == address, d.channel == channel)
        .where(
            d.slot_at.between(since, until), d.state.in_(_REACHED)
        )  # a touch has a slot: an index has them
    )
    return conn.execute(query.limit(1)).first() is not None


def _forget(conn: Connection, channel: str, addresses: Collection[str]) -> None:
    """They are suppressed: if that is lifted, the count begins anew."""
    theirs = is_any_of(conn, s.address, sorted(addresses))
    conn.execute(delete(soft_bounces).where(s.channel == channel, theirs))
