"""PostgreSQL databases for tests, each handed to one test at a time and emptied after it.

To make one from the template and drop it copies and deletes 300 files, 0.1 s of CPU and more; to
empty one takes a tenth of that, on a connection that stays and knows the tables.
"""

from collections.abc import Callable
from typing import Any

import psycopg

from outreach.store.tables import metadata

Connection = psycopg.Connection[tuple[Any, ...]]
TEMPLATE = "template_outreach"
LARGEST_BYTES = (
    4 << 20
)  # beyond what empty tables have: rows that were deleted slow later tests down
_OURS = "relnamespace = 'public'::regnamespace"
# Whoever still is connected belongs to a test that has ended.
_END_OTHERS = b"""
SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_SHAPE = f"""
SELECT (SELECT string_agg(version_num, ',') FROM alembic_version),
       count(*), max(oid), sum(relnatts), sum(relchecks),
       (SELECT count(*) FROM pg_statistic JOIN pg_class ON oid = starelid WHERE {_OURS})
FROM pg_class WHERE {_OURS}
""".encode()
_SIZE = f"SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND {_OURS}".encode()
_EMPTY = ";".join(
    [
        "SET session_replication_role = replica",  # rows go in any order
        *(f"DELETE FROM {table.name}" for table in metadata.sorted_tables),
        f"SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND {_OURS}",
    ]
).encode()


class Stock:
    """The databases of one server; `url` has `{database}` to fill in, `fill` makes the tables."""

    def __init__(self, url: str, fill: Callable[[str], None]) -> None:
        self._url = url
        self._made = 0
        self._empty: list[str] = []
        self._lines: dict[str, Connection] = {}
        self._on_server(f"CREATE DATABASE {TEMPLATE}")
        fill(url.format(database=TEMPLATE))
        with self._open(TEMPLATE) as connection:
            self._shape, self._bytes = _row(connection, _SHAPE), _row(connection, _SIZE)[0]
            for table in metadata.sorted_tables:  # to empty it is to make it as it was
                assert _row(connection, f"SELECT count(*) FROM {table.name}".encode()) == (0,)

    def take(self) -> str:
        """The name of a database with all tables, empty."""
        if self._empty:
            return self._empty.pop()
        self._made += 1
        name = f"test_{self._made}"
        self._on_server(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        self._lines[name] = self._open(name)
        return name

    def give_back(self, name: str) -> None:
        """Empty it for another test, or drop it where emptying would not make it as it was."""
        line = self._lines[name]
        line.execute(_END_OTHERS)
        if self._is_as_made(line):
            line.execute(_EMPTY)
            self._empty.append(name)
        else:
            self._lines.pop(name).close()
            self._on_server(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Give the connections back."""
        for line in self._lines.values():
            line.close()

    def _is_as_made(self, connection: Connection) -> bool:
        """But for its rows, few enough: the same tables, and no statistics that guide its plans."""
        return (
            _row(connection, _SHAPE) == self._shape
            and _row(connection, _SIZE)[0] - self._bytes <= LARGEST_BYTES
        )

    def _open(self, database: str) -> Connection:
        plain = self._url.replace("+psycopg", "").format(database=database)
        return psycopg.connect(plain, autocommit=True)

    def _on_server(self, statement: str) -> None:
        with self._open("postgres") as connection:
            connection.execute(statement.encode())


def _row(connection: Connection, query: bytes) -> tuple[Any, ...]:
    found = connection.execute(query).fetchone()
    assert found is not None
    return found
