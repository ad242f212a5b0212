"""A plan: who would get a campaign's message and why the others would not; writes nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, select

from outreach.decisions.asking import Question
from outreach.decisions.order import REASONS
from outreach.decisions.verdict import Verdict
from outreach.planning.decided import Decided
from outreach.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Funnel:
    """Counts of a plan; `audience = send + hold + Σ skip` holds always."""

    send: int
    held: dict[Reason, int]
    skip: dict[Reason, int]
    channels: dict[str, int]  # of those sent or held
    locales: dict[str, int]  # of those sent or held: the language variant they would read

    @property
    def hold(self) -> int:
        """How many would be held, whatever for."""
        return sum(self.held.values())

    @property
    def audience(self) -> int:
        """How many the audience picks."""
        return self.send + self.hold + sum(self.skip.values())


@dataclass(slots=True)
class _Tally:
    send: int = 0
    held: Counter[Reason] = field(default_factory=Counter)
    skip: Counter[Reason] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    locales: Counter[str] = field(default_factory=Counter)


def count(conn: Connection, question: Question) -> Funnel:
    """The plan's counts: one statement, unless cadence holds, which is worked out row by row."""
    if question.ruling.campaign.when_capped == "hold":
        decided = Decided(conn, question)
        try:
            return _counted(conn, question, select(decided.table))
        finally:
            decided.drop()
    return _counted(conn, question, question.filled())


def _counted(conn: Connection, question: Question, source: Select[Any]) -> Funnel:
    rows = source.subquery()
    parts = (rows.c.number, rows.c.code, rows.c.why, rows.c.locale)
    query = select(*parts, func.count().label("customers")).group_by(*parts)
    tally = _Tally()
    for row in conn.execute(query):
        _add(tally, question, row.number, row.code, row.why, row.locale, row.customers)
    return Funnel(
        tally.send,
        _by_rule(tally.held),
        _by_rule(tally.skip),
        _in_order(tally.channels, question.ruling.channels),
        dict(sorted(tally.locales.items())),
    )


def _add(
    tally: _Tally,
    question: Question,
    number: int,
    code: int | None,
    why: int | None,
    locale: str | None,
    customers: int,
) -> None:
    if code is not None:
        tally.skip[REASONS[code]] += customers
        return
    channel = question.ruling.channels[number]
    tally.channels[channel] += customers
    tally.locales[question.ruling.compiled.locale_for(channel, locale)] += customers
    if why is None:
        tally.send += customers
    else:
        tally.held[REASONS[why]] += customers


def _by_rule(found: Counter[Reason]) -> dict[Reason, int]:
    return {reason: found[reason] for reason in REASONS if found[reason]}


def _in_order(found: Counter[str], order: tuple[str, ...]) -> dict[str, int]:
    return {name: found[name] for name in order if found[name]}


def rows(conn: Connection, question: Question) -> Iterator[tuple[str, Verdict]]:
    """Every customer of the audience: key and verdict, in order of the customers' ids."""
    decided = Decided(conn, question)
    try:
        for page in decided.pages():
            keys = select(decided.table.c.id, decided.table.c.key).where(
                decided.table.c.id >= page[0].customer_id,
                decided.table.c.id <= page[-1].customer_id,
            )
            named = {row.id: row.key for row in conn.execute(keys)}
            yield from ((named[each.customer_id], each) for each in page)
    finally:
        decided.drop()
