"""What follows from a no: it holds for the address, and takes claimed deliveries back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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


Reach = Mapping[str, Mapping[int, str]]  # addresses by channel and customer's id, of who has one


def reach(conn: Connection, ids: Mapping[str, Collection[int]]) -> Reach:
    """The addresses at which the customers, given by channel, are reached."""
    return {channel: addresses_of(conn, channel, those) for channel, those in sorted(ids.items())}


def sharing(conn: Connection, channel: str, ids: Collection[int], reached: Reach) -> set[int]:
    """The ids of all customers who have the channel's address of one of the given ones."""
    # With the addresses at hand: asked for inside, PostgreSQL reads everyone of a young table.
    at = reached[channel]
    return who_has(conn, channel, {at[id_] for id_ in ids if id_ in at})


def who_has(conn: Connection, channel: str, addresses: Collection[str]) -> set[int]:
    """The ids of all customers who have one of the addresses on the channel."""
    column = address_column(channel)
    if column is None or not addresses:
        return set()
    theirs = dialect.is_any_of(conn, column, sorted(addresses))
    return set(conn.execute(select(customers.c.id).where(theirs)).scalars())


def apply_withdrawals(conn: Connection, noes: Sequence[No], reached: Reach) -> int:
    """Keep each no for its customer's present address; how many deliveries were taken back.

    The customers, and those who share their addresses, must be locked, and `reached` be of then.
    """
    ids = defaultdict(set)
    for no in noes:
        ids[no.channel, no.topic].add(no.customer_id)
    refuse(conn, noes, reached)
    taken_back = 0
    for (channel, topic), of in sorted(ids.items()):
        theirs = {*of, *sharing(conn, channel, of, reached)}
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
    noes = [No(*row) for row in rows]
    of = defaultdict(set)
    for no in noes:
        of[no.channel].add(no.customer_id)
    refuse(conn, noes, reach(conn, of))


def refuse(conn: Connection, noes: Iterable[No], reached: Reach) -> None:
    """Let noes hold for the addresses at which their customers are reached: the latest of each."""
    latest: dict[tuple[str, str, str], No] = {}
    for no in noes:
        address = reached[no.channel].get(no.customer_id)
        if address is not None:
            key = (no.channel, address, no.topic)
            latest[key] = max(latest.get(key, no), no, key=lambda one: one.at)
    rows = [(*key, no.at, no.consent_id) for key, no in sorted(latest.items())]
    names = ("channel", "address", "topic", "at", "consent_id")
    upsert(conn, refusals, names, rows, newer=lambda given: given.at > refusals.c.at)


def addresses_of(conn: Connection, channel: str, ids: Collection[int]) -> dict[int, str]:
    """The addresses that the customers have on the channel, by id; who has none is left out."""
    address = address_column(channel)
    if address is None or not ids:
        return {}
    rows = conn.execute(
        select(customers.c.id, address.label("address")).where(
            dialect.is_any_of(conn, customers.c.id, sorted(ids)), address.is_not(None)
        )
    )
    return {row.id: row.address for row in rows}


def refused_by_address(
    conn: Connection, channel: str, addresses: Mapping[int, str]
) -> list[tuple[int, str]]:
    """(customer id, topic) where someone said no at the address that the customer has."""
    at = refused_at(conn, channel, set(addresses.values()))
    return [
        (id_, topic)
        for topic, refused in at.items()
        for id_, address in addresses.items()
        if address in refused
    ]


def refused_at(conn: Connection, channel: str, addresses: Collection[str]) -> dict[str, set[str]]:
    """By topic, those of the addresses at which someone said no to it on the channel."""
    found: dict[str, set[str]] = defaultdict(set)
    if addresses:
        t = refusals.c
        at_them = dialect.is_any_of(conn, t.address, sorted(addresses))
        for no in conn.execute(select(t.address, t.topic).where(at_them, t.channel == channel)):
            found[no.topic].add(no.address)
    return found
