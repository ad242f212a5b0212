"""The only place that knows which database it is: each function hides one difference."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, bindparam, func
from sqlalchemy import column as column_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, FromClause
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger, TypeEngine

from outreach.store.types import Instant


def is_postgres(conn: Connection) -> bool:
    """Whether the connection speaks to PostgreSQL."""
    return conn.dialect.name == "postgresql"


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, which both databases spell alike."""
    return postgresql.insert(table) if is_postgres(conn) else sqlite.insert(table)


class shifted(FunctionElement[Any]):  # noqa: N801
    """`shifted(instant, microseconds)`: the instant so much later, as an instant."""

    type = Instant()
    inherit_cache = True
    name = "shifted"


@compiles(shifted, "postgresql")
def _shifted_postgres(element: shifted, compiler: SQLCompiler, **kw: Any) -> str:
    at, by = list(element.clauses)
    return (
        f"({compiler.process(at, **kw)} + {compiler.process(by, **kw)} * interval '1 microsecond')"
    )


@compiles(shifted, "sqlite")
def _shifted_sqlite(element: shifted, compiler: SQLCompiler, **kw: Any) -> str:
    at, by = list(element.clauses)
    return f"({compiler.process(at, **kw)} + {compiler.process(by, **kw)})"


class microseconds_between(FunctionElement[int]):  # noqa: N801
    """`microseconds_between(earlier, later)`: later − earlier as an integer."""

    type = BigInteger()
    inherit_cache = True
    name = "microseconds_between"


@compiles(microseconds_between, "postgresql")
def _between_postgres(element: microseconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    earlier, later = (compiler.process(part, **kw) for part in element.clauses)
    return f"CAST(extract(epoch FROM {later} - {earlier}) * 1000000 AS bigint)"


@compiles(microseconds_between, "sqlite")
def _between_sqlite(element: microseconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    earlier, later = (compiler.process(part, **kw) for part in element.clauses)
    return f"({later} - {earlier})"


def greatest(conn: Connection, *parts: ColumnElement[Any]) -> ColumnElement[Any]:
    """The largest of the parts that are not null; null when all are."""
    if is_postgres(conn):
        return func.greatest(*parts)
    found: ColumnElement[Any] = parts[0]
    for part in parts[1:]:
        found = func.max(func.coalesce(found, part), func.coalesce(part, found))
    return found


def shift(at: ColumnElement[Any], by: timedelta) -> ColumnElement[Any]:
    """An instant column or value moved by a fixed span."""
    return shifted(at, by // timedelta(microseconds=1))


def table_of_rows(
    conn: Connection,
    name: str,
    columns: Sequence[tuple[str, TypeEngine[Any]]],
    rows: Sequence[Sequence[Any]],
) -> FromClause:
    """Rows of Python values as something to join; the first column is the key.

    SQLite: a temporary table of that name on this connection, filled anew. PostgreSQL: one
    array a column (constant text; VALUES costs 35–80 ms to compile), nothing in the catalogue.
    """
    if is_postgres(conn):
        return _unnested(name, columns, rows)
    table = Table(name, MetaData(), schema="temp")
    for place, (column, kind) in enumerate(columns):
        table.append_column(Column(column, kind, primary_key=place == 0))
    table.create(conn, checkfirst=True)
    conn.execute(table.delete())
    if rows:
        names = [column for column, _ in columns]
        conn.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
    return table


def _unnested(
    name: str, columns: Sequence[tuple[str, TypeEngine[Any]]], rows: Sequence[Sequence[Any]]
) -> FromClause:
    arrays = [
        bindparam(f"{name}_{column}", [row[place] for row in rows], ARRAY(kind))
        for place, (column, kind) in enumerate(columns)
    ]
    unnest = func.unnest(*arrays).table_valued(
        *(column_(column, kind) for column, kind in columns), name=name
    )
    return unnest.render_derived()


class text_order(FunctionElement[str]):  # noqa: N801
    """Text that compares by code point, as SQLite and Python do."""

    type = Text()
    inherit_cache = True
    name = "text_order"


@compiles(text_order, "postgresql")
def _text_order_postgres(element: text_order, compiler: SQLCompiler, **kw: Any) -> str:
    return f'({compiler.process(list(element.clauses)[0], **kw)} COLLATE "C")'


@compiles(text_order, "sqlite")
def _text_order_sqlite(element: text_order, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(list(element.clauses)[0], **kw)
