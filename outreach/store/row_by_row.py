"""An exchange on SQLite as it nearly always is: every delivery moves, written row by row.

One statement of all rows reads them from JSON, gives back which moved, and writes to each index
that a column of it is in, though the value stays: four times what it costs to write each row by a
statement that is prepared and says nothing but how many moved.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, null, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

from outreach.store import attempts, custody, run_answers, tables
from outreach.vocabulary import Answer, Fault, State

d = tables.deliveries.c
Settled = tuple[int, int, int, str | None]  # id, fence, instant of the answer, provider's id
_DIALECT = sqlite.dialect(paramstyle="named")


def move(
    conn: Connection,
    worker_id: int,
    settled: Sequence[Settled],
    handed: Sequence[tuple[int, int, str]],
    sent_at: int,
) -> bool:
    """Turn what is handed over to sent, and hand over more; whether each moved: if not, none did.

    Instants are microseconds, as the database has them.
    """
    cursor = _cursor(conn)
    try:
        cursor.execute("SAVEPOINT row_by_row")
        done = not settled or _moves(cursor, _settling(), [
            {"of_id": id_, "of_fence": fence, "at": at, "provider": provider, "sent": sent_at}
            for id_, fence, at, provider in settled
        ])  # fmt: skip
        done = done and (not handed or _moves(cursor, _handing(), [
            {"of_id": id_, "of_fence": fence, "message": message, "of_worker": worker_id}
            for id_, fence, message in handed
        ]))  # fmt: skip
        if not done:
            cursor.execute("ROLLBACK TO row_by_row")
        cursor.execute("RELEASE row_by_row")
    except sqlite3.Error as error:
        raise _wrapped(error) from error
    return done


def note(
    conn: Connection, rows: Sequence[tuple[object, ...]], runs: Sequence[int], who: tuple[str, int]
) -> None:
    """Add attempts that were accepted, and count them for their runs; `who`: channel and worker."""
    channel, worker_id = who
    counts = [
        {
            "run_id": run_id, "channel": channel, "worker_id": worker_id, "fault": Fault.NONE.value,
            "code": "", "answers": n, "detail": None,
        }
        for run_id, n in sorted(Counter(runs).items())
    ]  # fmt: skip
    cursor = _cursor(conn)
    try:
        cursor.executemany(_ATTEMPT, rows)
        cursor.executemany(_counting(), counts)
    except sqlite3.Error as error:
        raise _wrapped(error) from error


ACCEPTED = (Answer.ACCEPTED.value, Fault.NONE.value)
_ATTEMPT = f"INSERT INTO attempts ({', '.join(attempts.COLUMNS)}) VALUES ({', '.join('?' * len(attempts.COLUMNS))})"  # noqa: S608


@cache
def _settling() -> str:
    """What is handed over turns to sent; no column of the indexes of slots and of what is ready."""
    sent = {
        d.state: custody.in_text(State.SENT), d.settled_at: bindparam("at", type_=d.settled_at.type),
        d.sent_at: bindparam("sent", type_=d.sent_at.type), d.worker_id: null(),
        d.provider_id: bindparam("provider", type_=d.provider_id.type),
        d.reason: null(), d.retry_at: null(),
    }  # fmt: skip
    moves = update(tables.deliveries).where(
        d.id == bindparam("of_id", type_=d.id.type),
        d.fence == bindparam("of_fence", type_=d.fence.type),
        d.state == custody.in_text(State.HANDING),
    )
    return _text(moves.values(sent))


@cache
def _handing() -> str:
    row = SimpleNamespace(
        id=bindparam("of_id", type_=d.id.type), fence=bindparam("of_fence", type_=d.fence.type),
        message_id=bindparam("message", type_=d.message_id.type),
    )  # fmt: skip
    return _text(custody.handing_of(row))


@cache
def _counting() -> str:
    names = [column.name for column in tables.run_answers.c]
    return str(run_answers.adding("sqlite").compile(dialect=_DIALECT, column_keys=names))


def _text(statement: ClauseElement) -> str:
    return str(statement.compile(dialect=_DIALECT))


def _moves(cursor: sqlite3.Cursor, statement: str, rows: Sequence[dict[str, Any]]) -> bool:
    cursor.executemany(statement, rows)
    return cursor.rowcount == len(rows)


def _cursor(conn: Connection) -> sqlite3.Cursor:
    driver: Any = conn.connection.driver_connection
    return driver.cursor()  # type: ignore[no-any-return]


def _wrapped(error: sqlite3.Error) -> DBAPIError:
    """As the same error of a statement of SQLAlchemy's."""
    wrapped = DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True)
    assert isinstance(wrapped, DBAPIError)
    return wrapped
