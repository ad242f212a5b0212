"""Why a customer stands in a stage: each rule's answer, what it looked at, what keeps them there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, select, true

from outreach.audience.compile import compile_expression
from outreach.audience.looks import Fact, Look, looks_of
from outreach.audience.row import Row
from outreach.campaign.model import Expression
from outreach.lifecycle.changes import fresh_rows, spoken
from outreach.lifecycle.model import Lifecycle, Stage
from outreach.lifecycle.moving import Answers, Outcome, Standing, go
from outreach.settings.company import Company
from outreach.store.tables import customers

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What one rule says of a customer; `facts` are what it and `unless` look at, as they are written.

    A span is in whole days. `unless` is None where `least_days` keeps whoever came.
    """

    stage: str
    when: str
    holds: bool
    facts: Mapping[str, Fact]
    least_days: int = 0
    unless: str | None = None
    unless_holds: bool = False


def answers_of(
    conn: Connection, company: Company, model: Lifecycle, customer_id: int, now: datetime
) -> tuple[RuleAnswer, ...] | None:
    """Every rule's answer about one customer by the facts as of `now`, in the order of evaluation.

    Nothing is written. None where there is no such customer any more: erased, or merged.
    """
    fresh = fresh_rows(customers.c.id == customer_id, now)
    row = spoken(fresh.c, company, now)
    looks = [_looks(stage, row) for stage in model.rules]
    columns = [
        column
        for stage, look in zip(model.rules, looks, strict=True)
        for column in (
            _holds(stage.when, row, true()),
            _holds(stage.unless, row, false()),
            *(each.value for each in look.values()),
        )
    ]
    numbered = [column.label(f"c{number}") for number, column in enumerate(columns)]
    found = conn.execute(select(fresh.c.id, *numbered)).one_or_none()
    if found is None:
        return None
    values = iter(found[1:])
    return tuple(
        _answer(stage, look, values) for stage, look in zip(model.rules, looks, strict=True)
    )


def outcome(model: Lifecycle, old: Standing, rules: Sequence[RuleAnswer], now: datetime) -> Outcome:
    """Where a refresh at `now` would leave a customer who stands somewhere."""
    holds = sum(1 << place for place, each in enumerate(rules) if each.holds)
    unless = sum(1 << place for place, each in enumerate(rules) if each.unless_holds)
    return go(model, old, Answers(holds, unless), now)


def _looks(stage: Stage, row: Row) -> dict[str, Look]:
    """Everything that a stage's rule and its `unless` look at, by how it is written."""
    found: dict[str, Look] = {}
    for expression in filter(None, (stage.when, stage.unless)):
        found |= looks_of(expression, row)
    return found


def _holds(
    expression: Expression | None, row: Row, otherwise: ColumnElement[bool]
) -> ColumnElement[bool]:
    return otherwise if expression is None else compile_expression(expression, row)


def _answer(stage: Stage, look: Mapping[str, Look], values: Iterator[Any]) -> RuleAnswer:
    holds, unless_holds = bool(next(values)), bool(next(values))
    return RuleAnswer(
        stage.id,
        "otherwise" if stage.when is None else " ".join(stage.when.source.split()),
        holds,
        {text: each.told(next(values)) for text, each in look.items()},
        stage.least // DAY,
        None if stage.unless is None else " ".join(stage.unless.source.split()),
        unless_holds,
    )
