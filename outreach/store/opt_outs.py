"""Noes that came back on a message: they hold for the address it went to, whoever has it now."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from outreach.store import custody, dialect
from outreach.store.consents import Word, record_consents
from outreach.store.tables import consent_states, customers, deliveries, refusals
from outreach.store.upserts import upsert
from outreach.store.withdrawals import addresses_of, who_has
from outreach.vocabulary import ConsentState


class Addressed(NamedTuple):
    """What a delivery tells of a message: to whom it went, about what."""

    delivery_id: int
    customer_id: int
    channel: str
    topic: str
    address: str | None  # None: erased
    locale: str | None


class OptOut(NamedTuple):
    """One no: of a customer, and of whoever has `address` (that a message went to) as well."""

    customer_id: int
    channel: str
    topic: str
    address: str | None
    source: str
    proof: str


@dataclass(frozen=True, slots=True)
class Against:
    """What a no is against: messages on the channel to one of the customers or the addresses."""

    channel: str
    customer_ids: frozenset[int]
    addresses: frozenset[str]


def addressed(conn: Connection, delivery_ids: Collection[int]) -> dict[int, Addressed]:
    """What is known of deliveries that went out on a channel, by id; others are left out.

    The customer is the one that it was merged into, where it was.
    """
    d, c = deliveries.c, customers.c
    who = func.coalesce(c.merged_into, c.id).label("customer_id")
    wanted = dialect.is_any_of(conn, d.id, sorted(delivery_ids))
    rows = conn.execute(
        select(d.id, who, d.channel, d.topic, d.address, d.locale)
        .join(customers, c.id == d.customer_id)
        .where(wanted, d.channel.is_not(None))
    )
    return {row.id: Addressed(*row) for row in rows}


def opt_out(conn: Connection, noes: Sequence[OptOut], now: datetime) -> list[Against]:
    """Record the noes in the ledger and for the addresses; claimed deliveries are taken back.

    In their order what each is against. Who said so already adds no word.
    """
    present, locked = _lock(conn, noes)
    standing = _noes_that_stand(conn, {no.customer_id for no in noes})
    withdrawn = ConsentState.WITHDRAWN
    new = {
        (no.customer_id, no.channel, no.topic): Word(
            no.customer_id, no.channel, no.topic, withdrawn, now, no.source, no.proof
        )
        for no in noes
        if (no.customer_id, no.channel, no.topic) not in standing
    }
    record_consents(conn, list(new.values()), now, locked)
    known = [
        no
        for no in noes
        if (no.customer_id, no.channel, no.topic) in standing
        or no.address != present[no.channel].get(no.customer_id)
    ]  # a new no holds for the customer's present address already
    if known:
        _hold_for_addresses(conn, known, now)
    return [_against(no, present[no.channel].get(no.customer_id)) for no in noes]


def _against(no: OptOut, present: str | None) -> Against:
    addresses = frozenset(filter(None, (no.address, present)))
    return Against(no.channel, frozenset({no.customer_id}), addresses)


def _lock(
    conn: Connection, noes: Sequence[OptOut]
) -> tuple[dict[str, dict[int, str]], frozenset[int]]:
    """Lock whoever a no may hold for, at once; present addresses by channel, and who is locked.

    An import may have given one of them another address until the lock was had: then once more.
    """
    ids: dict[str, set[int]] = defaultdict(set)
    addresses: dict[str, set[str]] = defaultdict(set)
    for no in noes:
        ids[no.channel].add(no.customer_id)
        addresses[no.channel].update(() if no.address is None else (no.address,))
    present = {channel: addresses_of(conn, channel, of) for channel, of in ids.items()}
    if not dialect.is_postgres(conn):
        return present, frozenset()
    locked: set[int] = set()
    while True:
        wanted = set().union(*ids.values())
        for channel, theirs in present.items():
            wanted |= who_has(conn, channel, {*addresses[channel], *theirs.values()})
        dialect.lock_customers(conn, sorted(wanted - locked))
        locked |= wanted
        now = {channel: addresses_of(conn, channel, of) for channel, of in ids.items()}
        if now == present:
            return present, frozenset(locked)
        present = now


def _noes_that_stand(conn: Connection, ids: Collection[int]) -> dict[tuple[int, str, str], int]:
    """The consent's id of each last word that is no, by customer, channel and topic."""
    t = consent_states.c
    rows = conn.execute(
        select(t.customer_id, t.channel, t.topic, t.consent_id).where(
            dialect.is_any_of(conn, t.customer_id, sorted(ids)),
            t.state == ConsentState.WITHDRAWN.value,
        )
    )
    return {(row.customer_id, row.channel, row.topic): row.consent_id for row in rows}


def _hold_for_addresses(conn: Connection, noes: Sequence[OptOut], now: datetime) -> None:
    """Keep each no for the address that its message went to, though its customer has another."""
    consent_ids = _noes_that_stand(conn, {no.customer_id for no in noes})
    rows: dict[tuple[str, str, str], tuple[str, str, str, datetime, int]] = {}
    for no in noes:
        consent_id = consent_ids.get((no.customer_id, no.channel, no.topic))
        if no.address is not None and consent_id is not None:
            key = (no.channel, no.address, no.topic)
            rows[key] = (*key, now, consent_id)
    names = ("channel", "address", "topic", "at", "consent_id")
    of = [rows[key] for key in sorted(rows)]
    upsert(conn, refusals, names, of, newer=lambda given: given.at > refusals.c.at)
    by_topic = defaultdict(set)
    for channel, address, topic in rows:
        by_topic[channel, topic].add(address)
    for (channel, topic), addresses in sorted(by_topic.items()):
        theirs = who_has(conn, channel, addresses)
        if theirs:
            custody.take_back(conn, theirs, channel, topic)
