"""Customers in the order of their ids, a part at a time, with dates and how their consents stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from outreach.store import dialect
from outreach.store.customers import PLAIN_COLUMNS
from outreach.store.named_dates import Dates, dates_of
from outreach.store.tables import consent_states, customers
from outreach.vocabulary import ConsentState


@dataclass(frozen=True, slots=True)
class Exported:
    """One customer: columns by name, stored attributes, dates, and the last words without an end."""

    id: int
    columns: Mapping[str, Any]
    attributes: Mapping[str, Any]
    dates: Dates
    consents: Mapping[tuple[str, str], ConsentState]  # by channel and topic


def customers_after(conn: Connection, after: int, limit: int) -> list[Exported]:
    """Up to `limit` customers with ids above `after`; who was erased or merged is left out.

    A yes that has an end is left out too: the file could not say it, and it would have none.
    """
    t = customers.c
    names = ("id", "key", *PLAIN_COLUMNS, "stage", "attributes")
    there = (t.id > after, t.erased_at.is_(None), t.merged_into.is_(None))
    query = select(*(t[name] for name in names)).where(*there).order_by(t.id).limit(limit)
    rows = [dict(row) for row in conn.execute(query).mappings()]
    ids = [row["id"] for row in rows]
    words, dates = _words(conn, ids), dates_of(conn, ids)
    return [
        Exported(id_, row, row["attributes"] or {}, dates.get(id_, {}), words.get(id_, {}))
        for id_, row in zip(ids, rows, strict=True)
    ]


def _words(conn: Connection, ids: Sequence[int]) -> dict[int, dict[tuple[str, str], ConsentState]]:
    s = consent_states.c
    found: dict[int, dict[tuple[str, str], ConsentState]] = {}
    query = select(s.customer_id, s.channel, s.topic, s.state, s.expires_at).where(
        dialect.is_any_of(conn, s.customer_id, ids)
    )
    for row in conn.execute(query):
        if row.expires_at is None:
            found.setdefault(row.customer_id, {})[row.channel, row.topic] = ConsentState(row.state)
    return found
