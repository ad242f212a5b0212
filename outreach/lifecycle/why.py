"""Why a customer stands in a stage: each rule's answer, what it looked at, what keeps them there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, select, true

from outreach.audience import tree
from outreach.audience.check import typed
from outreach.audience.compile import compile_expression
from outreach.audience.names import MOMENTS, Kind
from outreach.audience.row import Row
from outreach.audience.values import value
from outreach.campaign.model import Expression
from outreach.lifecycle.changes import fresh_rows, spoken
from outreach.lifecycle.model import Lifecycle, Stage
from outreach.lifecycle.moving import Answers, Outcome, Standing, go
from outreach.settings.company import Company
from outreach.store.tables import customers
from outreach.store.types import MONEY_SCALE

DAY = timedelta(days=1)
DAY_MICROSECONDS = 86_400_000_000
QUOTES = "'\""
Fact = str | int | float | bool | Decimal | datetime | list[str] | None


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
    looks = [_looks_of(stage, row) for stage in model.rules]
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


@dataclass(frozen=True, slots=True)
class _Look:
    """Something that a rule looks at."""

    kind: Kind
    value: ColumnElement[Any]


def _looks_of(stage: Stage, row: Row) -> dict[str, _Look]:
    """Everything that a stage's rule and its `unless` look at, by how it is written."""
    found: dict[str, _Look] = {}
    for expression in filter(None, (stage.when, stage.unless)):
        for node in tree.walk(typed(expression, row.names)):
            if isinstance(node, tree.Lookup) or (
                isinstance(node, tree.Name) and node.name not in MOMENTS
            ):
                found[_written(expression.source, node)] = _Look(node.kind, value(node, row))
    return found


def _holds(
    expression: Expression | None, row: Row, otherwise: ColumnElement[bool]
) -> ColumnElement[bool]:
    return otherwise if expression is None else compile_expression(expression, row)


def _answer(stage: Stage, look: Mapping[str, _Look], values: Iterator[Any]) -> RuleAnswer:
    holds, unless_holds = bool(next(values)), bool(next(values))
    return RuleAnswer(
        stage.id,
        "otherwise" if stage.when is None else " ".join(stage.when.source.split()),
        holds,
        {text: _told(each.kind, next(values)) for text, each in look.items()},
        stage.least // DAY,
        None if stage.unless is None else " ".join(stage.unless.source.split()),
        unless_holds,
    )


def _written(source: str, node: tree.Name | tree.Lookup) -> str:
    """A name, or a call up to its closing bracket."""
    if isinstance(node, tree.Name):
        return node.name
    depth, quote = 0, ""
    for place, letter in enumerate(source[node.offset :], start=node.offset):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        depth += 0 if quote else {"(": 1, ")": -1}.get(letter, 0)
        if letter == ")" and not quote and depth == 0:
            return " ".join(source[node.offset : place + 1].split())
    return node.function


def _told(kind: Kind, found: Any) -> Fact:
    """A value as people know it: SQL counts money in ten-thousandths and spans in microseconds."""
    match kind:
        case _ if found is None:
            return None
        case Kind.MONEY:
            return Decimal(found) / MONEY_SCALE
        case Kind.SPAN:
            return round(int(found) / DAY_MICROSECONDS)
        case Kind.YES_NO:
            return bool(found)
        case Kind.LIST:
            return list(json.loads(found) if isinstance(found, str) else found)
    return found  # type: ignore[no-any-return]
