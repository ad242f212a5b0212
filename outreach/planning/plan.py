"""A plan: who would get a campaign's message and why the others would not; writes nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, pairwise, repeat
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    func,
    select,
)

from outreach.decisions.asking import Question
from outreach.decisions.order import REASONS
from outreach.decisions.rules.arms import tried
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.planning.decided import Decided
from outreach.planning.funnel import Funnel, by_rule
from outreach.store.sources import fenced
from outreach.store.tables import customers
from outreach.vocabulary import Reason

BASE = 100  # more than there are reasons
NONE = BASE - 1
MOST_BY = 1_000  # more than there are countries
FIRST_RANGE = 1_000  # ids looked at for somebody at first


@dataclass(frozen=True, slots=True)
class _Group:
    """Customers with the same outcome; `opens` are the first and the last instant of theirs."""

    packed: int  # number of channel, reason and rule of time
    customers: int
    opens: tuple[datetime, datetime] | None
    locale: str | None
    by: int
    variant: int | None  # its number; None: nothing is compared, or the winner is to be chosen


@dataclass(slots=True)
class _Tally:
    send: int = 0
    held: Counter[Reason] = field(default_factory=Counter)
    skip: Counter[Reason] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    locales: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    by: Counter[tuple[str, int]] = field(default_factory=Counter)
    opens: list[datetime] = field(default_factory=list)  # of those held


def count(
    conn: Connection,
    question: Question,
    more: Sequence[Connection] = (),
    by: ColumnElement[int] | None = None,
) -> Funnel:
    """The plan's counts: one statement, unless cadence holds, or people who share addresses stand
    in one another's way, which is worked out row by row.

    With `more` connections, which read the same state, each counts a part of the base. `by` is
    an expression over the columns of `customers`, by which messages are counted as well.
    """
    if question.settled or question.ruling.campaign.when_capped == "hold":
        decided = Decided(conn, question)
        try:
            return _funnel(question, _groups(conn, question, _with(decided.table, by)))
        finally:
            decided.drop()
    if not more:
        return _funnel(question, _groups(conn, question, question.outcomes(by=by)))
    for each in more:
        question.prepare(each)
    hands = (conn, *more)
    last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    ends = [last * number // len(hands) for number in range(len(hands) + 1)]
    parts = [question.outcomes(among, by) for among in pairwise(ends)]
    with ThreadPoolExecutor(len(hands)) as pool:  # both databases work outside Python's lock
        found = pool.map(_groups, hands, repeat(question), parts)
        return _funnel(question, chain.from_iterable(found))


def count_tried(
    conn: Connection, question: Question, more: Sequence[Connection] = ()
) -> dict[str, int]:
    """On how many of those sent or held each variant is tried, as in `count`: one more pass."""
    found = count(conn, question, more, tried(question.ruling, customers.c.bucket)).by
    many: Counter[int] = Counter()
    for (_, place), number in found.items():
        many[place] += number
    names = enumerate(question.ruling.variants, start=1)
    return {name: many[place] for place, name in names if many[place]}


def _with(table: Table, by: ColumnElement[int] | None) -> Select[Any]:
    """Decided rows, with what else they are counted by."""
    if by is None:
        return select(table)
    return select(table, by.label("by")).join(customers, customers.c.id == table.c.id)


def _groups(conn: Connection, question: Question, source: Select[Any]) -> list[_Group]:
    """The rows by number of channel, reason and rule of time, locale, and `by`."""
    rows = source.subquery()
    stopped, held = (func.coalesce(rows.c[name], NONE) for name in ("code", "why"))
    # One integer: SQLite sorts to group, and sorts integers three times as fast as rows.
    packed = (rows.c.number * BASE + stopped) * BASE + held
    opens = case((and_(rows.c.code.is_(None), rows.c.why.is_not(None)), rows.c.opens_at))
    columns: list[ColumnElement[Any]] = [opens.label("opens")]
    if "by" in rows.c:
        packed = packed * MOST_BY + rows.c.by
    if "variant" in rows.c:
        packed = packed * BASE + func.coalesce(rows.c.variant, NONE)
    columns.append(packed.label("packed"))
    if _speaks_several(question.ruling):
        columns.append(rows.c.locale)
    parts = fenced(select(*columns), "packed").c
    keys = [each for each in parts if each.name != "opens"]
    query = select(func.count(), func.min(parts.opens), func.max(parts.opens), *keys)
    found = []
    for many, first, last, whole, *locale in conn.execute(query.group_by(*keys)):
        whole, arm = divmod(whole, BASE) if "variant" in rows.c else (whole, NONE)  # noqa: PLW2901
        number, among = divmod(whole, MOST_BY) if "by" in rows.c else (whole, 0)
        span = None if first is None else (first, last)
        variant = None if arm == NONE else arm
        found.append(_Group(number, many, span, locale[0] if locale else None, among, variant))
    return found


def _speaks_several(ruling: Ruling) -> bool:
    """Whether any channel has files for several languages, in any variant."""
    each = ((one, name) for one in ruling.compiled.each for name in ruling.channels)
    return any(len(compiled.locales(name)) > 1 for compiled, name in each)


def _funnel(question: Question, found: Iterable[_Group]) -> Funnel:
    tally = _Tally()
    for each in found:
        _add(tally, question, each)
    return Funnel(
        tally.send,
        by_rule(tally.held),
        by_rule(tally.skip),
        _in_order(tally.channels, question.ruling.channels),
        dict(sorted(tally.locales.items())),
        _in_order(tally.variants, question.ruling.variants),
        (min(tally.opens), max(tally.opens)) if tally.opens else None,
        dict(tally.unnamed.most_common()) if len(tally.locales) > 1 else {},
        tally.by,
    )


def _add(tally: _Tally, question: Question, group: _Group) -> None:
    number, reasons = divmod(group.packed, BASE * BASE)
    code, why = (None if each == NONE else each for each in divmod(reasons, BASE))
    if code is not None:
        tally.skip[REASONS[code]] += group.customers
        return
    channel = question.ruling.channels[number]
    tally.channels[channel] += group.customers
    tally.by[channel, group.by] += group.customers
    variant = None if group.variant is None else question.ruling.variants[group.variant]
    if variant is not None:
        tally.variants[variant] += group.customers
    compiled = question.ruling.compiled.of(variant)
    locale = compiled.locale_for(channel, group.locale)
    tally.locales[locale] += group.customers
    if not locale:
        tally.unnamed[group.locale or ""] += group.customers
    if why is None:
        tally.send += group.customers
    else:
        tally.held[REASONS[why]] += group.customers
        tally.opens += group.opens or ()


def _in_order(found: Counter[str], order: tuple[str, ...]) -> dict[str, int]:
    return {name: found[name] for name in order if found[name]}


def reaches_anyone(conn: Connection, question: Question) -> bool:
    """Whether anybody would get the message, now or later.

    The chain is asked in ranges of ids that double, no further than to the first; over everyone
    where it is worked out row by row.
    """
    if question.settled or question.ruling.campaign.when_capped == "hold":
        found = count(conn, question)
        return bool(found.send + found.hold)
    end = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    first, size = 0, FIRST_RANGE
    while first < end:
        rows = question.among(first, first + size).subquery()
        free = select(rows.c.id).where(rows.c.code.is_(None)).limit(1)
        if conn.execute(free).first() is not None:
            return True
        first, size = first + size, size * 2
    return False


def in_turn(conn: Connection, questions: Iterable[Question]) -> Iterator[Question]:
    """Each question, ready to be asked to its end before the next: on SQLite they fill one table."""
    for each in questions:
        each.prepare(conn)
        yield each


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
