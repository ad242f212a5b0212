"""Promises and answers that are owed, as rows: events to be looked at, and what becomes of tasks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Text,
    bindparam,
    delete,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from outreach.store import dialect
from outreach.store.events import Event, add_events
from outreach.store.tables import customers, event_ids, events, pending_events, tasks
from outreach.store.tasks import literal_state
from outreach.store.types import BigId
from outreach.store.urgent import Staff
from outreach.vocabulary import (
    ANSWERS,
    PROMISE_KEPT,
    PROMISE_MISSED,
    TASKS_AHEAD,
    TaskCause,
    TaskKind,
    TaskState,
)

MISSED_ID = "outreach:missed:"  # and the id of the promise's event: it is missed once
RETRACTED = "event retracted"
p, e, i, t, c = pending_events.c, events.c, event_ids.c, tasks.c, customers.c


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that may give out a task, or end one; `due_at` is of a promise."""

    event_id: int
    customer_id: int
    kind: str
    at: datetime
    recorded_at: datetime
    due_at: datetime | None
    data: dict[str, Any]
    owner: str | None  # of the customer
    is_erased: bool
    rules_id: int | None  # the company's rules when it came


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task that an event gives out."""

    event_id: int
    customer_id: int
    owner: str
    cause: TaskCause
    kind: TaskKind
    title: str
    words: str
    state: TaskState
    happened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the task of an event stands; `answered_by` is an event that answers its own."""

    id: int
    customer_id: int
    event_id: int
    cause: TaskCause
    state: TaskState
    due_at: datetime
    settled_by: int | None
    answered_by: int | None


@dataclass(frozen=True, slots=True)
class Missed:
    """A promise that was not kept in time, with its task."""

    id: int
    customer_id: int
    event_id: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AboutPromise:
    """An event `promise`, or one `promise_kept` with what its data says."""

    event_id: int
    customer_id: int
    is_kept: bool
    at: datetime
    names: str  # the id of the promise's event as its sender gave it; "" where none is named
    task_id: int | None  # it was kept by closing this task


_IS_ANY = select(p.event_id).where(p.at <= bindparam("now", type_=p.at.type)).limit(1)


def is_any_pending(conn: Connection, now: datetime) -> bool:
    """Whether there is an event that nobody has looked at, not dated after `now`: asked at each tick."""
    return conn.execute(_IS_ANY, {"now": now}).first() is not None


def pending(conn: Connection, now: datetime, limit: int) -> list[Pending]:
    """Up to `limit` events that nobody has looked at, the first to come first; none after `now`."""
    query = (
        select(
            p.event_id, e.customer_id, e.kind, e.at, e.recorded_at, p.due_at, e.data, c.owner,
            c.erased_at.is_not(None).label("is_erased"), p.rules_id,
        )
        .join(events, e.id == p.event_id)
        .join(customers, c.id == e.customer_id)
        .where(p.at <= now)
        .order_by(p.event_id)
        .limit(limit)
    )  # fmt: skip
    found = conn.execute(query).mappings()
    return [Pending(**{**row, "data": row["data"] or {}}) for row in found]


def looked_at(conn: Connection, event_ids: Sequence[int]) -> None:
    """Nobody needs to look at these events any more."""
    conn.execute(delete(pending_events).where(dialect.is_any_of(conn, p.event_id, event_ids)))


def look_again(conn: Connection, customer_ids: Sequence[int]) -> None:
    """Let somebody look once more at whatever these customers are owed, or were."""
    states = (*TASKS_AHEAD, TaskState.SETTLED)
    theirs = dialect.is_any_of(conn, t.customer_id, customer_ids)
    asked = select(t.event_id, t.happened_at).where(
        theirs, t.event_id.is_not(None), t.state.in_(states)
    )
    insert = dialect.insert(conn, pending_events).from_select(("event_id", "at"), asked)
    conn.execute(insert.on_conflict_do_nothing())


def add_tasks(conn: Connection, new: Sequence[NewTask]) -> None:
    """Write the tasks down, each event's once."""
    if new:
        rows = [{name: getattr(each, name) for name in NewTask.__slots__} for each in new]
        conn.execute(dialect.insert(conn, tasks).on_conflict_do_nothing(), rows)


def standing(conn: Connection, customer_ids: Sequence[int], now: datetime) -> list[Standing]:
    """Every task that an event of these customers gave out."""
    names = ("id", "customer_id", "event_id", "cause", "state", "due_at", "settled_by")
    query = select(*(t[name] for name in names), _answer(now).label("answered_by")).where(
        dialect.is_any_of(conn, t.customer_id, customer_ids), t.event_id.is_not(None)
    )
    return [
        Standing(**{**row, "cause": TaskCause(row["cause"]), "state": TaskState(row["state"])})
        for row in conn.execute(query.order_by(t.id)).mappings()
    ]


def _answer(now: datetime) -> ScalarSelect[Any]:
    """The first event that answers a task's own: of its customer, not before it."""
    first = select(e.id).where(
        e.customer_id == t.customer_id, e.kind.in_(ANSWERS), e.at >= t.happened_at, e.at <= now
    )
    return first.order_by(e.at, e.id).limit(1).correlate(tasks).scalar_subquery()


def about_promises(
    conn: Connection, customer_ids: Sequence[int], now: datetime
) -> list[AboutPromise]:
    """What was promised to these customers, and what was kept, up to `now`."""
    kinds = (TaskCause.PROMISE.value, PROMISE_KEPT)
    query = select(e.id, e.customer_id, e.kind, e.at, e.data).where(
        dialect.is_any_of(conn, e.customer_id, customer_ids), e.kind.in_(kinds), e.at <= now
    )
    found = []
    for row in conn.execute(query):
        data = row.data or {}
        names, task = str(data.get("promise") or ""), data.get("task")
        task_id = task if isinstance(task, int) else None
        is_kept = row.kind == PROMISE_KEPT
        found.append(AboutPromise(row.id, row.customer_id, is_kept, row.at, names, task_id))
    return found


def events_called(conn: Connection, names: Collection[str]) -> dict[str, int]:
    """The events of these ids, as their senders gave them."""
    query = select(i.external_id, i.event_id)
    found = conn.execute(query.where(dialect.is_any_of(conn, i.external_id, sorted(names))))
    return {row.external_id: row.event_id for row in found}


def settle(conn: Connection, settled: Sequence[tuple[int, int]], now: datetime) -> None:
    """End tasks, each by the event that made it needless: pairs of task and event."""
    if not settled:
        return
    columns = [("id", BigId), ("event_id", BigId)]
    by = dialect.rows_from(conn, "settled", columns, settled)
    kind = select(literal("event ") + e.kind).where(e.id == by.c.event_id).scalar_subquery()
    ended = {"state": TaskState.SETTLED, "settled_by": by.c.event_id, "closed_at": now}
    conn.execute(update(tasks).where(t.id == by.c.id).values(**ended, closed_by=kind))


def reopen(conn: Connection, task_ids: Sequence[int], state: TaskState) -> None:
    """Let tasks be needed again that were settled: what settled them is gone."""
    if task_ids:
        anew = dict.fromkeys(("settled_by", "closed_at", "closed_by", "given_at"))
        those = dialect.is_any_of(conn, t.id, task_ids)
        conn.execute(update(tasks).where(those).values(state=state, **anew))


def say_missed(conn: Connection, missed: Sequence[Missed], now: datetime) -> list[int]:
    """Write an event for each promise that was missed, unless there is one; the customers'."""
    said = [
        Event(
            each.customer_id, PROMISE_MISSED, each.due_at, None, f"{MISSED_ID}{each.event_id}",
            {"task": each.id},
        )
        for each in missed
    ]  # fmt: skip
    return sorted({event.customer_id for event in add_events(conn, said, now)})


def miss(conn: Connection, staff: Staff, now: datetime, limit: int) -> list[int]:
    """Let up to `limit` promises be missed that were due by `now`: events of theirs say so.

    The customers'. Each becomes a task that waits to be given out to whoever has the customer now.
    """
    query = select(t.id, t.event_id, t.customer_id, t.due_at, c.owner)
    due = query.join(customers, c.id == t.customer_id).where(*_are_due(now))
    found = conn.execute(due.order_by(t.due_at, t.id).limit(limit)).all()
    dialect.lock_customers(conn, sorted({row.customer_id for row in found}))
    columns: list[tuple[str, TypeEngine[Any]]] = [("id", BigId), ("owner", Text())]
    rows = [(row.id, staff.of(row.owner)) for row in found]
    of = dialect.rows_from(conn, "missed", columns, rows)
    waits = update(tasks).where(t.id == of.c.id, t.closed_at.is_(None))
    conn.execute(waits.values(state=TaskState.WAITING, owner=of.c.owner))
    missed = [Missed(row.id, row.customer_id, row.event_id, row.due_at) for row in found]
    return say_missed(conn, missed, now)


def are_missed(conn: Connection, now: datetime) -> bool:
    """Whether a promise is due by `now`."""
    return conn.execute(select(t.id).where(*_are_due(now)).limit(1)).first() is not None


def _are_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return t.state == literal_state(TaskState.PROMISED), t.due_at <= now


def not_missed(conn: Connection, promises: Sequence[int]) -> list[int]:
    """Take back that these promises were missed; the customers of whom that was said."""
    names = [f"{MISSED_ID}{event_id}" for event_id in promises]
    said = dialect.is_any_of(conn, e.id, list(events_called(conn, names).values()))
    gone = conn.execute(delete(events).where(said).returning(e.customer_id))
    theirs = sorted(set(gone.scalars()))
    if theirs:
        conn.execute(delete(event_ids).where(dialect.is_any_of(conn, i.external_id, names)))
    return theirs


def retracted(
    conn: Connection, gone: Sequence[int], customer_ids: Sequence[int], actor: str, now: datetime
) -> None:
    """Drop the tasks of events that were taken out; what these had settled is looked at again."""
    not_missed(conn, gone)
    looked_at(conn, gone)
    theirs = update(tasks).where(dialect.is_any_of(conn, t.event_id, gone))
    dropped = {"state": TaskState.DROPPED, "closed_at": now, "closed_by": actor, "note": RETRACTED}
    conn.execute(theirs.where(t.state.in_(TASKS_AHEAD)).values(dropped))
    conn.execute(theirs.values(event_id=null()))  # SQLite may give its number to another event
    look_again(conn, customer_ids)
