"""Attempts: one row for each answer of an adapter, whatever came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from outreach.channels.adapter import Outcome
from outreach.store.tables import attempts

MOST_CHARACTERS = 500  # of what a provider says


@dataclass(frozen=True, slots=True)
class Attempt:
    """An outcome together with what it is an answer to; `at` by the real clock."""

    outcome: Outcome
    fence: int
    channel: str
    adapter: str
    worker_id: int
    at: datetime


def record(conn: Connection, answered: Sequence[Attempt]) -> list[int]:
    """Add the attempts; their ids in the same order."""
    if not answered:
        return []
    added = insert(attempts).returning(attempts.c.id, sort_by_parameter_order=True)
    return list(conn.execute(added, [_row(attempt) for attempt in answered]).scalars())


def _row(attempt: Attempt) -> dict[str, object]:
    outcome = attempt.outcome
    return {
        "delivery_id": outcome.id,
        "fence": attempt.fence,
        "channel": attempt.channel,
        "adapter": attempt.adapter,
        "worker_id": attempt.worker_id,
        "at": attempt.at,
        "answer": outcome.answer.value,
        "fault": outcome.fault.value,
        "stage": storable(outcome.stage),
        "code": storable(outcome.code),
        "detail": storable(outcome.detail),
        "provider_id": storable(outcome.provider_id),
    }


def storable(said: str) -> str | None:
    """A provider's words as both databases take them; None for nothing.

    One NUL would make PostgreSQL refuse the whole flush of answers, again and again.
    """
    clean = said.replace("\x00", "").encode("utf-8", "replace").decode()
    return clean[:MOST_CHARACTERS] or None
