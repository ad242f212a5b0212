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


def arrivals(conn: Connection, stage: str) -> tuple[int, int]:
    """How many had a stage of the main model as their first one, and how many came from another."""
    t = stage_changes.c
    query = select(func.count(), func.count(t.from_stage))
    every, moved = conn.execute(query.where(t.model == MAIN, t.to_stage == stage)).one()
    return every - moved, moved


def moves_between(conn: Connection, most: int) -> int:
    """How many moves from a stage to another one the main model has seen, up to `most`."""
    t = stage_changes.c
    some = select(t.id).where(t.model == MAIN, t.from_stage.is_not(None), t.to_stage.is_not(None))
    return int(
        conn.execute(select(func.count()).select_from(some.limit(most).subquery())).scalar_one()
    )


def is_from_the_start(conn: Connection, customer_id: int, stages: Sequence[str]) -> bool:
    """Whether one of the stages is the first, and only one, that a customer had of the main model."""
    t = stage_changes.c
    query = select(t.to_stage).where(t.customer_id == customer_id, t.model == MAIN).limit(2)
    found = conn.execute(query).scalars().all()
    return len(found) == 1 and found[0] in stages


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


Moves = dict[tuple[str | None, str | None], int]  # by the stages left and come to


def moves(conn: Connection, since: datetime, until: datetime, model: str = MAIN) -> Moves:
    """How many moved from one stage to another after `since`, up to `until`."""
    t = stage_changes.c
    return _counted(conn, t.model == model, t.at > since, t.at <= until)


def moves_behind(conn: Connection, last_id: int, model: str) -> Moves:
    """How many moved from one stage to another in all that was recorded behind a move."""
    t = stage_changes.c
    return _counted(conn, t.model == model, t.id > last_id)


def _counted(conn: Connection, *which: ColumnElement[bool]) -> Moves:
    t = stage_changes.c
    query = select(t.from_stage, t.to_stage, func.count()).where(*which)
    rows = conn.execute(query.group_by(t.from_stage, t.to_stage))
    return {(old, new): number for old, new, number in rows}


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
