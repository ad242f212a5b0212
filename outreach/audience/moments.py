"""Instants and days that move: worked out in Python where they are values, else in SQL."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Text, case, literal
from sqlalchemy.sql import ColumnElement

from outreach.audience import tree
from outreach.audience.names import Kind
from outreach.audience.row import Row, months_later
from outreach.store import spelling
from outreach.store.dialect import shift
from outreach.store.types import Instant

REACH = 9 * 10**15  # microseconds, 285 years: a longer span that comes from data is missing
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Sql = ColumnElement[Any]
Moving = tree.Name | tree.Moved | tree.Arithmetic


def instant_or_day(node: Moving, row: Row, value: Callable[[tree.Node, Row], Sql]) -> Sql:
    """A DATETIME as an instant, a DATE as its text; `value` translates what is below.

    `now`, `today` and `entered_at` may be values of the row: then so is all that moves by
    constants, and a bind of the statement.
    """
    known = _known(node, row)
    if isinstance(known, datetime):
        return literal(known, Instant())
    if known is not None:
        return literal(known.isoformat(), Text())
    if isinstance(node, tree.Name):
        return row.column(node.name)
    if isinstance(node, tree.Moved):
        later = spelling.months_later if node.kind is Kind.DATE else spelling.instant_months_later
        return later(row.column(node.name), node.months)
    return _moved(node, row, value)


def span_microseconds(span: timedelta) -> int:
    """A span as SQL counts it."""
    return span // timedelta(microseconds=1)


def within_reach(microseconds: Sql) -> ColumnElement[bool]:
    """Whether a span from data is short enough to add to instants without overflow."""
    return microseconds.between(-REACH, REACH)


def _moved(node: tree.Arithmetic, row: Row, value: Callable[[tree.Node, Row], Sql]) -> Sql:
    start, by = _parts(node)
    at = value(start, row)
    constant = _constant(node.op, by)
    if constant is None:
        span = value(by, row)
        signed = span if node.op == "+" else -span
        return spelling.shifted(at, case((within_reach(signed), signed)))
    return shift(at, constant) if node.kind is Kind.DATETIME else _days(at, constant)


def _days(day: Sql, span: timedelta) -> Sql:
    return spelling.days_later(day, span.days)


def _parts(node: tree.Arithmetic) -> tuple[tree.Node, tree.Node]:
    """What is moved, and by what."""
    return (node.right, node.left) if node.left.kind is Kind.SPAN else (node.left, node.right)


def _constant(op: str, by: tree.Node) -> timedelta | None:
    if not isinstance(by, tree.Literal) or not isinstance(by.value, timedelta):
        return None
    return by.value if op == "+" else -by.value


def _known(node: tree.Node, row: Row) -> datetime | date | None:
    """The instant or day, where the row has values and the rest is constant."""
    match node:
        case tree.Name() | tree.Moved():
            start = {"now": row.now, "today": row.today, "entered_at": row.entered_at}.get(
                node.name
            )
            if isinstance(start, datetime):
                start = start.astimezone(UTC)
            elif not isinstance(start, date):
                return None
            return months_later(start, node.months) if isinstance(node, tree.Moved) else start
        case tree.Arithmetic() if node.kind in (Kind.DATETIME, Kind.DATE):
            start_node, by = _parts(node)
            known, constant = _known(start_node, row), _constant(node.op, by)
            return None if known is None or constant is None else _added(known, constant)
    return None


def _added(start: datetime | date, span: timedelta) -> datetime | date:
    """Later by the span, within the years 1 to 9999."""
    try:
        return start + span
    except OverflowError:
        if isinstance(start, datetime):
            return _FIRST if span < timedelta(0) else _LAST
        return date.min if span < timedelta(0) else date.max
