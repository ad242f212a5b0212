"""An exchange on SQLite as it nearly always is: every delivery moves.

Then a statement need not give back which moved, only how many, nor write to each index that a
column of it is in though the value stays. Each runs in one step: Python lets other threads run
between two, for each of which others wait while the file is held.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, insert, null, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

from outreach.store import attempts, custody, run_answers, tables
from outreach.store.dialect import row_source
from outreach.store.types import to_microseconds
from outreach.vocabulary import Answer, Fault, State

d, t = tables.deliveries.c, tables.attempts.c
_DIALECT = sqlite.dialect(paramstyle="named")
_ACCEPTED = (
    ("id", d.id.type), ("fence", d.fence.type), ("at", t.at.type), ("stage", t.stage.type),
    ("code", t.code.type), ("detail", t.detail.type), ("provider_id", t.provider_id.type),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statements:
    """The texts of an exchange, each written once."""

    settle: str
    hand: str
    attempt: str
    count: str


def move_all(
    conn: Connection,
    who: tuple[str, str, int],
    accepted: Sequence[Any],
    wanted: Sequence[tuple[int, int, str]],
    sent_at: datetime,
) -> bool:
    """As `handover.exchange` where each delivery moves; if one does not, none has: False.

    `who`: channel, adapter and worker; the rest as there.
    """
    driver: Any = conn.connection.driver_connection
    cursor: sqlite3.Cursor = driver.cursor()
    try:
        cursor.execute("SAVEPOINT move_all")
        done = _moved(cursor, who, accepted, wanted, sent_at)
        if not done:
            cursor.execute("ROLLBACK TO move_all")
        cursor.execute("RELEASE move_all")
    except sqlite3.Error as error:  # as the same error of a statement of SQLAlchemy's
        raise DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True) from error
    return done


def _moved(
    cursor: sqlite3.Cursor,
    who: tuple[str, str, int],
    accepted: Sequence[Any],
    wanted: Sequence[tuple[int, int, str]],
    sent_at: datetime,
) -> bool:
    texts, (channel, adapter, worker_id) = _statements(), who
    values: dict[str, Any] = {
        "on_channel": channel, "with_adapter": adapter, "of_worker": worker_id,
        "sent": to_microseconds(sent_at),
    }  # fmt: skip
    if accepted:
        rows = [(id_, fence, to_microseconds(at), *words) for id_, fence, at, *words, _ in accepted]
        values["accepted_rows"] = json.dumps(rows)
        if cursor.execute(texts.settle, values).rowcount != len(accepted):
            return False
        cursor.execute(texts.attempt, values)
        runs = sorted(Counter(one[-1] for one in accepted).items())
        cursor.executemany(texts.count, [_count(who, *each) for each in runs])
    if wanted:
        values["handed_rows"] = json.dumps(wanted)
        return cursor.execute(texts.hand, values).rowcount == len(wanted)
    return True


def _count(who: tuple[str, str, int], run_id: int, answers: int) -> dict[str, Any]:
    return {
        "run_id": run_id, "channel": who[0], "worker_id": who[2], "fault": Fault.NONE.value,
        "code": "", "answers": answers, "detail": None,
    }  # fmt: skip


@cache
def _statements() -> Statements:
    v = row_source("sqlite", "accepted", _ACCEPTED).c
    settle = (
        update(tables.deliveries)
        .where(d.id == v.id, d.fence == v.fence, d.state == custody.in_text(State.HANDING))
        .values(
            state=custody.in_text(State.SENT), reason=null(), retry_at=null(), worker_id=null(),
            sent_at=bindparam("sent", type_=d.sent_at.type), settled_at=v.at,
            provider_id=v.provider_id,
        )
    )  # fmt: skip
    attempt = select(
        v.id, v.fence, bindparam("on_channel", type_=t.channel.type),
        bindparam("with_adapter", type_=t.adapter.type),
        bindparam("of_worker", type_=t.worker_id.type), v.at, custody.in_text(Answer.ACCEPTED),
        custody.in_text(Fault.NONE), v.stage, v.code, v.detail, v.provider_id,
    )  # fmt: skip
    names = [column.name for column in tables.run_answers.c]
    count = run_answers.adding("sqlite").compile(dialect=_DIALECT, column_keys=names)
    return Statements(
        settle=_text(settle),
        hand=_text(custody.handing_of(row_source("sqlite", "handed", custody.HANDED).c)),
        attempt=_text(insert(tables.attempts).from_select(attempts.COLUMNS, attempt)),
        count=str(count),
    )


def _text(statement: ClauseElement) -> str:
    return str(statement.compile(dialect=_DIALECT))
