"""The first words of customers who were just created, from a list: nothing is known of them before.

What `consents.record_consents` would make of the same words, set against what can be there at all:
the refusals of their addresses, and deliveries of others who have these.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import Connection

from outreach.store import custody, dialect
from outreach.store.consents import Recorded
from outreach.store.customers import address_column
from outreach.store.tables import consent_states, consents
from outreach.store.withdrawals import No, Reach, refuse, refused_at, who_has
from outreach.vocabulary import ConsentState

Said = Mapping[tuple[str, str], Sequence[ConsentState | None]]  # by channel and topic
_Kept = tuple[int, str, str, str]  # customer id, topic, channel, state: the key of a state first


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Customers created in this transaction: ids, rising, and their addresses by column."""

    ids: Sequence[int]
    addresses: Mapping[str, Sequence[str | None]]

    def at(self, channel: str) -> Sequence[str | None]:
        """The address of each on the channel."""
        column = address_column(channel)
        nowhere: list[None] = [None] * len(self.ids)
        return nowhere if column is None else self.addresses.get(column.name, nowhere)


def record_first_words(
    conn: Connection,
    newcomers: Newcomers,
    said: Said,
    source: str,
    now: datetime,
    locked: Collection[int],
) -> Recorded:
    """Add the standing words of newcomers to the ledger, all said at `now`.

    Each list of `said` is in the order of the newcomers. A yes at an address where somebody said
    no is refused. A no holds for its customer's address; claimed deliveries of others who have it
    are taken back, under their locks. `locked`: customers whom the caller has locked already.
    """
    refused, kept = _sift(conn, newcomers, said)
    if not kept:
        return Recorded(refused=refused)
    noes = [(id_, topic, channel) for id_, topic, channel, state in kept if state == "withdrawn"]
    others = _others_reached(conn, newcomers, noes, locked)
    ledger = _write(conn, kept, source, now)
    reached = _reached(newcomers, {channel for _, _, channel in noes})
    words = [
        No(id_, channel, topic, now, consent_id)
        for (id_, topic, channel, state), consent_id in zip(kept, ledger, strict=True)
        if state == "withdrawn"
    ]
    refuse(conn, words, reached)
    taken_back = sum(
        len(custody.take_back(conn, ids, channel, topic))
        for (channel, topic), ids in sorted(others.items())
    )
    return Recorded(len(kept), 0, refused, taken_back)


def _sift(conn: Connection, newcomers: Newcomers, said: Said) -> tuple[int, list[_Kept]]:
    """How many yeses are refused; the other words in the order of `consent_states`."""
    by_channel = defaultdict(list)
    for (channel, topic), states in said.items():
        by_channel[channel].append((topic, states))
    refused = 0
    kept: list[_Kept] = []
    for channel, topics in by_channel.items():
        addresses = newcomers.at(channel)
        against = refused_at(conn, channel, {each for each in addresses if each is not None})
        for topic, states in topics:
            stopped = against.get(topic, set())
            for id_, state, address in zip(newcomers.ids, states, addresses, strict=True):
                if state is ConsentState.WITHDRAWN:
                    kept.append((id_, topic, channel, "withdrawn"))
                elif state is not None:
                    if address in stopped:
                        refused += 1
                    else:
                        kept.append((id_, topic, channel, "granted"))
    kept.sort()
    return refused, kept


def _reached(newcomers: Newcomers, channels: Collection[str]) -> Reach:
    return {
        channel: {
            id_: address
            for id_, address in zip(newcomers.ids, newcomers.at(channel), strict=True)
            if address is not None
        }
        for channel in channels
    }


def _others_reached(
    conn: Connection,
    newcomers: Newcomers,
    noes: Sequence[tuple[int, str, str]],
    locked: Collection[int],
) -> dict[tuple[str, str], set[int]]:
    """By channel and topic, the customers besides who have an address of a no; they are locked."""
    found = _sharers(conn, newcomers, noes)
    wanted: set[int] = set().union(*found.values())
    if wanted <= set(locked) or not dialect.is_postgres(conn):
        return found
    dialect.lock_customers(conn, sorted(wanted))
    return _sharers(conn, newcomers, noes)


def _sharers(
    conn: Connection, newcomers: Newcomers, noes: Sequence[tuple[int, str, str]]
) -> dict[tuple[str, str], set[int]]:
    said_by = defaultdict(set)
    for id_, topic, channel in noes:
        said_by[channel, topic].add(id_)
    own = set(newcomers.ids)
    found = {}
    for (channel, topic), ids in said_by.items():
        pairs = zip(newcomers.ids, newcomers.at(channel), strict=True)
        addresses = {address for id_, address in pairs if id_ in ids and address is not None}
        others = who_has(conn, channel, addresses) - own
        if others:
            found[channel, topic] = others
    return found


def _write(conn: Connection, kept: Sequence[_Kept], source: str, now: datetime) -> Sequence[int]:
    """Add the words to the ledger, and as the last ones; their ids."""
    count = len(kept)
    ids = dialect.reserve_ids(conn, consents, count)
    customer, topic, channel, state = zip(*kept, strict=True)
    about: dict[str, Any] = {
        "customer_id": customer,
        "topic": topic,
        "channel": channel,
        "state": state,
        "at": list(repeat(now, count)),
    }
    told = {"id": ids, "source": [source] * count, "recorded_at": about["at"]}
    dialect.insert_columns(conn, consents, {**about, **told})
    dialect.insert_columns(conn, consent_states, {**about, "consent_id": ids})
    return ids
