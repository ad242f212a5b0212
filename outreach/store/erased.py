"""Hashes that outlive erased addresses: what stood against an address, once it comes back.

Made under a key of its own that never changes: nobody can be looked up again under another one.
"""

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select

from outreach.errors import SetupError
from outreach.store import dialect
from outreach.store.customers import address_column
from outreach.store.suppressions import without_words
from outreach.store.tables import customers, erased_addresses, refusals, suppressions
from outreach.store.upserts import upsert

ADDRESSES = ("email", "phone")  # columns of customers
_BITS = 160
_CHECK = "the key of erasures"
t = erased_addresses.c


@dataclass(frozen=True, slots=True)
class Erased:
    """Looks for what was erased, by the key that hashed it; None where there is no such key."""

    key: bytes | None = None

    def any(self, conn: Connection) -> bool:
        """Whether anybody was ever erased. SetupError where it was under another key.

        Asked before addresses come in: without the key an opt-out would be forgotten.
        """
        there = conn.execute(select(t.digest).where(t.channel == "")).scalar()
        if there is not None and (self.key is None or there != self.digest("", _CHECK)):
            hint = "bring back OUTREACH_ERASURE_KEY, or .outreach/erasure_key on one machine"
            raise SetupError("customers were erased under a key that is not here", hint)
        return there is not None

    def digest(self, what: str, text: str) -> str:
        """The keyed hash of an address (`what`: email or phone) or of a customer's key."""
        found = hmac.new(self.key or b"", f"{what}:{text}".encode(), sha256).hexdigest()
        return found[: _BITS // 4]

    def key_of(self, key: str) -> str:
        """What an erased customer's key becomes."""
        return f"erased-{self.digest('key', key)}"

    def erased_keys(self, conn: Connection, keys: Collection[str]) -> set[str]:
        """Those of the keys whose customers were erased."""
        if not keys or not self.any(conn):
            return set()
        by_new = {self.key_of(key): key for key in keys}
        column = customers.c.key
        found = conn.execute(select(column).where(dialect.is_any_of(conn, column, list(by_new))))
        return {by_new[new] for new in found.scalars()}

    def keep(self, conn: Connection, addresses: Mapping[str, str], now: datetime) -> int:
        """Keep, hashed, what stands against the addresses given by column; how many rows."""
        self.any(conn)
        kept: list[tuple[Any, ...]] = [(self.digest("", _CHECK), "", "", None, now, None)]
        for what, address in addresses.items():
            digest = self.digest(what, address)
            s, r = suppressions.c, refusals.c
            for row in conn.execute(select(s.channel, s.reason, s.at).where(s.address == address)):
                reason = without_words(row.reason)
                kept.append((digest, row.channel, "", reason, row.at, None))
            noes = select(r.channel, r.topic, r.at, r.consent_id).where(r.address == address)
            for no in conn.execute(noes):
                kept.append((digest, no.channel, no.topic, None, no.at, no.consent_id))
        names = ("digest", "channel", "topic", "reason", "at", "consent_id")
        upsert(conn, erased_addresses, names, kept, newer=lambda given: given.at > t.at)
        return len(kept) - 1

    def bring_back(self, conn: Connection, addresses: Mapping[str, Collection[str]]) -> None:
        """Let what stood against the addresses (by column), when they were erased, stand again."""
        by_digest = {
            self.digest(what, address): address
            for what, those in addresses.items()
            for address in those
        }
        if not by_digest:
            return
        rows = conn.execute(
            select(erased_addresses).where(dialect.is_any_of(conn, t.digest, sorted(by_digest)))
        ).all()
        _suppress(conn, [(by_digest[row.digest], row) for row in rows if not row.topic])
        noes = [
            (row.channel, by_digest[row.digest], row.topic, row.at, row.consent_id)
            for row in rows
            if row.topic
        ]
        names = ("channel", "address", "topic", "at", "consent_id")
        upsert(conn, refusals, names, noes, newer=lambda given: given.at > refusals.c.at)

    def reasons(self, conn: Connection, channel: str, address: str) -> set[str]:
        """Why an address that was erased is suppressed on the channel."""
        if not self.any(conn):
            return set()
        return set(conn.execute(select(t.reason).where(*self._own(channel, address))).scalars())

    def lift(self, conn: Connection, channel: str, address: str) -> None:
        """Let an address that was erased be used again; a no about a topic stays."""
        if self.any(conn):
            conn.execute(delete(erased_addresses).where(*self._own(channel, address)))

    def _own(self, channel: str, address: str) -> tuple[ColumnElement[bool], ...]:
        column = address_column(channel)
        digest = self.digest("" if column is None else column.name, address)
        return t.digest == digest, t.channel == channel, t.topic == ""


def _suppress(conn: Connection, found: Sequence[tuple[str, Any]]) -> None:
    rows = [
        {"channel": row.channel, "address": address, "reason": row.reason, "source": "erasure",
         "at": row.at}
        for address, row in found
    ]  # fmt: skip
    if rows:
        conn.execute(dialect.insert(conn, suppressions).on_conflict_do_nothing(), rows)
