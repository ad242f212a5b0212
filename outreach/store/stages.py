"""Moves between lifecycle stages, and where everyone stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select

from outreach.store.tables import customers, stage_changes

MAIN = "main"  # the model that `customers.stage` follows


class StageMove(NamedTuple):
    """One customer's move; `old` is None for the first stage."""

    customer_id: int
    old: str | None
    new: str | None


def record_moves(
    conn: Connection, moves: Sequence[StageMove], at: datetime, model: str = MAIN
) -> None:
    """Keep moves in the history; the customers' own rows are the caller's."""
    if not moves:
        return
    conn.execute(
        insert(stage_changes),
        [
            {
                "customer_id": move.customer_id,
                "model": model,
                "from_stage": move.old,
                "to_stage": move.new,
                "at": at,
            }
            for move in moves
        ],
    )


def distribution(conn: Connection) -> dict[str | None, int]:
    """How many customers stand in each stage; None: not placed yet. The erased do not count."""
    t = customers.c
    rows = conn.execute(
        select(t.stage, func.count().label("n"))
        .where(t.erased_at.is_(None), t.merged_into.is_(None))
        .group_by(t.stage)
        .order_by(t.stage)
    )
    return {row.stage: row.n for row in rows}


def moves(
    conn: Connection, since: datetime, until: datetime, model: str = MAIN
) -> dict[tuple[str | None, str | None], int]:
    """How many moved from one stage to another after `since`, up to `until`."""
    t = stage_changes.c
    rows = conn.execute(
        select(t.from_stage, t.to_stage, func.count().label("n"))
        .where(t.model == model, t.at > since, t.at <= until)
        .group_by(t.from_stage, t.to_stage)
    )
    return {(row.from_stage, row.to_stage): row.n for row in rows}
