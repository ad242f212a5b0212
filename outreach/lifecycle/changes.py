"""The statement that finds whose facts or stages are others than stored, for all models at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Label,
    Row,
    Select,
    Subquery,
    Text,
    and_,
    case,
    false,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from outreach.audience.compile import compile_expression
from outreach.audience.names import names_of
from outreach.audience.row import Columns
from outreach.audience.row import Row as Spoken
from outreach.campaign.model import Expression
from outreach.lifecycle.model import Lifecycle
from outreach.lifecycle.moving import Answers, Standing, go
from outreach.settings.company import Company
from outreach.store.facts import STORED_FACTS, facts_select, in_range
from outreach.store.stages import MAIN
from outreach.store.tables import customer_stages, customers

FIRST_FACT = 2  # of a row: id, whether the facts are others, the facts, then the models
FACTS = slice(FIRST_FACT, FIRST_FACT + len(STORED_FACTS))
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a model's columns begin in a row: old, new and, where it is bound, what binds it."""

    name: str
    model: Lifecycle | None
    first: int

    def moved(self, rows: Sequence[Found], now: datetime) -> list[tuple[Found, str | None]]:
        """The rows whose customers move in this model, each with its new stage."""
        at, model = self.first, self.model  # by place: names are slow, rows many
        if model is None or not model.is_bound:
            return [(row, row[at + 1]) for row in rows if row[at] != row[at + 1]]
        found = []
        for row in rows:
            if row[at] != row[at + 1]:
                old, since, answers = row[at], row[at + 2], Answers(row[at + 3], row[at + 4])
                stage = go(model, Standing(old, since), answers, now).stage
                if stage != old:
                    found.append((row, stage))
        return found


def spots(models: Mapping[str, Lifecycle | None]) -> list[Spot]:
    """Where each model's columns begin in a row of `changes`."""
    found, first = [], FACTS.stop
    for name, model in models.items():
        found.append(Spot(name, model, first))
        first += 5 if model is not None and model.is_bound else 2
    return found


def changes(
    which: ColumnElement[bool],
    company: Company,
    models: Mapping[str, Lifecycle | None],
    now: datetime,
    among: Sequence[Any] | None = None,
    *,
    stored: bool = False,
) -> Select[Any]:
    """A row for each customer whose facts are others than stored, or whose rules say another stage.

    `models` begin with the main one, None where its stages are given. `among`: as of `fresh_rows`.
    `stored`: the stored facts are those of `now`.
    """
    fresh = stored_rows(which) if stored else fresh_rows(which, now, among)
    people: Any = fresh
    columns: list[Label[Any]] = []
    for place, (name, model) in enumerate(models.items()):
        stage, since = fresh.c.stage, fresh.c.stage_since
        if name != MAIN:
            stands = customer_stages.alias(f"stands_{place}")
            theirs = and_(stands.c.customer_id == fresh.c.id, stands.c.model == name)
            people = people.outerjoin(stands, theirs)
            stage, since = stands.c.stage, stands.c.since
        columns += _of_model(place, stage, since, fresh.c, company, model, now)
    placed = (
        select(
            fresh.c.id,
            *(fresh.c[name] for name in STORED_FACTS),
            *(fresh.c[f"old_{name}"] for name in STORED_FACTS),
            *columns,
        )
        .select_from(people)
        .cte("placed")
    )
    others = (placed.c[name].is_distinct_from(placed.c[f"old_{name}"]) for name in STORED_FACTS)
    other_facts = false() if stored else or_(*others)
    moved = [
        placed.c[f"new_{place}"].is_distinct_from(placed.c[f"old_{place}"])
        for place in range(len(models))
    ]
    return select(
        placed.c.id,
        other_facts.label("other_facts"),
        *(placed.c[name] for name in STORED_FACTS),
        *(placed.c[column.name] for column in columns),
    ).where(or_(*moved, other_facts))


def fresh_rows(
    which: ColumnElement[bool], now: datetime, among: Sequence[Any] | None = None
) -> Subquery:
    """The customers with the facts as of `now` in place of the stored ones, those as `old_…`.

    `among`: ids of whom all of them are, where these are a range.
    """
    t = customers.c
    facts = facts_select(now, which, among).subquery("facts")
    plain = [column for column in t if column.name not in STORED_FACTS]
    return (
        select(
            *plain,
            *(facts.c[name] for name in STORED_FACTS),
            *(t[name].label(f"old_{name}") for name in STORED_FACTS),
        )
        .join_from(customers, facts, facts.c.customer_id == t.id)
        .where(t.erased_at.is_(None), t.merged_into.is_(None), in_range(t.id, among))
        .subquery("fresh")
    )


def stored_rows(which: ColumnElement[bool]) -> Subquery:
    """The customers with their facts as they are stored."""
    t = customers.c
    return (
        select(*t, *(t[name].label(f"old_{name}") for name in STORED_FACTS))
        .where(which, t.erased_at.is_(None), t.merged_into.is_(None))
        .subquery("fresh")
    )


def stage_by_rules(
    customer: Columns, company: Company, model: Lifecycle, now: datetime
) -> ColumnElement[str | None]:
    """The first stage whose rule holds for a customer's columns, as SQL."""
    row = spoken(customer, company, now)
    rules = [
        (compile_expression(stage.when, row, certainly=False), literal(stage.id, Text()))
        for stage in model.rules
        if stage.when is not None
    ]
    last = model.rules[-1]
    rest = literal(last.id, Text()) if last.when is None else null()
    if not rules:
        return type_coerce(rest, Text())
    return case(*rules, else_=rest)


def answers(
    customer: Columns, company: Company, model: Lifecycle, now: datetime
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """What `moving.Answers` holds, as SQL: every rule, and every `unless`."""
    row = spoken(customer, company, now)
    rules = model.rules
    holds = [(place, stage.when) for place, stage in enumerate(rules)]
    unless = [(place, each.unless) for place, each in enumerate(rules) if each.unless is not None]
    return _bits(row, holds), _bits(row, unless)


def spoken(customer: Columns, company: Company, now: datetime) -> Spoken:
    """A customer's columns as the rules see them."""
    today = now.astimezone(ZoneInfo(company.brand.timezone)).date()
    return Spoken(customer, now, today, names_of(company, staged=False))


def _bits(row: Spoken, asked: Sequence[tuple[int, Expression | None]]) -> ColumnElement[int]:
    """The places whose expression holds, as bits of a number; without one it always does."""
    found: ColumnElement[int] = literal(0, BigInteger())
    for place, expression in asked:
        bit: ColumnElement[int] = literal(1 << place, BigInteger())
        if expression is not None:
            holds = compile_expression(expression, row, certainly=False)
            bit = case((holds, bit), else_=literal(0, BigInteger()))
        found = found + bit
    return found


def _of_model(
    place: int,
    stage: ColumnElement[Any],
    since: ColumnElement[Any],
    customer: Columns,
    company: Company,
    model: Lifecycle | None,
    now: datetime,
) -> list[Label[Any]]:
    new = stage if model is None else stage_by_rules(customer, company, model, now)
    columns = [stage.label(f"old_{place}"), new.label(f"new_{place}")]
    if model is not None and model.is_bound:
        holds, unless = answers(customer, company, model, now)
        columns += [
            since.label(f"since_{place}"),
            holds.label(f"holds_{place}"),
            unless.label(f"unless_{place}"),
        ]
    return columns
