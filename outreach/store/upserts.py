"""Rows written whether they are there or not, in one statement."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, true

from outreach.store import dialect

Newer = Callable[[Any], ColumnElement[bool]]  # of the row that is given, as `excluded.<column>`


def upsert(
    conn: Connection,
    table: Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    newer: Newer,
) -> None:
    """Insert the rows; where a key is taken, bring the row up to date if the given one is newer.

    `rows` hold Python values in the order of `names`, no two with one key. Several times as fast
    as a set of parameters for each row.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    columns = [(name, table.c[name].type) for name in names]
    given = dialect.rows_from(conn, f"new_{table.name}", columns, rows)
    # Without a WHERE, SQLite takes ON CONFLICT after a SELECT for the ON of a join.
    chosen = select(*(given.c[name] for name in names)).where(true())
    new = dialect.insert(conn, table).from_select(names, chosen)
    conn.execute(
        new.on_conflict_do_update(
            index_elements=keys,
            set_={name: new.excluded[name] for name in names if name not in keys},
            where=newer(new.excluded),
        )
    )
