"""Suppressions: addresses that are never used again, and what else follows from one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.store import custody, dialect
from outreach.store.customers import address_column
from outreach.store.tables import customers, suppressions


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address not to be used on a channel; `attempt_id` names the attempt whose answer said so."""

    channel: str
    address: str
    reason: str  # hard_bounce, opted_out …
    source: str
    at: datetime
    attempt_id: int | None = None


def lock_addressees(conn: Connection, channel: str, addresses: Collection[str]) -> list[int]:
    """The ids of all customers who have one of the addresses, locked: before any delivery is."""
    column = address_column(channel)
    if column is None or not addresses:
        return []
    theirs = dialect.is_any_of(conn, column, sorted(addresses))
    ids = list(conn.execute(select(customers.c.id).where(theirs)).scalars())
    dialect.lock_customers(conn, ids)
    return ids


def suppress(
    conn: Connection, channel: str, new: Sequence[Suppression], addressees: Sequence[int]
) -> None:
    """Keep the suppressions, the first of an address stays; claimed deliveries are taken back.

    `addressees` are those of lock_addressees, in the same transaction.
    """
    if not new:
        return
    rows = [
        {
            "channel": one.channel,
            "address": one.address,
            "reason": one.reason,
            "source": one.source,
            "at": one.at,
            "attempt_id": one.attempt_id,
        }
        for one in new
    ]
    conn.execute(dialect.insert(conn, suppressions).on_conflict_do_nothing(), rows)
    if addressees:
        custody.take_back(conn, addressees, channel)
