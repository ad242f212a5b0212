"""Stages of customers who were just created: nothing is known to have happened to them yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    cast,
    insert,
    literal,
    null,
    select,
    update,
)

from outreach.lifecycle.changes import stage_by_rules
from outreach.lifecycle.model import Lifecycle, Lifecycles
from outreach.settings.company import Company
from outreach.store import dialect, stages
from outreach.store.facts import STORED_FACTS
from outreach.store.tables import customer_stages, customers, stage_changes
from outreach.store.types import Instant, Json

NOTHING_YET = {"orders": 0, "spend": 0}  # the facts of a new row, as moves keep them
_MOVE = ("customer_id", "model", "to_stage", "at", "facts")


class Placing:
    """Puts new customers in their stages, in the transaction that creates them.

    What a refresh would do, at a third of its cost: their facts are those of a new row, and nothing
    binds who was in no stage before. A model whose rules ask for facts alone has one stage for all
    of them, which is asked for once.
    """

    def __init__(self, company: Company, lifecycles: Lifecycles, now: datetime) -> None:
        self._company, self._now = company, now
        self._models: dict[str, Lifecycle] = dict(lifecycles.further)
        if lifecycles.main is not None:
            self._models = {stages.MAIN: lifecycles.main, **self._models}
        self._alike: dict[str, str | None] | None = None

    def alike(self, conn: Connection) -> Mapping[str, str | None]:
        """By model, the one stage of all new customers, None for none; only where it is one."""
        if self._alike is None:
            self._alike = {}
            for name, model in self._models.items():
                try:
                    stage = stage_by_rules(_NewRow(), self._company, model, self._now)
                except _AsksMoreError:
                    continue
                self._alike[name] = conn.execute(select(stage)).scalar()
        return self._alike

    def columns(self, conn: Connection) -> dict[str, Any]:
        """What new rows of `customers` are to have from the start, each the same."""
        stage = self.alike(conn).get(stages.MAIN)
        if stage is None:
            return {}
        return {"stage": stage, "stage_since": self._now, "facts_at": self._now}

    def place(self, conn: Connection, ids: Sequence[int]) -> None:
        """Put customers in their stages whose rows have `columns`; `ids` rise."""
        if not ids:
            return
        alike = self.alike(conn)
        for name, model in self._models.items():
            if name in alike:
                self._place_alike(conn, name, alike[name], ids)
                continue
            stage = stage_by_rules(customers.c, self._company, model, self._now)
            place_one = _place if name == stages.MAIN else _place_in
            place_one(conn, name, stage, _are(conn, ids), self._now)

    def _place_alike(
        self, conn: Connection, name: str, stage: str | None, ids: Sequence[int]
    ) -> None:
        if stage is None:
            return
        count = len(ids)
        standing = {"customer_id": ids, "model": [name] * count}
        at = [self._now] * count
        if name != stages.MAIN:
            lines = {**standing, "stage": [stage] * count, "since": at}
            dialect.insert_columns(conn, customer_stages, lines)
        moves = {**standing, "to_stage": [stage] * count, "at": at, "facts": [NOTHING_YET] * count}
        dialect.insert_columns(conn, stage_changes, moves)


class _AsksMoreError(Exception):
    """Raised where a rule asks for more than a new customer's facts."""


class _NewRow:
    """The columns of a new row of `customers`, as far as they are the same for everyone."""

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        if name not in STORED_FACTS:
            raise _AsksMoreError
        kind = customers.c[name].type
        if name in NOTHING_YET:
            return literal(NOTHING_YET[name], kind)
        return cast(null(), kind)


def _place(
    conn: Connection,
    name: str,
    stage: ColumnElement[str | None],
    theirs: ColumnElement[bool],
    now: datetime,
) -> None:
    """Put customers in their stages of the main lifecycle."""
    t, at = customers.c, literal(now, Instant())
    conn.execute(
        update(customers)
        .where(theirs, stage.is_not(None))
        .values(stage=stage, stage_since=now, facts_at=now)
    )
    moves = select(t.id, literal(name), t.stage, at, literal(NOTHING_YET, Json))
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
