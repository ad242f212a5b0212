"""Statements that are compiled once and given to the driver as they are.

For those that are part of every exchange with a provider: SQLAlchemy's own work on each would take
as long as the database's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from outreach.store.dialect import is_postgres
from outreach.store.types import array_text, json_rows


@dataclass(frozen=True, slots=True)
class Driven:
    """A statement's text, and the values of its constants as the driver takes them."""

    text: str
    constants: Mapping[str, Any]

    @classmethod
    def compile(cls, statement: Executable, dialect: Dialect) -> "Driven":
        """A statement without lists in it; its parameters are given at each execution."""
        assert isinstance(statement, ClauseElement)
        compiled: Any = statement.compile(dialect=dialect)
        given = [name for bind, name in compiled.bind_names.items() if bind.required]
        constants = compiled.construct_params(dict.fromkeys(given))
        return cls(str(compiled), {k: v for k, v in constants.items() if k not in given})

    def rows(self, conn: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Execute it; `values` are as the driver takes them, and so are those of the rows."""
        return conn.exec_driver_sql(self.text, {**self.constants, **values}).all()


def plain_rows(
    conn: Connection,
    name: str,
    columns: Sequence[tuple[str, TypeEngine[Any]]],
    rows: Sequence[Sequence[Any]],
) -> dict[str, Any]:
    """What a statement with a `row_source` takes from the driver itself: one text a column, or one.

    Integers, instants and texts; None would be a type that only the driver can write.
    """
    if not is_postgres(conn):
        return {f"{name}_rows": json_rows(conn, columns, rows)}
    return {
        f"{name}_{column}": array_text([row[place] for row in rows])
        for place, (column, _) in enumerate(columns)
    }
