"""Temporary tables that stay with their connection, empty between uses.

To make one and to drop it costs more than to use it: each time the database plans anew what it had
prepared on the connection.
"""

from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateTable

MOST_ROWS = 20_000  # in all its uses: PostgreSQL takes none of their space back


def make_empty(conn: Connection, table: Table) -> None:
    """Have the connection know the table, with no row in it."""
    conn.exec_driver_sql(_creation(conn, table))
    conn.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608


def empty(conn: Connection, table: Table, rows: int) -> None:
    """Forget its rows, so many: the table too once it has held many."""
    held = conn.info.get(table.name, 0) + rows
    forget = "DROP TABLE" if held > MOST_ROWS else "DELETE FROM"
    conn.exec_driver_sql(f"{forget} {table.name}")
    conn.info[table.name] = 0 if held > MOST_ROWS else held


def _creation(conn: Connection, table: Table) -> str:
    """The statement that makes it, spelled once for each kind of database."""
    database = conn.dialect.name
    if database not in table.info:
        made = CreateTable(table, if_not_exists=True).compile(dialect=conn.dialect)
        table.info[database] = str(made)
    return str(table.info[database])
