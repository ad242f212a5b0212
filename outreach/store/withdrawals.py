"""What follows from a no: it holds for the address, and takes claimed deliveries back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from outreach.store import custody, dialect
from outreach.store.customers import address_column
from outreach.store.tables import consent_states, customers, refusals
from outreach.store.upserts import upsert
from outreach.vocabulary import ConsentState


class No(NamedTuple):
    """One recorded withdrawal."""

    customer_id: int
    channel: str
    topic: str
    at: datetime
    consent_id: int


def sharing(conn: Connection, channel: str, ids: Collection[int]) -> list[int]:
    """The ids of all customers who have the channel's address of one of the given ones."""
    address = address_column(channel)
    if address is None or not ids:
        return []
    theirs = select(address).where(dialect.is_any_of(conn, customers.c.id, sorted(ids)))
    return list(conn.execute(select(customers.c.id).where(address.in_(theirs))).scalars())


def apply_withdrawals(conn: Connection, noes: Sequence[No]) -> int:
    """Keep each no for its customer's present address; how many deliveries were taken back.

    The customers, and those who share their addresses, must be locked.
    """
    ids = defaultdict(set)
    for no in noes:
        ids[no.channel, no.topic].add(no.customer_id)
    _refuse(conn, noes)
    taken_back = 0
    for (channel, topic), of in sorted(ids.items()):
        theirs = {*of, *sharing(conn, channel, of)}
        taken_back += len(custody.take_back(conn, theirs, channel, topic))
    return taken_back


def carry_refusals(conn: Connection, ids: Sequence[int]) -> None:
    """Let the noes of customers whose address is new hold for that address too.

    A changed or later learnt address frees nobody.
    """
    t = consent_states.c
    rows = conn.execute(
        select(t.customer_id, t.channel, t.topic, t.at, t.consent_id).where(
            dialect.is_any_of(conn, t.customer_id, ids), t.state == ConsentState.WITHDRAWN
        )
    )
    _refuse(conn, [No(*row) for row in rows])


def _refuse(conn: Connection, noes: Iterable[No]) -> None:
    """Upsert the refusals of the customers' addresses; the latest no of an address stays."""
    latest: dict[tuple[str, str, str], No] = {}
    by_channel = defaultdict(list)
    for no in noes:
        by_channel[no.channel].append(no)
    for channel, those in by_channel.items():
        addresses = addresses_of(conn, channel, {no.customer_id for no in those})
        for no in those:
            address = addresses.get(no.customer_id)
            if address is not None:
                key = (channel, address, no.topic)
                latest[key] = max(latest.get(key, no), no, key=lambda one: one.at)
    rows = [(*key, no.at, no.consent_id) for key, no in sorted(latest.items())]
    names = ("channel", "address", "topic", "at", "consent_id")
    upsert(conn, refusals, names, rows, newer=lambda given: given.at > refusals.c.at)


def addresses_of(conn: Connection, channel: str, ids: Collection[int]) -> dict[int, str]:
    """The addresses that the customers have on the channel, by id; who has none is left out."""
    address = address_column(channel)
    if address is None:
        return {}
    rows = conn.execute(
        select(customers.c.id, address.label("address")).where(
            dialect.is_any_of(conn, customers.c.id, sorted(ids)), address.is_not(None)
        )
    )
    return {row.id: row.address for row in rows}


def refused_by_address(
    conn: Connection, channel: str, ids: Collection[int]
) -> list[tuple[int, str]]:
    """(customer id, topic) where someone said no at the address that the customer has."""
    address = address_column(channel)
    if address is None:
        return []
    t = refusals.c
    picked = dialect.is_any_of(conn, customers.c.id, sorted(ids))
    # Refusals by key first, then their few customers: as one join, SQLite begins with every
    # refusal of the channel.
    noes = conn.execute(
        select(t.address, t.topic).where(
            t.channel == channel, t.address.in_(select(address).where(picked))
        )
    ).all()
    if not noes:
        return []
    topics = defaultdict(list)
    for no in noes:
        topics[no.address].append(no.topic)
    theirs = addresses_of(conn, channel, ids)
    return [(id_, topic) for id_, at in theirs.items() for topic in topics.get(at, ())]
