"""Events: what happened to customers, each taken once if it has an id."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, exists, func, select

from outreach.store import dialect
from outreach.store.tables import company_rules, event_ids, events, pending_events
from outreach.vocabulary import OF_TASKS

RECENT = 200_000  # events: read in a moment, and more than enough to show every usual kind
ADDING = "add events"  # what one transaction does at a time; taken before any customer's lock


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `external_id` is the sender's own, "" when it has none; `due_at` is a promise's."""

    customer_id: int
    kind: str
    at: datetime
    amount: Decimal | None = None
    external_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


def add_events(conn: Connection, new: Sequence[Event], now: datetime) -> list[Event]:
    """Add the events; those that were added, in order: an id that is taken adds nothing.

    With `add_events_numbered` the one way in, so that an id can not be taken twice at once.
    """
    return [event for _, event in _add(conn, new, now)]


def add_events_numbered(conn: Connection, new: Sequence[Event], now: datetime) -> list[int]:
    """Add events without ids of their senders'; their numbers, in order."""
    return [id_ for id_, _ in _add(conn, new, now)]


def _add(conn: Connection, new: Sequence[Event], now: datetime) -> list[tuple[int, Event]]:
    dialect.one_at_a_time(conn, ADDING)
    taken = _taken(conn, [event.external_id for event in new if event.external_id])
    added = []
    for event in new:
        if event.external_id in taken:
            continue
        if event.external_id:
            taken.add(event.external_id)
        added.append(event)
    ids = dialect.reserve_ids(conn, events, len(added))
    names = ("id", "customer_id", "kind", "at", "amount", "data", "recorded_at")
    rows = [
        (id_, event.customer_id, event.kind, event.at, event.amount, event.data or None, now)
        for id_, event in zip(ids, added, strict=True)
    ]
    dialect.insert_rows(conn, events, names, rows)
    named = [
        (event.external_id, id_) for id_, event in zip(ids, added, strict=True) if event.external_id
    ]
    dialect.insert_rows(conn, event_ids, ("external_id", "event_id"), sorted(named))
    numbered = list(zip(ids, added, strict=True))
    _ask_for_tasks(conn, numbered)
    return numbered


def recent_kinds(conn: Connection) -> frozenset[str]:
    """The kinds of the events that were recorded last: of many, however many events there are."""
    latest = select(events.c.kind).order_by(events.c.id.desc()).limit(RECENT).subquery()
    return frozenset(conn.execute(select(latest.c.kind).distinct()).scalars())


def is_any_of_kind(conn: Connection, kind: str) -> bool:
    """Whether any event is of this kind; all are looked at where none is."""
    return bool(conn.execute(select(exists().where(events.c.kind == kind))).scalar())


def _ask_for_tasks(conn: Connection, added: Sequence[tuple[int, Event]]) -> None:
    """Let the scheduler look at events that may give out or end a task, by the rules of today."""
    asked = [(id_, event) for id_, event in added if event.kind in OF_TASKS]
    if asked:
        rules = conn.execute(select(func.max(company_rules.c.id))).scalar()
        rows = [(id_, event.at, event.due_at, rules) for id_, event in asked]
        dialect.insert_rows(conn, pending_events, ("event_id", "at", "due_at", "rules_id"), rows)


def _taken(conn: Connection, ids: Sequence[str]) -> set[str]:
    if not ids:
        return set()
    column = event_ids.c.external_id
    return set(conn.execute(select(column).where(dialect.is_any_of(conn, column, ids))).scalars())
