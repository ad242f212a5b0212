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
from outreach.store.withdrawals import No, Reach, refuse, refused_at
from outreach.vocabulary import ConsentState

Said = Mapping[tuple[str, str], Sequence[str | None]]  # by channel and topic: the state of each
GRANTED, WITHDRAWN = ConsentState.GRANTED.value, ConsentState.WITHDRAWN.value
_Kept = tuple[int, str, str, str]  # customer id, topic, channel, state: the key of a state first


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Customers created in this transaction: ids, rising, and their addresses by column.

    `holders`, by column and address, are the others who have these; they are locked.
    """

    ids: Sequence[int]
    addresses: Mapping[str, Sequence[str | None]]
    holders: Mapping[str, Mapping[str, set[int]]]

    def at(self, channel: str) -> Sequence[str | None]:
        """The address of each on the channel."""
        column = address_column(channel)
        nowhere: list[None] = [None] * len(self.ids)
        return nowhere if column is None else self.addresses.get(column.name, nowhere)

    def others_at(self, channel: str, addresses: Collection[str]) -> set[int]:
        """The others who have one of the addresses on the channel."""
        column = address_column(channel)
        held = {} if column is None else self.holders[column.name]
        return set().union(*(held[address] for address in held.keys() & set(addresses)))


def record_first_words(
    conn: Connection, newcomers: Newcomers, said: Said, source: str, now: datetime
) -> Recorded:
    """Add the standing words of newcomers to the ledger, all said at `now`.

    Each list of `said` is in the order of the newcomers. A yes at an address where somebody said
    no is refused. A no holds for its customer's address, and claimed deliveries of others who have
    it are taken back.
    """
    refused, kept = _sift(conn, newcomers, said)
    if not kept:
        return Recorded(refused=refused)
    ledger = _write(conn, kept, source, now)
    noes = [
        No(id_, channel, topic, now, consent_id)
        for (id_, topic, channel, state), consent_id in zip(kept, ledger, strict=True)
        if state == WITHDRAWN
    ]
    reached = _reached(newcomers, {no.channel for no in noes})
    refuse(conn, noes, reached)
    return Recorded(len(kept), 0, refused, _take_back(conn, newcomers, noes, reached))


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
            stopped = against.get(topic)
            if stopped:
                refusing = [
                    state == GRANTED and address in stopped
                    for state, address in zip(states, addresses, strict=True)
                ]
                refused += sum(refusing)
                states = [  # noqa: PLW2901
                    None if no else state for state, no in zip(states, refusing, strict=True)
                ]
            kept += [
                (id_, topic, channel, state)
                for id_, state in zip(newcomers.ids, states, strict=True)
                if state is not None
            ]
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


def _take_back(conn: Connection, newcomers: Newcomers, noes: Sequence[No], reached: Reach) -> int:
    """Let what is claimed for others at an address of a no be decided again; how many deliveries."""
    said_at = defaultdict(set)
    for no in noes:
        address = reached[no.channel].get(no.customer_id)
        if address is not None:
            said_at[no.channel, no.topic].add(address)
    taken_back = 0
    for (channel, topic), addresses in sorted(said_at.items()):
        others = newcomers.others_at(channel, addresses)
        if others:
            taken_back += len(custody.take_back(conn, others, channel, topic))
    return taken_back


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
