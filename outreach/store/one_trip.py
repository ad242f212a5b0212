"""Two statements of PostgreSQL and their commit in one round trip, by libpq's pipeline mode.

What is between two syncs is one transaction, each statement of which sees what was committed
before it began (PostgreSQL's documentation, «Pipeline Mode» of libpq and «Pipelining» of the
protocol). BEGIN, the same two and COMMIT, each by itself through two libraries, cost four times as
much here, and half as much again there.
"""

import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

LOOK_MS = 100  # whoever ends the process cancels a statement from outside
_prepared: WeakKeyDictionary[Any, set[bytes]] = WeakKeyDictionary()  # by connection: names


@dataclass(frozen=True)
class Prepared:
    """A statement that each connection prepares once; `constants` are values of its own."""

    name: bytes
    text: bytes
    places: Sequence[str]  # names of its parameters, in their order
    constants: Mapping[str, Any]

    @classmethod
    def compile(cls, name: str, statement: Executable) -> "Prepared":
        """A statement without lists in it; its parameters are given at each execution."""
        assert isinstance(statement, ClauseElement)
        dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
        compiled: Any = statement.compile(dialect=dialect)
        given = [name for bind, name in compiled.bind_names.items() if bind.required]
        constants = compiled.construct_params(dict.fromkeys(given))
        own = {key: value for key, value in constants.items() if key not in given}
        return cls(name.encode(), str(compiled).encode(), tuple(compiled.positiontup or ()), own)

    def parameters(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """Its values as text, in their order."""
        every = {**self._own, **values}
        return [
            None if (value := every[place]) is None else str(value).encode()
            for place in self.places
        ]

    @cached_property
    def _own(self) -> dict[str, str]:
        return {key: str(value) for key, value in self.constants.items()}


def run_both(
    conn: Connection, first: Prepared, second: Prepared, values: Mapping[str, Any]
) -> list[tuple[int, bool]]:
    """Execute two statements and commit; the second's rows, of a number and a yes or no.

    `values` are the second's, the first has none. No transaction may be open. Errors are
    SQLAlchemy's: whether it was committed nobody knows then, and the connection is of no more use.
    """
    driver: Any = conn.connection.driver_connection
    try:
        rows: list[tuple[int, bool]] = _run(driver, first, second, second.parameters(values))
    except BaseException as error:
        conn.invalidate()
        from psycopg import Error  # slow to load, and SQLite needs none

        if isinstance(error, Error):
            raise DBAPIError.instance(None, None, error, Error, hide_parameters=True) from error
        raise
    return rows


def _run(driver: Any, first: Prepared, second: Prepared, parameters: list[bytes | None]) -> Any:
    from psycopg.pq import ExecStatus

    pgconn, known = driver.pgconn, _prepared.setdefault(driver, set())
    pgconn.enter_pipeline_mode()
    wanted = 1
    for statement, given in ((first, []), (second, parameters)):
        if statement.name not in known:
            pgconn.send_prepare(statement.name, statement.text)
            wanted += 1
        pgconn.send_query_prepared(statement.name, given)
        wanted += 1
    pgconn.pipeline_sync()
    results = _results(pgconn, wanted)
    pgconn.exit_pipeline_mode()
    known |= {first.name, second.name}
    answer = next(each for each in reversed(results) if each.status == ExecStatus.TUPLES_OK)
    value = answer.get_value
    return [(int(value(row, 0)), value(row, 1) == b"t") for row in range(answer.ntuples)]


def _results(pgconn: Any, wanted: int) -> list[Any]:
    """So many results, the last of which is the commit's; psycopg's Error where one is an error."""
    from psycopg.errors import OperationalError, error_from_result
    from psycopg.pq import ConnStatus, ExecStatus

    found: list[Any] = []
    fault = None
    unsent = pgconn.flush()
    poll = select.poll()
    while len(found) < wanted:
        if unsent or pgconn.is_busy():
            poll.register(pgconn.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            poll.poll(LOOK_MS)
            pgconn.consume_input()
            unsent = unsent and pgconn.flush()
            continue
        result = pgconn.get_result()
        if result is None:  # the end of one statement's
            if pgconn.status != ConnStatus.OK:
                raise OperationalError("the connection is lost")
            continue
        if result.status == ExecStatus.FATAL_ERROR:
            fault = fault or error_from_result(result)
        found.append(result)
    if fault is not None:
        raise fault
    return found
