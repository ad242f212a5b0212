"""The only place that knows which database it is: each function hides one difference."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    text,
    type_coerce,
)
from sqlalchemy import column as column_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement, FromClause, TableValuedAlias
from sqlalchemy.types import TypeEngine

from outreach.store.copying import copy
from outreach.store.spelling import shifted
from outreach.store.temporary import make_empty
from outreach.store.types import Instant, Listed, bound, json_rows

SCRATCH = "outreach_scratch_"  # how schemas of copies begin: see store/scratch.py
_LOCK_OF = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(CAST(:what AS text) || CASE WHEN"
    " starts_with(current_schema(), :copies) THEN current_schema() ELSE '' END, 0))"
)
HAND_OVER_LOCK = "SELECT pg_advisory_xact_lock_shared(746218)"


def is_postgres(conn: Connection) -> bool:
    """Whether the connection speaks to PostgreSQL."""
    return conn.dialect.name == "postgresql"


def joins_sets(conn: Connection) -> bool:
    """Whether joining all of two large tables costs less than looking up each row's match.

    PostgreSQL has hash joins; SQLite looks rows up one by one whichever way it is written.
    """
    return is_postgres(conn)


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, which both databases spell alike."""
    return insert_on(conn.dialect.name, table)


def insert_on(database: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """As `insert`, for a statement that is kept."""
    return postgresql.insert(table) if database == "postgresql" else sqlite.insert(table)


def shift(at: ColumnElement[Any], by: timedelta) -> ColumnElement[Any]:
    """An instant column or value moved by a fixed span."""
    return shifted(at, by // timedelta(microseconds=1))


@lru_cache(maxsize=256)
def row_table(
    database: str, name: str, columns: tuple[tuple[str, TypeEngine[Any]], ...]
) -> TableValuedAlias | Table:
    """Something to join that `fill_rows` gives its rows; the first column is the key.

    SQLite: a temporary table of that name. PostgreSQL: one array a column (constant text;
    VALUES costs 35–80 ms to compile), nothing in the catalogue. The same object each time, so
    that statements with it are compiled once.
    """
    if database == "postgresql":
        return _unnested(name, columns)
    table = Table(name, MetaData(), prefixes=["TEMPORARY"])
    for place, (column, kind) in enumerate(columns):
        table.append_column(Column(column, kind, primary_key=place == 0))
    return table


def fill_rows(
    conn: Connection, table: TableValuedAlias | Table, rows: Sequence[Sequence[Any]]
) -> dict[str, list[Any]]:
    """Give a `row_table` its rows on this connection; what a statement with it is executed with."""
    names = [column.name for column in table.c]
    if isinstance(table, TableValuedAlias):
        return {
            f"{table.name}_{name}": [row[place] for row in rows] for place, name in enumerate(names)
        }
    make_empty(conn, table)
    if rows:
        conn.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
    return {}


def with_rows(
    table: TableValuedAlias | Table, rows: Sequence[Sequence[Any]]
) -> TableValuedAlias | Table:
    """The same with its rows inside, for a statement that can not be executed with values."""
    if isinstance(table, Table):
        return table
    return _unnested(table.name, [(column.name, column.type) for column in table.c], rows)


def _unnested(
    name: str,
    columns: Sequence[tuple[str, TypeEngine[Any]]],
    rows: Sequence[Sequence[Any]] | None = None,
) -> TableValuedAlias:
    """One array a column; without rows they are given at each execution."""
    arrays = [
        bindparam(f"{name}_{column}", type_=Listed(kind))
        if rows is None
        else bindparam(f"{name}_{column}", [row[place] for row in rows], Listed(kind))
        for place, (column, kind) in enumerate(columns)
    ]
    names = [column_(column, kind) for column, kind in columns]
    return func.unnest(*arrays).table_valued(*names).render_derived(name=name)


def is_any_of(
    conn: Connection, column: ColumnElement[Any], values: Sequence[Any]
) -> ColumnElement[bool]:
    """Whether an integer or text column has one of the values, however many: one parameter."""
    if is_postgres(conn):
        return column == func.any(bindparam(None, list(values), Listed(column.type)))
    listed = func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value")
    return column.in_(select(listed.c.value))


def map_nothing(conn: Connection) -> None:
    """On SQLite, read the file by calls from now on: pages mapped into memory count as ours."""
    if not is_postgres(conn):
        conn.exec_driver_sql("PRAGMA mmap_size = 0")


def lock_customers(conn: Connection, ids: Sequence[int]) -> None:
    """Hold the customers' rows until the end of the transaction, in id order, so never in a ring.

    Whoever writes a withdrawal, suppression or erasure locks before it looks at deliveries.
    FOR NO KEY UPDATE does not block inserts that refer to the customer. SQLite: a write
    transaction has the whole file.
    """
    if is_postgres(conn) and ids:
        conn.execute(
            text("SELECT id FROM customers WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
            {"ids": sorted(ids)},
        )


def one_at_a_time(conn: Connection, what: str) -> None:
    """Wait until no other transaction does `what`; on SQLite no other one writes at all.

    A copy of the base in a schema of its own is another base: neither waits for the other.
    """
    if is_postgres(conn):
        conn.execute(_LOCK_OF, {"what": what, "copies": SCRATCH})


def hand_over_together(conn: Connection) -> None:
    """Let `wait_for_hand_overs` wait for this transaction; what it asks next is seen from then."""
    if is_postgres(conn):
        conn.exec_driver_sql(HAND_OVER_LOCK)


def wait_for_hand_overs(conn: Connection) -> None:
    """Return once no transaction is open that hands over; SQLite has one writer at a time."""
    if is_postgres(conn):
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(746218)")


def reserve_ids(conn: Connection, table: Table, count: int) -> Sequence[int]:
    """So many new ids of a table, rising; on SQLite they hold within the write transaction."""
    if not count:
        return []
    if is_postgres(conn):
        first, last, ids = conn.execute(_TAKEN, {"name": table.name, "n": count}).one()
        return range(first, last + 1) if ids is None else sorted(ids)
    last = conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return range(last + 1, last + 1 + count)


_TAKEN = text(  # ids one by one are fetched only where somebody else took some between them
    "WITH taken AS MATERIALIZED (SELECT nextval((SELECT CAST(pg_get_serial_sequence(:name, 'id') AS"
    " regclass))) AS id FROM generate_series(1, :n)) SELECT min(id), max(id), CASE WHEN"
    " max(id) - min(id) + 1 <> count(*) THEN array_agg(id) END FROM taken"
)


def insert_rows(
    conn: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """As `insert_columns`, of rows that hold values in the order of `names`."""
    if rows:
        insert_columns(conn, table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def insert_columns(conn: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert new rows as fast as this database can: COPY, or one prepared statement.

    `columns` hold Python values by name, all equally many and at least one. A key that is taken
    is an error. What is None all the way is left out where no default would take its place.
    """
    given = {
        name: bound(conn, table.c[name], values)
        for name, values in columns.items()
        if table.c[name].server_default is not None or any(each is not None for each in values)
    }
    names = ", ".join(f'"{name}"' for name in given)
    if is_postgres(conn):
        copy(conn, f"COPY {table.name} ({names}) FROM STDIN", list(given.values()))
        return
    places = ", ".join("?" * len(given))
    conn.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({places})",  # noqa: S608
        list(zip(*given.values(), strict=True)),
    )


def database_clock(conn: Connection) -> ColumnElement[Any]:
    """The database's own clock inside a statement; the twin of engine.database_now."""
    if is_postgres(conn):
        return func.clock_timestamp(type_=Instant())
    return literal(datetime.now(UTC), Instant())  # the file is on this machine: one clock


def clock_in(database: str) -> ColumnElement[Any]:
    """As `database_clock`, for a statement that is kept: it is executed with `clock_value`."""
    if database == "postgresql":
        return func.clock_timestamp(type_=Instant())
    return bindparam("clock", type_=Instant())


def clock_value(conn: Connection) -> dict[str, datetime]:
    """The clock as a value of a statement, where the database has to be told."""
    return {} if is_postgres(conn) else {"clock": datetime.now(UTC)}


def rows_from(
    conn: Connection,
    name: str,
    columns: Sequence[tuple[str, TypeEngine[Any]]],
    rows: Sequence[Sequence[Any]],
) -> FromClause:
    """Rows of Python values for an UPDATE … FROM: as `row_table`, but nothing is written first.

    SQLite reads them from one JSON text.
    """
    if is_postgres(conn):
        return _unnested(name, columns, rows)
    return _read_from(bindparam(None, json_rows(conn, columns, rows), Text()), name, columns)


@lru_cache(maxsize=64)
def row_source(
    database: str, name: str, columns: tuple[tuple[str, TypeEngine[Any]], ...]
) -> FromClause:
    """As `rows_from`, its rows given at each execution (`row_values`): a statement is built once."""
    if database == "postgresql":
        return _unnested(name, columns)
    return _read_from(bindparam(f"{name}_rows", type_=Text()), name, columns)


def row_values(
    conn: Connection,
    name: str,
    columns: Sequence[tuple[str, TypeEngine[Any]]],
    rows: Sequence[Sequence[Any]],
) -> dict[str, Any]:
    """What a statement with a `row_source` is executed with."""
    if is_postgres(conn):
        return {
            f"{name}_{column}": [row[place] for row in rows]
            for place, (column, _) in enumerate(columns)
        }
    return {f"{name}_rows": json_rows(conn, columns, rows)}


def _read_from(
    text: ColumnElement[str], name: str, columns: Sequence[tuple[str, TypeEngine[Any]]]
) -> FromClause:
    each = func.json_each(text).table_valued("value", name=f"{name}_json")
    return select(
        *(
            type_coerce(
                func.json_extract(each.c.value, literal_column(f"'$[{place}]'")), kind
            ).label(column)
            for place, (column, kind) in enumerate(columns)
        )
    ).subquery(name)
