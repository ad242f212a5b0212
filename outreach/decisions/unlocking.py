"""Whom a single rule keeps out: who would get the message if that rule alone did not hold.

Every rule is asked of everybody, not only the first that fails: by channel, how many fail and the
sum of their codes. Where one fails, the sum is its code.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    literal,
    null,
    or_,
    select,
)

from outreach.decisions.asking import Question
from outreach.decisions.candidate import Candidate
from outreach.decisions.chain import counted_rows, stop_of, time_of
from outreach.decisions.order import CODES, Failing, channel_rules, late_rules, person_rules
from outreach.store.sources import fenced

ROOM = 2**13  # of a channel: 9 bits for the sum of codes, 4 for how many
MANY = 2**9


def unlocked(question: Question) -> Select[Any]:
    """A row for each candidate who is left out: `only_<n>` by channel, the code of the only rule
    in the way there; null: none or several, or a channel before it ends the choice.
    """
    candidate = replace(question, scope=replace(question.scope, each_rule=True)).candidate()
    early = [_early(candidate, number) for number in candidate.numbers]
    packed = sum((each * ROOM**n for n, each in enumerate(early)), literal(0, BigInteger))
    rows = counted_rows(candidate, by=packed)
    stops = [
        cast(stop_of(candidate, rows, n), Integer).label(f"stop_{n}") for n in candidate.numbers
    ]
    totals: list[ColumnElement[Any]] = [
        _total(candidate, rows, n).label(f"total_{n}") for n in candidate.numbers
    ]
    both: list[ColumnElement[Any]] = [*stops, *totals]
    row = fenced(select(*both), "u").c
    left_out = and_(*(row[f"stop_{number}"].is_not(None) for number in candidate.numbers))
    only: list[ColumnElement[Any]] = [
        _only(row, number).label(f"only_{number}") for number in candidate.numbers
    ]
    return select(*only).where(left_out).params(**question.values)


def _early(candidate: Candidate, number: int) -> ColumnElement[int]:
    """Of the rules about person and address, how many fail (times MANY) and the sum of their codes."""
    return _sum([*person_rules(candidate), *channel_rules(candidate, number)])


def _sum(rules: Sequence[Failing]) -> ColumnElement[int]:
    """The same of any rules."""
    parts = [case((rule.fails, MANY + CODES[rule.reason]), else_=0) for rule in rules]
    return sum(parts, literal(0, BigInteger))


def _total(candidate: Candidate, rows: FromClause, number: int) -> ColumnElement[int]:
    """The same of all rules of a channel; several caps are one rule."""
    late: dict[str, Failing] = {}
    for rule, _ in late_rules(candidate, rows, number):
        known = late.get(rule.reason)
        both = rule.fails if known is None else or_(known.fails, rule.fails)
        late[rule.reason] = Failing(rule.reason, both)
    too_late, why = time_of(candidate, rows, number)
    early: ColumnElement[int] = rows.c.by // ROOM**number % ROOM
    return early + _sum([*late.values()]) + case((too_late, MANY + why), else_=0)


def _only(row: Any, number: int) -> ColumnElement[int | None]:
    """The code of the only rule in the way on a channel; null: it would not help."""
    total = row[f"total_{number}"]
    only = total - MANY
    alone = and_(total >= MANY, total < 2 * MANY)
    earlier = [row[f"stop_{before}"] for before in range(number)]
    goes_on = [or_(stop % 2 == 0, stop // 2 == only) for stop in earlier]
    return case((and_(alone, *goes_on), only), else_=null())
