"""Stages of customers who were just created: nothing is known to have happened to them yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, literal, select, update

from outreach.lifecycle.changes import stage_by_rules
from outreach.lifecycle.model import Lifecycles
from outreach.settings.company import Company
from outreach.store import dialect, stages
from outreach.store.tables import customer_stages, customers, stage_changes
from outreach.store.types import Instant, Json

NOTHING_YET = {"orders": 0, "spend": 0}  # the facts of a new row, as moves keep them
_MOVE = ("customer_id", "model", "to_stage", "at", "facts")


def place_newcomers(
    conn: Connection,
    company: Company,
    lifecycles: Lifecycles,
    now: datetime,
    ids: Sequence[int],
) -> None:
    """Put new customers in their stages, in the transaction that creates them; `ids` rise.

    What a refresh would do, at a third of its cost: their facts are those of a new row, and
    nothing binds who was in no stage before.
    """
    if not ids:
        return
    theirs = _are(conn, ids)
    if lifecycles.main is not None:
        _place(conn, stage_by_rules(customers.c, company, lifecycles.main, now), theirs, now)
    for name, model in lifecycles.further.items():
        _place_in(conn, name, stage_by_rules(customers.c, company, model, now), theirs, now)


def _place(
    conn: Connection,
    stage: ColumnElement[str | None],
    theirs: ColumnElement[bool],
    now: datetime,
) -> None:
    t, at = customers.c, literal(now, Instant())
    conn.execute(
        update(customers)
        .where(theirs, stage.is_not(None))
        .values(stage=stage, stage_since=now, facts_at=now)
    )
    moves = select(t.id, literal(stages.MAIN), t.stage, at, literal(NOTHING_YET, Json))
    placed = moves.where(and_(theirs, t.stage.is_not(None)))
    conn.execute(insert(stage_changes).from_select(_MOVE, placed))


def _place_in(
    conn: Connection,
    name: str,
    stage: ColumnElement[str | None],
    theirs: ColumnElement[bool],
    now: datetime,
) -> None:
    """Put customers in their stages of a further lifecycle, and note when they came there."""
    at, model = literal(now, Instant()), literal(name)
    standing = select(customers.c.id, model, stage, at).where(and_(theirs, stage.is_not(None)))
    columns = ("customer_id", "model", "stage", "since")
    conn.execute(insert(customer_stages).from_select(columns, standing))
    s = customer_stages.c
    moves = (
        select(s.customer_id, s.model, s.stage, at, literal(NOTHING_YET, Json))
        .join_from(customer_stages, customers, customers.c.id == s.customer_id)
        .where(and_(theirs, s.model == name))
    )
    conn.execute(insert(stage_changes).from_select(_MOVE, moves))


def _are(conn: Connection, ids: Sequence[int]) -> ColumnElement[bool]:
    if ids[-1] - ids[0] + 1 == len(ids):
        return customers.c.id.between(ids[0], ids[-1])
    return dialect.is_any_of(conn, customers.c.id, ids)
