"""Attempts: one row for each answer of an adapter, whatever came of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, insert, select

from outreach.channels.adapter import Outcome
from outreach.store.dialect import insert_rows, is_any_of
from outreach.store.tables import attempts
from outreach.store.words import writable

MOST_CHARACTERS = 500  # of what a provider says
COLUMNS = (
    "delivery_id", "fence", "channel", "adapter", "worker_id", "at", "answer", "fault",
    "stage", "code", "detail", "provider_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """An outcome together with what it is an answer to; `at` by the real clock."""

    outcome: Outcome
    fence: int
    channel: str
    adapter: str
    worker_id: int
    at: datetime


def add(conn: Connection, answered: Sequence[Attempt]) -> None:
    """Add the attempts."""
    insert_rows(conn, attempts, COLUMNS, [_row(attempt) for attempt in answered])


def record(conn: Connection, answered: Sequence[Attempt]) -> list[int]:
    """Add the attempts; their ids in the same order, which costs more than `add`."""
    if not answered:
        return []
    added = insert(attempts).returning(attempts.c.id, sort_by_parameter_order=True)
    rows = [dict(zip(COLUMNS, _row(attempt), strict=True)) for attempt in answered]
    return list(conn.execute(added, rows).scalars())


def written(conn: Connection, asked: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of deliveries `(id, fence)` those that have an attempt under this fence."""
    if not asked:
        return set()
    ids, t = sorted(id_ for id_, _ in asked), attempts.c
    there = select(t.delivery_id, t.fence).where(is_any_of(conn, t.delivery_id, ids))
    return {(id_, fence) for id_, fence in conn.execute(there)}.intersection(asked)


def _row(attempt: Attempt) -> tuple[object, ...]:
    outcome = attempt.outcome
    return (
        outcome.id,
        attempt.fence,
        attempt.channel,
        attempt.adapter,
        attempt.worker_id,
        attempt.at,
        outcome.answer.value,
        outcome.fault.value,
        storable(outcome.stage),
        storable(outcome.code),
        storable(outcome.detail),
        storable(outcome.provider_id),
    )


@lru_cache(maxsize=1024)  # most say what the one before said
def storable(said: str) -> str | None:
    """A provider's words as both databases take them; None for nothing.

    One NUL would make PostgreSQL refuse the whole flush of answers, again and again.
    """
    return writable(said)[:MOST_CHARACTERS] or None


def any_attempt(conn: Connection) -> bool:
    """Whether an adapter was ever asked to send anything."""
    return conn.execute(select(attempts.c.id).limit(1)).first() is not None
