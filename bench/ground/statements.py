"""The statements a piece of code runs, and how the database goes about each."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

BIG = ("customers", "deliveries", "consent_states", "consents", "events", "refusals")


@dataclass(frozen=True, slots=True)
class Planned:
    """A statement and the database's plan for it, one step a line."""

    statement: str
    plan: str

    def full_scans(self) -> list[str]:
        """Steps that read a whole big table, index or not."""
        return [line.strip() for line in self.plan.splitlines() if _reads_all(line)]


def _reads_all(line: str) -> bool:
    """SQLite says SCAN, PostgreSQL Seq Scan; an index read from end to end has no condition."""
    table = re.search(r"(?:^|\s)SCAN (\w+)|Seq Scan on (\w+)", line)
    return table is not None and (table[1] or table[2]) in BIG


def planned(conn: Connection, run: Callable[[], Any]) -> list[Planned]:
    """The plans of every SELECT, INSERT, UPDATE and WITH that `run` executes on the connection."""
    seen: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        seen.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(conn, "before_cursor_execute", note)
    return [
        Planned(statement, _plan(conn, statement, parameters))
        for statement, parameters in seen
        if statement.lstrip("( \n")
        .upper()
        .startswith(("SELECT", "WITH", "UPDATE", "INSERT INTO DEL"))
        and not isinstance(parameters, list)
    ]


def _plan(conn: Connection, statement: str, parameters: Any) -> str:
    prefix = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
    rows = conn.exec_driver_sql(prefix + statement, parameters)
    return "\n".join(str(row[-1]) for row in rows)
