"""Suppressions that people give, look at and lift."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from outreach.store import dialect
from outreach.store.customers import ADDRESSES
from outreach.store.erased import Erased
from outreach.store.suppressions import (
    Suppression,
    lock_addressees,
    reasons_against,
    suppress,
)
from outreach.store.tables import customers, further_suppressions, suppressions

HARD_BOUNCE, COMPLAINT, OPTED_OUT = "hard_bounce", "complaint", "opted_out"
OWN_WORDS = frozenset((COMPLAINT, OPTED_OUT))  # what the person said: nobody else takes it back


@dataclass(frozen=True, slots=True)
class Listed:
    """An address that is not used on a channel."""

    channel: str
    address: str
    reason: str
    source: str
    at: datetime


def add_listed(conn: Connection, channel: str, new: Sequence[Suppression]) -> int:
    """Keep suppressions of one channel; how many of them say something new.

    Customers are locked first, and what is claimed for them is taken back. Of two reasons that
    people gave for an address the complaint stays.
    """
    by_address = {one.address: one for one in reversed(new)}
    by_address |= {one.address: one for one in reversed(new) if one.reason == COMPLAINT}
    addressees = lock_addressees(conn, channel, by_address.keys())
    t = suppressions.c
    there = dialect.is_any_of(conn, t.address, sorted(by_address))
    found = conn.execute(select(t.address, t.reason).where(t.channel == channel, there))
    known = {row.address: row.reason for row in found}
    suppress(conn, channel, [by_address[each] for each in sorted(by_address)], addressees)
    worse = [
        one
        for one in by_address.values()
        if one.reason == COMPLAINT and known.get(one.address, COMPLAINT) != COMPLAINT
    ]
    complained = sum(_complain(conn, one) for one in worse)
    return len(by_address.keys() - known.keys()) + complained


def _complain(conn: Connection, one: Suppression) -> int:
    """Let a complaint stand where people gave another reason; whether it did not yet."""
    changed = 0
    for table, by_people in (
        (suppressions, suppressions.c.run_id.is_(None)),
        (further_suppressions, further_suppressions.c.run_id == 0),
    ):
        t = table.c
        same = (t.channel == one.channel, t.address == one.address, by_people)
        values = {"reason": COMPLAINT, "source": one.source, "at": one.at}
        statement = update(table).where(*same, t.reason != COMPLAINT).values(values)
        changed += conn.execute(statement).rowcount
    return min(changed, 1)


def lift(
    conn: Connection, channel: str, address: str, anyway: bool, erased: Erased
) -> tuple[set[str], set[str]]:
    """Let the address be used again: the reasons that were lifted, and those that forbid it.

    A complaint or an opt-out of the person's, or of someone who was erased, is lifted only
    `anyway`; then all is, else nothing. No consent comes of it.
    """
    lock_addressees(conn, channel, [address])
    hashed = erased.reasons(conn, channel, address)
    reasons = reasons_against(conn, channel, address) | hashed
    forbidding = (reasons & OWN_WORDS) | hashed
    if forbidding and not anyway:
        return set(), forbidding
    for table in (suppressions, further_suppressions):
        t = table.c
        conn.execute(delete(table).where(t.channel == channel, t.address == address))
    erased.lift(conn, channel, address)
    return reasons, set()


def listed_of(conn: Connection, customer_id: int, now: datetime) -> list[Listed]:
    """Every reason up to `now` against the customer's addresses, by channel, the latest first."""
    found = []
    for channel, column in ADDRESSES.items():
        for table in (suppressions, further_suppressions):
            t = table.c
            query = (
                select(t.channel, t.address, t.reason, t.source, t.at)
                .join(customers, customers.c[column] == t.address)
                .where(customers.c.id == customer_id, t.channel == channel, t.at <= now)
            )
            found += [Listed(*row) for row in conn.execute(query)]
    return sorted(found, key=lambda one: (one.channel, -one.at.timestamp(), one.reason))


def listed(conn: Connection, channel: str | None, limit: int) -> tuple[list[Listed], int]:
    """Up to `limit` suppressed addresses, the latest first; and how many there are."""
    t = suppressions.c
    query = select(t.channel, t.address, t.reason, t.source, t.at)
    count = select(func.count()).select_from(suppressions)
    if channel is not None:
        query, count = query.where(t.channel == channel), count.where(t.channel == channel)
    rows = conn.execute(query.order_by(t.at.desc(), t.address, t.channel).limit(limit))
    return [Listed(*row) for row in rows], conn.execute(count).scalar_one()
