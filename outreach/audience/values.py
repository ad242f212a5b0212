"""A typed tree as SQL: values, and conditions in which null stands for false.

A condition is wrapped in coalesce only where null and false differ (under `not`, beside `==`),
so that indexes stay usable.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Integer,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    true,
)
from sqlalchemy.sql import ColumnElement

from outreach.audience import tree
from outreach.audience.lookups import (
    REACTIONS,
    date_of,
    days_until,
    happened,
    of_events,
    reacted,
    received,
    stage_in,
    timed_out,
)
from outreach.audience.moments import instant_or_day, span_microseconds, within_reach
from outreach.audience.names import MOMENTS, Kind
from outreach.audience.row import Row
from outreach.store import spelling
from outreach.store.spelling import microseconds_between, text_order
from outreach.store.types import MONEY_SCALE

_ALWAYS_THERE = frozenset(
    {"now", "today", "key", "tags", "created_at", "orders", "spend", "opted_out"}
)
_ORDER = {
    "==": "__eq__",
    "!=": "__ne__",
    "<": "__lt__",
    "<=": "__le__",
    ">": "__gt__",
    ">=": "__ge__",
}
Sql = ColumnElement[Any]


def condition(node: tree.Node, row: Row) -> ColumnElement[bool]:
    """The condition; null stands for false."""
    match node:
        case tree.Several():
            join = and_ if node.op == "and" else or_
            return join(*(condition(part, row) for part in node.parts))
        case tree.Not():
            return not_(certain(node.part, row))
        case tree.Missing():
            return value(node.part, row).is_(None)
        case tree.Comparison():
            return _comparison(node, row)
        case tree.Among():
            options = [_literal(one) for one in node.literals]
            return value(node.part, row).in_(options) if options else false()
        case tree.Holds():
            return spelling.list_holds(value(node.part, row), node.member)
    return value(node, row)


def certain(node: tree.Node, row: Row) -> ColumnElement[bool]:
    """The condition as true or false, never null."""
    found = condition(node, row)
    return found if _is_certain(node) else func.coalesce(found, false())


def value(node: tree.Node, row: Row) -> Sql:
    """The value; null stands for missing."""
    match node:
        case tree.Literal():
            return _literal(node)
        case tree.Name() if node.name not in MOMENTS:
            return row.column(node.name)
        case tree.Happened():
            return happened(row, node.column)
        case tree.Name() | tree.Moved():
            return instant_or_day(node, row, value)
        case tree.Arithmetic() if node.kind in (Kind.DATETIME, Kind.DATE):
            return instant_or_day(node, row, value)
        case tree.Arithmetic():
            return _arithmetic(node, row)
        case tree.Negative():
            return -value(node.part, row)
        case tree.Joined():
            return _joined(node, row)
        case tree.Filtered():
            return _filtered(node, row)
        case tree.Lookup():
            return _lookup(node, row)
        case tree.Choice():
            yes, no = value(node.yes, row), value(node.no, row)
            return case((condition(node.test, row), yes), else_=no)
    return certain(node, row)


def _comparison(node: tree.Comparison, row: Row) -> ColumnElement[bool]:
    left, right = value(node.left, row), value(node.right, row)
    if node.op not in ("==", "!=") and node.left.kind in (Kind.TEXT, Kind.DATE):
        left, right = text_order(left), text_order(right)
    found: ColumnElement[bool] = getattr(left, _ORDER[node.op])(right)
    there = [_is_there(node.left), _is_there(node.right)]
    if node.op != "!=" or all(there):
        return found
    # Two missing values differ, so this is more than IS DISTINCT FROM, unless one is known.
    return left.is_distinct_from(right) if any(there) else func.coalesce(found, true())


def _is_certain(node: tree.Node) -> bool:
    match node:
        case tree.Several():
            return all(_is_certain(part) for part in node.parts)
        case tree.Comparison():
            return node.op == "!=" or (_is_there(node.left) and _is_there(node.right))
        case tree.Among() | tree.Holds():
            return _is_there(node.part)
    return isinstance(node, tree.Not | tree.Missing) or _is_there(node)


def _is_there(node: tree.Node) -> bool:
    """Whether the value is never missing."""
    match node:
        case tree.Literal():
            return node.kind is not Kind.NONE
        case tree.Name():
            return node.name in _ALWAYS_THERE
        case tree.Moved():
            return node.name in _ALWAYS_THERE
        case tree.Lookup():
            return node.function in ("count", "total", "received", "timed_out", *REACTIONS)
        case tree.Arithmetic():
            there = _is_there(node.left) and isinstance(node.right, tree.Literal)
            return there and node.op in "+-"
    return False


def _literal(node: tree.Literal) -> Sql:
    plain: Any = node.value
    match node.kind:
        case Kind.TEXT:
            return literal(plain, Text())
        case Kind.WHOLE:
            return literal(plain, BigInteger())
        case Kind.NUMBER:
            return literal(float(plain), Double())
        case Kind.MONEY:
            return literal(int(plain * MONEY_SCALE), BigInteger())
        case Kind.YES_NO:
            return literal(plain, Boolean())
        case Kind.SPAN:
            return literal(span_microseconds(plain), BigInteger())
    return null()


def _joined(node: tree.Joined, row: Row) -> Sql:
    found, *others = (value(part, row) for part in node.parts)
    for other in others:
        found = found.concat(other)
    return found


def _filtered(node: tree.Filtered, row: Row) -> Sql:
    part = value(node.part, row)
    if node.name == "length":
        if node.part.kind is Kind.LIST:
            return spelling.list_length(part)
        return func.length(part, type_=Integer())
    return spelling.lowered(part) if node.name == "lower" else spelling.uppered(part)


def _lookup(node: tree.Lookup, row: Row) -> Sql:
    if node.function == "timed_out":
        return timed_out(row, node.subject)
    if node.function in REACTIONS:
        return reacted(row, REACTIONS[node.function], node.subject)
    if node.function == "stage_in":
        return stage_in(row, node.subject)
    if node.function in ("date", "days_until"):
        asked = date_of if node.function == "date" else days_until
        return asked(row, node.subject)
    after = None
    if node.within is not None:
        now = tree.Name(Kind.DATETIME, node.offset, "now")
        since = tree.Arithmetic(Kind.DATETIME, node.offset, "-", now, node.within)
        after = value(since, row)
    if node.function == "received":
        return received(row, node.subject, after)
    since_at = None if node.since is None else value(node.since, row)
    entered = isinstance(node.since, tree.Name) and node.since.name == "entered_at"
    return of_events(row, node.function, node.subject, after, since_at, but_first=entered)


def _arithmetic(node: tree.Arithmetic, row: Row) -> Sql:
    left, right = value(node.left, row), value(node.right, row)
    if node.kind is Kind.SPAN:
        return _span(node, left, right)
    if node.kind is Kind.WHOLE:
        return _whole(node.op, cast(left, BigInteger), cast(right, BigInteger), node.right)
    if node.kind is Kind.MONEY and node.op in "+-":
        return _plain(node.op, left, right)
    left, right = cast(left, Double), cast(right, Double)
    return _plain(node.op, left, _divisor(right, node.right) if node.op == "/" else right)


def _plain(op: str, left: Sql, right: Sql) -> Sql:
    # As written: SQLAlchemy's own `/` makes a decimal of whole numbers.
    return left.op(op, return_type=left.type)(right)


def _divisor(right: Sql, node: tree.Node) -> Sql:
    """Division by zero is missing; on PostgreSQL it would abort the statement."""
    if isinstance(node, tree.Literal) and node.value:
        return right
    return func.nullif(right, 0, type_=right.type)


def _whole(op: str, left: Sql, right: Sql, node: tree.Node) -> Sql:
    """Whole numbers; `//` and `%` go by the divisor's sign, as in Python, not by the dividend's."""
    if op in "+-":
        return _plain(op, left, right)
    right = _divisor(right, node)
    rest = _plain("%", _plain("+", _plain("%", left, right), right), right)
    return rest if op == "%" else _plain("/", _plain("-", left, rest), right)


def _span(node: tree.Arithmetic, left: Sql, right: Sql) -> Sql:
    if node.left.kind is Kind.DATETIME:
        return microseconds_between(right, left)
    if node.op in "+-":
        return _plain(node.op, left, right)
    if node.left.kind is not Kind.SPAN:
        left, right = right, left
    scaled = _plain(node.op, cast(left, Double), cast(right, Double))
    return case((within_reach(scaled), spelling.truncated(scaled)))
