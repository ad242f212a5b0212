"""What statements are made of besides tables: tables under further names, rows behind a fence."""

from functools import cache
from typing import Any

from sqlalchemy import FromClause, Select, Table, literal_column


@cache
def named(table: Table, name: str) -> FromClause:
    """The table under a name, the same object each time: to make its columns takes longer than all else.

    Whoever asks it within a question that asks it too by that name says what is correlated.
    """
    return table.alias(name)


def fenced(query: Select[Any], name: str) -> FromClause:
    """A sub-select that neither database flattens; both stream it."""
    return query.offset(literal_column("0")).subquery(name)
