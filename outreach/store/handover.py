"""What every exchange with a provider writes: which messages were accepted, and what goes out next.

One statement on PostgreSQL, where each costs a round trip; a few on SQLite. Any other answer is
settled as `custody.settle` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Dialect,
    Engine,
    bindparam,
    case,
    false,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from outreach.store import attempts, custody, run_answers, sqlite_exchange, tables
from outreach.store.dialect import HAND_OVER_LOCK, insert_rows, is_postgres, row_source
from outreach.store.driven import Driven, plain_rows
from outreach.store.one_trip import Prepared, run_both
from outreach.store.run_answers import Final
from outreach.store.types import bound
from outreach.vocabulary import Answer, Fault, State

d, t = tables.deliveries.c, tables.attempts.c
Accepted = tuple[int, int, datetime, str | None, str | None, str | None, str | None, int]
Handing = tuple[int, int, str]  # a delivery's id, fence and Message-ID
_ACCEPTED = (
    ("id", d.id.type), ("fence", d.fence.type), ("at", t.at.type), ("stage", t.stage.type),
    ("code", t.code.type), ("detail", t.detail.type), ("provider_id", t.provider_id.type),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose exchange it is: a worker's, on a channel, through an adapter."""

    worker_id: int
    channel: str
    adapter: str


def exchange(
    conn: Connection,
    desk: Desk,
    accepted: Sequence[Accepted],
    wanted: Sequence[Handing],
    sent_at: datetime,
) -> tuple[set[int], set[int]]:
    """Settle what was accepted, and hand over what is wanted: the ids that moved, and that may go.

    `accepted`: id, fence, instant of the answer by the real clock, stage, code, words, provider's
    id, and its run. `sent_at` is by the decisions' clock. An attempt is written, and counted for its run, of
    what moved alone. No delivery may be in both. As for `custody.hand`, call
    `custody.begin_handing` first where anything is wanted.
    """
    if is_postgres(conn):
        values = _values(conn, desk, accepted, wanted, sent_at)
        return _parted(_postgres_exchange(conn.dialect).rows(conn, values))
    who = (desk.channel, desk.adapter, desk.worker_id)
    if sqlite_exchange.move_all(conn, who, accepted, wanted, sent_at):
        return {one[0] for one in accepted}, {one[0] for one in wanted}
    moved: set[int] = set()
    if accepted:
        moved = _settle_on_sqlite(conn, desk, [one[:-1] for one in accepted], sent_at)
    if not wanted:
        return moved, set()
    given = plain_rows(conn, "handed", custody.HANDED, wanted)
    statement = _sqlite_handing(conn.dialect)
    found = statement.rows(conn, {**given, "of_worker": desk.worker_id})
    return moved, {row[0] for row in found}


def can_be_one_trip(engine: Engine) -> bool:
    """Whether `exchange_and_commit` can be asked."""
    return engine.dialect.name == "postgresql"


def exchange_and_commit(
    conn: Connection,
    desk: Desk,
    accepted: Sequence[Accepted],
    wanted: Sequence[Handing],
    sent_at: datetime,
) -> tuple[set[int], set[int]]:
    """As `custody.begin_handing` and `exchange` in a transaction of their own, in one round trip."""
    values = _values(conn, desk, accepted, wanted, sent_at)
    return _parted(run_both(conn, _lock(), _exchange(), values))


def _values(
    conn: Connection,
    desk: Desk,
    accepted: Sequence[Accepted],
    wanted: Sequence[Handing],
    sent_at: datetime,
) -> dict[str, Any]:
    return {
        **plain_rows(conn, "accepted", _ACCEPTED, accepted),
        **plain_rows(conn, "handed", custody.HANDED, wanted),
        "of_worker": desk.worker_id, "on_channel": desk.channel, "adapter": desk.adapter,
        "sent_at": sent_at,
    }  # fmt: skip


def _parted(rows: Sequence[Any]) -> tuple[set[int], set[int]]:
    """Of ids, each with whether it is handed over, those that moved and those that may go."""
    return {id_ for id_, hands in rows if not hands}, {id_ for id_, hands in rows if hands}


@cache
def _postgres_exchange(dialect: Dialect) -> Driven:
    return Driven.compile(_exchanging(), dialect)


@cache
def _exchange() -> Prepared:
    return Prepared.compile("outreach_exchange", _exchanging())


@cache
def _lock() -> Prepared:
    return Prepared.compile("outreach_hand_over", text(HAND_OVER_LOCK))


def _exchanging() -> CompoundSelect[Any]:
    v = row_source("postgresql", "accepted", _ACCEPTED)
    settled = _settling(v.c).cte("settled")
    handed = custody.handing("postgresql").cte("handing")
    worker, channel = _worker_and_channel()
    attempt = select(
        v.c.id, v.c.fence, channel, bindparam("adapter", type_=t.adapter.type), worker, v.c.at,
        _word(Answer.ACCEPTED), _word(Fault.NONE), v.c.stage, v.c.code, v.c.detail, v.c.provider_id,
    ).join_from(v, settled, settled.c.id == v.c.id)  # fmt: skip
    attempted = insert(tables.attempts).from_select(attempts.COLUMNS, attempt).cte("attempted")
    count = select(
        settled.c.run_id, channel, worker, _word(Fault.NONE), _word(""), func.count(), null()
    ).group_by(settled.c.run_id)
    counted = run_answers.adding("postgresql", count).cte("counted")
    both = union_all(select(settled.c.id, false()), select(handed.c.id, true()))
    return both.add_cte(attempted, counted)


def _settle_on_sqlite(
    conn: Connection, desk: Desk, accepted: Sequence[Any], sent_at: datetime
) -> set[int]:
    given = plain_rows(conn, "accepted", _ACCEPTED, accepted)
    [at] = bound(conn, d.sent_at, [sent_at])
    found = _sqlite_settling(conn.dialect).rows(conn, {**given, "sent_at": at})
    runs = {row.id: row.run_id for row in found}
    who, constants = (desk.channel, desk.adapter, desk.worker_id), (Answer.ACCEPTED, Fault.NONE)
    rows = [
        (id_, fence, *who, at, *constants, *words)
        for id_, fence, at, *words in accepted
        if id_ in runs
    ]
    insert_rows(conn, tables.attempts, attempts.COLUMNS, rows)
    finals = [Final(run_id, Fault.NONE) for run_id in runs.values()]
    run_answers.count(conn, desk.worker_id, desk.channel, finals)
    return set(runs)


@cache
def _sqlite_settling(dialect: Dialect) -> Driven:
    return Driven.compile(_settling(row_source("sqlite", "accepted", _ACCEPTED).c), dialect)


@cache
def _sqlite_handing(dialect: Dialect) -> Driven:
    return Driven.compile(custody.handing("sqlite"), dialect)


def _settling(v: Any) -> ReturningUpdate[int, int]:
    """As `custody.settle` with State.SENT; a test holds the two equal."""
    return (
        update(tables.deliveries)
        .where(
            d.id == v.id,
            d.fence == v.fence,
            or_(d.state.in_([_word(State.HANDING), _word(State.UNKNOWN)]), d.ready),
        )
        .values(
            state=State.SENT.value,
            ready=False,
            firm=True,
            slot_at=case((d.ready, d.claimed_at), else_=d.slot_at),
            reason=null(),
            retry_at=null(),
            sent_at=bindparam("sent_at", type_=d.sent_at.type),
            settled_at=v.at,
            provider_id=v.provider_id,
            worker_id=null(),
        )
        .returning(d.id, d.run_id)
    )


def _worker_and_channel() -> tuple[Any, Any]:
    worker = bindparam("of_worker", type_=t.worker_id.type)
    return worker, bindparam("on_channel", type_=t.channel.type)


def _word(word: str) -> Any:
    """A constant in the statement's own text."""
    return literal_column(f"'{word}'", t.answer.type)
