"""Whom a plan's messages go to: by the customers' stages, and by the domains of their mail."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select

from outreach.decisions.asking import Question
from outreach.planning.decided import Decided
from outreach.planning.funnel import sum_of
from outreach.store.spelling import domain_part
from outreach.store.tables import customers

_BETWEEN = "\n"  # stands in no stage and in no domain


@dataclass(frozen=True, slots=True)
class Spread:
    """Messages sent or held: by stage, "" for none, and of mails by domain; the most first."""

    stages: dict[str, int]
    domains: dict[str, int]


def spread_of(conn: Connection, question: Question) -> Spread:
    """How the messages of a plan spread: one more pass over the audience."""
    if question.settled or question.ruling.campaign.when_capped == "hold":
        decided = Decided(conn, question)
        try:
            by = select(decided.table, _by().label("by"))
            found = _counts(conn, by.join(customers, customers.c.id == decided.table.c.id))
        finally:
            decided.drop()
    else:
        found = _counts(conn, question.outcomes(by=_by()))  # type: ignore[arg-type]
    stages: Counter[str] = Counter()
    domains: Counter[str] = Counter()
    for many, number, by_ in found:
        stage, domain = by_.split(_BETWEEN)
        stages[stage] += many
        if question.ruling.channels[number] == "email":
            domains[domain] += many
    return Spread(_sorted(stages), _sorted(domains))


def spread_of_all(parts: Sequence[Spread]) -> Spread:
    """How the messages of several questions spread together."""
    return Spread(
        _sorted(sum_of(each.stages for each in parts)),
        _sorted(sum_of(each.domains for each in parts)),
    )


def _by() -> ColumnElement[str]:
    """Stage and domain as one text."""
    t = customers.c
    stage, domain = func.coalesce(t.stage, ""), func.coalesce(domain_part(t.email), "")
    return literal("").concat(stage).concat(_BETWEEN).concat(domain)


def _counts(conn: Connection, source: Select[Any]) -> list[Any]:
    rows = source.subquery().c
    query = select(func.count(), rows.number, rows.by).where(rows.code.is_(None))
    return list(conn.execute(query.group_by(rows.number, rows.by)))


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
