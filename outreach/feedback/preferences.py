"""What a customer wants to get: topics by channels as they stand, and changed by the customer.

A yes said here is a new one, with the version of the text that was shown (COMPLIANCE 12); a no
holds as any other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from outreach.feedback.one_click import proof_of
from outreach.settings.company import Company
from outreach.settings.rules_file import BUILT_IN_CHANNELS
from outreach.store.consent_history import standing
from outreach.store.consents import Word, record_consents
from outreach.store.opt_outs import Addressed, Against, OptOut, opt_out
from outreach.store.suppressions import reasons_against
from outreach.store.tables import refusals
from outreach.store.withdrawals import addresses_of
from outreach.vocabulary import ConsentState

SOURCE = "preferences"


class Choice(NamedTuple):
    """One box to tick."""

    channel: str
    topic: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """Every choice there is and those that are yes now; `blocked`: channels nothing goes out on."""

    choices: Mapping[Choice, bool]
    blocked: frozenset[str] = frozenset()

    @property
    def wanted(self) -> frozenset[Choice]:
        """The choices that are yes."""
        return frozenset(choice for choice, yes in self.choices.items() if yes)


@dataclass(frozen=True, slots=True)
class Filled:
    """The page as a person sent it: ticked now, ticked when it was shown, and when that was."""

    ticked: frozenset[Choice]
    shown: frozenset[Choice]
    shown_at: datetime
    nothing: bool = False  # "all of it, off" was pressed


def choices_of(company: Company) -> list[Choice]:
    """Topics that need a yes, by channels of the company, in the order of outreach.yaml."""
    channels = [*sorted(BUILT_IN_CHANNELS), *sorted(company.channels.keys() - BUILT_IN_CHANNELS)]
    topics = [name for name, topic in company.topics.items() if not topic.transactional]
    return [Choice(channel, topic) for topic in topics for channel in channels]


def preferences(
    conn: Connection, company: Company, of: Addressed | None, now: datetime
) -> Preferences:
    """How the reader of a message stands; of None, nobody's, without a yes."""
    choices = choices_of(company)
    if of is None:
        return Preferences(dict.fromkeys(choices, False))
    granted = {
        Choice(word.channel, word.topic): word.at
        for word in standing(conn, of.customer_id, now)
        if word.state is ConsentState.GRANTED and not word.expired
    }
    addresses = _addresses(conn, of.customer_id, choices)
    noes = _noes_at(conn, addresses)
    stands = {
        choice: choice in granted and not (choice in noes and noes[choice] >= granted[choice])
        for choice in choices
    }
    blocked = {
        channel for channel, address in addresses.items() if reasons_against(conn, channel, address)
    }
    return Preferences(stands, frozenset(blocked))


def change(
    conn: Connection, company: Company, of: Addressed, filled: Filled, now: datetime, *,
    version: str, agent: str,
) -> list[Against]:  # fmt: skip
    """Record what the person changed on the page; what the noes among it are against.

    Only what was ticked or unticked there counts, so an old page undoes nothing said meanwhile; a
    yes is none where a no was said after the page was shown, nor where the customer has another
    address by now than the message went to.
    """
    proof = proof_of(of.delivery_id, agent)
    yes = () if filled.nothing else sorted(filled.ticked - filled.shown)
    no = choices_of(company) if filled.nothing else sorted(filled.shown - filled.ticked)
    known = set(choices_of(company))
    noes = [
        OptOut(of.customer_id, *choice, of.address if choice.channel == of.channel else None,
               SOURCE, proof)
        for choice in no
        if choice in known
    ]  # fmt: skip
    against = opt_out(conn, noes, now) if noes else []
    granted = ConsentState.GRANTED
    free = _may_say_yes(conn, of, known.intersection(yes), filled.shown_at)
    proof = f"{version}, {proof}"
    words = [Word(of.customer_id, *choice, granted, now, SOURCE, proof) for choice in free]
    record_consents(conn, words, now)
    return against


def _may_say_yes(
    conn: Connection, of: Addressed, wanted: Collection[Choice], shown_at: datetime
) -> list[Choice]:
    addresses = _addresses(conn, of.customer_id, wanted)
    own = addresses_of(conn, of.channel, [of.customer_id]).get(of.customer_id)
    if own is None or own != of.address:
        return []
    noes = _noes_at(conn, addresses)
    for word in standing(conn, of.customer_id, shown_at):
        if word.state is ConsentState.WITHDRAWN:
            choice = Choice(word.channel, word.topic)
            noes[choice] = max(word.at, noes.get(choice, word.at))
    return sorted(choice for choice in wanted if choice not in noes or noes[choice] <= shown_at)


def _addresses(conn: Connection, customer_id: int, choices: Collection[Choice]) -> dict[str, str]:
    """The customer's present addresses by channel."""
    found = {}
    for channel in sorted({choice.channel for choice in choices}):
        address = addresses_of(conn, channel, [customer_id]).get(customer_id)
        if address is not None:
            found[channel] = address
    return found


def _noes_at(conn: Connection, addresses: Mapping[str, str]) -> dict[Choice, datetime]:
    """When somebody said no at these addresses, by channel and topic."""
    t = refusals.c
    found: dict[Choice, datetime] = {}
    for channel, address in addresses.items():
        kept = select(t.topic, t.at).where(t.channel == channel, t.address == address)
        found |= {Choice(channel, row.topic): row.at for row in conn.execute(kept)}
    return found
