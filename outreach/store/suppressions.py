"""Suppressions: addresses that are never used again, and what else follows from one."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, tuple_

from outreach.store import custody, dialect
from outreach.store.customers import address_column
from outreach.store.tables import customers, suppressions
from outreach.store.tables import further_suppressions as more

LISTED = "listed"  # somebody gave it without a reason
REASONS = frozenset(("hard_bounce", "complaint", "opted_out", "soft_bounces", LISTED))


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address not to be used on a channel; `attempt_id` names the attempt whose answer said so."""

    channel: str
    address: str
    reason: str  # one of REASONS, or a person's own words
    source: str
    at: datetime
    attempt_id: int | None = None
    run_id: int | None = None  # of that attempt, or of the message that a hard bounce is about


def without_words(reason: str) -> str:
    """The reason, if it is one of ours: what a person wrote instead may tell of somebody."""
    return reason if reason in REASONS else LISTED


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
    """Keep the suppressions; claimed deliveries are taken back.

    The first of an address is in force. What another run's answer, or a person, says of it later
    is kept too, for the time when the first is lifted. `addressees` are those of
    lock_addressees, in the same transaction.
    """
    if not new:
        return
    rows = [_row(one) for one in new]
    conn.execute(dialect.insert(conn, suppressions).on_conflict_do_nothing(), rows)
    in_force = _run_by_address(conn, channel, {one.address for one in new})
    further = [
        {**row, "run_id": row["run_id"] or 0}
        for row in rows
        if (in_force.get(str(row["address"])) or 0) != (row["run_id"] or 0)
    ]
    if further:
        conn.execute(dialect.insert(conn, more).on_conflict_do_nothing(), further)
    if addressees:
        custody.take_back(conn, addressees, channel)


def reasons_against(conn: Connection, channel: str, address: str) -> set[str]:
    """Every reason for which the address is not to be used; empty where it may be."""
    found: set[str] = set()
    for table in (suppressions, more):
        t = table.c
        kept = select(t.reason).where(t.channel == channel, t.address == address)
        found |= set(conn.execute(kept).scalars())
    return found


def lift_reason(conn: Connection, channel: str, address: str, reason: str) -> bool:
    """Take back what was said of an address for one reason; whether there was any.

    What else was said of it stays in force.
    """
    t, m = suppressions.c, more.c
    further = delete(more).where(m.channel == channel, m.address == address, m.reason == reason)
    known = conn.execute(further.returning(m.run_id)).all()
    first = delete(suppressions).where(
        t.channel == channel, t.address == address, t.reason == reason
    )
    if conn.execute(first.returning(t.address)).first() is None:
        return bool(known)
    _promote(conn, channel, [address])
    return True


def _row(one: Suppression) -> dict[str, object]:
    return {
        "channel": one.channel,
        "address": one.address,
        "reason": one.reason,
        "source": one.source,
        "at": one.at,
        "attempt_id": one.attempt_id,
        "run_id": one.run_id,
    }


def _run_by_address(
    conn: Connection, channel: str, addresses: Collection[str]
) -> dict[str, int | None]:
    t = suppressions.c
    theirs = dialect.is_any_of(conn, t.address, sorted(addresses))
    found = conn.execute(select(t.address, t.run_id).where(t.channel == channel, theirs))
    return {row.address: row.run_id for row in found}


def lift_of_run(conn: Connection, run_id: int, reason: str, most: int) -> list[int]:
    """Take back up to `most` suppressions that a run's answers made; the attempts, 0 for a receipt.

    Where somebody else suppressed the address as well, that holds from now on.
    """
    t, m = suppressions.c, more.c
    conn.execute(delete(more).where(m.run_id == run_id, m.reason == reason))
    some = select(t.channel, t.address).where(t.run_id == run_id, t.reason == reason).limit(most)
    key = tuple_(t.channel, t.address)
    lifted = conn.execute(
        delete(suppressions).where(key.in_(some)).returning(t.channel, t.address, t.attempt_id)
    ).all()
    by_channel = defaultdict(list)
    for row in lifted:
        by_channel[row.channel].append(row.address)
    for channel, addresses in by_channel.items():
        _promote(conn, channel, addresses)
    return sorted(row.attempt_id or 0 for row in lifted)


def _promote(conn: Connection, channel: str, addresses: Sequence[str]) -> None:
    """Put in force what else was said of addresses, the earliest of each."""
    m = more.c
    theirs = dialect.is_any_of(conn, m.address, sorted(addresses))
    found = select(more).where(m.channel == channel, theirs).order_by(m.at, m.run_id)
    first: dict[str, Row[Any]] = {}
    for row in conn.execute(found):
        first.setdefault(row.address, row)
    if not first:
        return
    rows = [{**row._mapping, "run_id": row.run_id or None} for row in first.values()]
    conn.execute(dialect.insert(conn, suppressions).on_conflict_do_nothing(), rows)
    key = tuple_(m.channel, m.address, m.run_id)
    conn.execute(
        delete(more).where(
            key.in_([(row.channel, row.address, row.run_id) for row in first.values()])
        )
    )
