"""A plan: who would get a campaign's message and why the others would not; writes nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, pairwise, repeat
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from outreach.decisions.asking import Question
from outreach.decisions.chain import fenced
from outreach.decisions.order import REASONS
from outreach.decisions.verdict import Verdict
from outreach.planning.decided import Decided
from outreach.store.tables import customers
from outreach.vocabulary import Reason

Packed = tuple[int, str | None, int]

BASE = 100  # more than there are reasons
NONE = BASE - 1


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


def count(conn: Connection, question: Question, more: Sequence[Connection] = ()) -> Funnel:
    """The plan's counts: one statement, unless cadence holds, which is worked out row by row.

    With `more` connections, which read the same state, each counts a part of the base.
    """
    if question.ruling.campaign.when_capped == "hold":
        decided = Decided(conn, question)
        try:
            return _funnel(question, _packed(conn, question, select(decided.table)))
        finally:
            decided.drop()
    if not more:
        return _funnel(question, _packed(conn, question, question.outcomes()))
    for each in more:
        question.prepare(each)
    hands = (conn, *more)
    last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    ends = [last * number // len(hands) for number in range(len(hands) + 1)]
    parts = [question.outcomes(among) for among in pairwise(ends)]
    with ThreadPoolExecutor(len(hands)) as pool:  # both databases work outside Python's lock
        found = pool.map(_packed, hands, repeat(question), parts)
        return _funnel(question, chain.from_iterable(found))


def _packed(conn: Connection, question: Question, source: Select[Any]) -> list[Packed]:
    """Number of channel, reason and rule of time in one integer, locale, and how many have these."""
    rows = source.subquery()
    stopped, held = (func.coalesce(rows.c[name], NONE) for name in ("code", "why"))
    # One integer: SQLite sorts to group, and sorts integers three times as fast as rows.
    columns: list[ColumnElement[Any]] = [
        ((rows.c.number * BASE + stopped) * BASE + held).label("packed")
    ]
    if any(len(question.ruling.compiled.locales(name)) > 1 for name in question.ruling.channels):
        columns.append(rows.c.locale)
    parts = fenced(select(*columns), "packed").c
    found = conn.execute(select(*parts, func.count()).group_by(*parts))
    return [(packed, locale[0] if locale else None, many) for packed, *locale, many in found]


def _funnel(question: Question, found: Iterable[Packed]) -> Funnel:
    tally = _Tally()
    for packed, locale, many in found:
        number, reasons = divmod(packed, BASE * BASE)
        code, why = (None if each == NONE else each for each in divmod(reasons, BASE))
        _add(tally, question, number, code, why, locale, many)
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
    many: int,
) -> None:
    if code is not None:
        tally.skip[REASONS[code]] += many
        return
    channel = question.ruling.channels[number]
    tally.channels[channel] += many
    tally.locales[question.ruling.compiled.locale_for(channel, locale)] += many
    if why is None:
        tally.send += many
    else:
        tally.held[REASONS[why]] += many


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
