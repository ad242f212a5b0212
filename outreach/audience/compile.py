"""Expressions and selections as SQL over a row."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, true

from outreach.audience.check import typed
from outreach.audience.row import Row
from outreach.audience.values import certain, condition
from outreach.campaign.model import Expression, Selection
from outreach.store import spelling


def compile_expression(
    expression: Expression, row: Row, *, certainly: bool = True
) -> ColumnElement[bool]:
    """Whether the expression holds for the row: true or false, so that it may be negated.

    With `certainly=False` null may stand for false: for a WHERE, indexes stay usable.
    Raises ProblemsFound where `check` finds problems.
    """
    node = typed(expression, row.names)
    return certain(node, row) if certainly else condition(node, row)


def compile_selection(
    selection: Selection, row: Row, *, certainly: bool = True
) -> ColumnElement[bool]:
    """Whether the selection picks the row: every key given holds, a list is any of.

    `certainly` as in compile_expression.
    """
    parts = [
        _any_of(row, name, getattr(selection, name))
        for name in ("stage", "tier", "owner", "locale")
        if getattr(selection, name)
    ]
    if selection.country:
        parts.append(_any_of(row, "country", [code.upper() for code in selection.country]))
    if selection.tags:
        tags = row.column("tags")
        parts.append(or_(*(spelling.list_holds(tags, tag) for tag in selection.tags)))
    if selection.where is not None:
        parts.append(compile_expression(selection.where, row, certainly=False))
    if not parts:
        return true()
    picked = and_(*parts)
    return func.coalesce(picked, false()) if certainly else picked


def _any_of(row: Row, name: str, values: Sequence[str]) -> ColumnElement[bool]:
    return row.column(name).in_(values)
