"""Moves between lifecycle stages, and where everyone stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, select

from outreach.store.tables import customer_stages, customers, stage_changes

MAIN = "main"  # the lifecycle that `customers.stage` follows, in the history of moves


class StageMove(NamedTuple):
    """One customer's move; `old` is None for the first stage."""

    customer_id: int
    old: str | None
    new: str | None


class Stay(NamedTuple):
    """A stage that a customer came to at an instant; `old` is where from."""

    old: str | None
    stage: str | None
    since: datetime


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


def distribution(conn: Connection, model: str = MAIN) -> dict[str | None, int]:
    """How many customers stand in each stage; None: not placed yet. The erased do not count."""
    t = customers.c
    people: Any = customers
    stage: ColumnElement[Any] = t.stage
    if model != MAIN:
        s = customer_stages.c
        theirs = (s.customer_id == t.id) & (s.model == model)
        people, stage = customers.outerjoin(customer_stages, theirs), s.stage
    rows = conn.execute(
        select(stage.label("stage"), func.count().label("n"))
        .select_from(people)
        .where(t.erased_at.is_(None), t.merged_into.is_(None))
        .group_by(stage)
        .order_by(stage)
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


def stays(
    conn: Connection, customer_id: int, model: str, until: datetime, limit: int
) -> list[Stay]:
    """A customer's last moves in one lifecycle up to an instant, newest first."""
    t = stage_changes.c
    rows = conn.execute(
        select(t.from_stage, t.to_stage, t.at)
        .where(t.customer_id == customer_id, t.model == model, t.at <= until)
        .order_by(t.at.desc(), t.id.desc())
        .limit(limit)
    )
    return [Stay(*row) for row in rows]


def further_stays(conn: Connection, customer_id: int, until: datetime) -> dict[str, Stay]:
    """Where a customer stood at an instant in each lifecycle beside the main one."""
    t = stage_changes.c
    rows = conn.execute(
        select(t.model, t.from_stage, t.to_stage, t.at)
        .where(t.customer_id == customer_id, t.model != MAIN, t.at <= until)
        .order_by(t.at, t.id)
    )
    return {row.model: Stay(row.from_stage, row.to_stage, row.at) for row in rows}
