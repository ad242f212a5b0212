"""Tasks as rows: given out with the answer that settles their deliveries, listed, closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    func,
    literal,
    or_,
    select,
    update,
)

from outreach.channels.adapter import Task
from outreach.store import dialect
from outreach.store.tables import campaigns, customers, deliveries, tasks
from outreach.vocabulary import TASKS_AHEAD, TaskCause, TaskKind, TaskState

t, c, d = tasks.c, customers.c, deliveries.c


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with whom and what it is about; instants are aware UTC."""

    id: int
    owner: str
    customer_id: int
    customer: str  # the customer's key
    campaign: str | None  # None: an event gave it out
    run: int | None
    kind: TaskKind
    title: str
    words: str
    state: TaskState
    given_at: datetime | None  # None: not yet
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    note: str | None
    cause: TaskCause
    happened_at: datetime | None  # when the event did
    escalated_to: str | None
    escalated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Touch:
    """Something that reached, or may have reached, a customer."""

    at: datetime
    channel: str
    topic: str
    state: str


def give_out(conn: Connection, given: Sequence[Task], now: datetime) -> None:
    """Write the tasks of deliveries down, each once, for whoever owns the customer now.

    A task is due when its message would have been late. Of a customer who was erased meanwhile
    there is none.
    """
    for one in given:
        row = (
            select(
                func.coalesce(c.merged_into, c.id), func.coalesce(c.owner, ""), d.id, d.campaign_id, d.run_id,
                *map(literal, (one.kind.value, one.title, one.words, TaskState.OPEN.value)),
                literal(now, t.given_at.type), d.late_at,
            )
            .join(customers, c.id == d.customer_id)
            .where(d.id == one.id, c.erased_at.is_(None))
        )  # fmt: skip
        names = (
            "customer_id", "owner", "delivery_id", "campaign_id", "run_id", "kind", "title",
            "words", "state", "given_at", "due_at",
        )  # fmt: skip
        insert = dialect.insert(conn, tasks).from_select(names, row)
        conn.execute(insert.on_conflict_do_nothing())


def listed(
    conn: Connection,
    state: TaskState,
    owner: str | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> list[StoredTask]:
    """Up to `limit` tasks of one state by when they are due; closed ones the latest first.

    `owner`: only of one, or escalated to them; `until`: only what is due before then.
    """
    wanted: list[ColumnElement[bool]] = [t.state == literal_state(state)]
    if owner is not None:
        wanted.append(or_(t.owner == owner, t.escalated_to == owner))
    if until is not None:
        wanted.append(t.due_at < until)
    if state in TASKS_AHEAD:
        order: list[ColumnElement[object]] = [t.due_at.asc(), t.id.asc()]
    else:
        order = [t.closed_at.desc(), t.id.desc()]
    rows = conn.execute(_all().where(*wanted).order_by(*order).limit(limit)).mappings()
    return [_stored(row) for row in rows]


def literal_state(state: TaskState) -> ColumnElement[str]:
    """A state as it is written in the statement, so that the index of open tasks is used."""
    return literal(state.value, literal_execute=True)


def task_with(conn: Connection, task_id: int) -> StoredTask | None:
    """One task; None where there is none of this id."""
    row = conn.execute(_all().where(t.id == task_id)).mappings().one_or_none()
    return None if row is None else _stored(row)


def close(
    conn: Connection, task_id: int, state: TaskState, note: str, by: str, now: datetime
) -> bool:
    """End a task; False: it is closed, and nothing was done. One caller alone gets True."""
    closing = (
        update(tasks)
        .where(t.id == task_id, t.state.in_(TASKS_AHEAD))
        .values(state=state.value, note=note or None, closed_by=by, closed_at=now)
    )
    return conn.execute(closing).rowcount == 1


def blank(conn: Connection, customer_id: int, by: str, now: datetime) -> None:
    """Drop a customer's tasks, and take out of all of them what is personal."""
    mine = update(tasks).where(t.customer_id == customer_id)
    dropped = {"state": TaskState.DROPPED.value, "closed_at": now, "closed_by": by}
    conn.execute(mine.where(t.state.in_(TASKS_AHEAD)).values(dropped))
    conn.execute(mine.values(title=by, words="", note=None))


def tasks_about(conn: Connection, customer_id: int) -> list[dict[str, object]]:
    """What is to be done about a customer, by when it is due: promises that are not due yet too."""
    query = select(t.id.label("task"), t.due_at, t.kind, t.title, t.owner, t.state)
    ahead = query.where(t.customer_id == customer_id, t.state.in_(TASKS_AHEAD))
    return [dict(row) for row in conn.execute(ahead.order_by(t.due_at, t.id)).mappings()]


def counts(conn: Connection) -> dict[tuple[TaskState, str], int]:
    """How many tasks that are not closed there are, by state and owner."""
    query = select(t.state, t.owner, func.count()).where(t.state.in_(TASKS_AHEAD))
    return {
        (TaskState(state), owner): number
        for state, owner, number in conn.execute(query.group_by(t.state, t.owner))
    }


def last_touches(conn: Connection, ids: Sequence[int], most: int) -> dict[int, list[Touch]]:
    """By customer up to `most` touches, the latest first."""
    latest = func.row_number().over(partition_by=d.customer_id, order_by=d.slot_at.desc())
    rows = (
        select(d.customer_id, d.slot_at, d.channel, d.topic, d.state, latest.label("number"))
        .where(dialect.is_any_of(conn, d.customer_id, ids), d.slot_at.is_not(None), d.firm)
        .subquery()
    )
    few = select(rows).where(rows.c.number <= most)
    found: dict[int, list[Touch]] = {}
    for row in conn.execute(few.order_by(rows.c.customer_id, rows.c.number)):
        touch = Touch(row.slot_at, row.channel, row.topic, row.state)
        found.setdefault(row.customer_id, []).append(touch)
    return found


def _all() -> Select[tuple[object, ...]]:
    names = (
        "id", "owner", "customer_id", "kind", "title", "words", "state", "given_at", "due_at",
        "closed_at", "closed_by", "note", "cause", "happened_at", "escalated_to", "escalated_at",
    )  # fmt: skip
    return (
        select(
            *(t[name] for name in names),
            t.run_id.label("run"),
            c.key.label("customer"),
            campaigns.c.name.label("campaign"),
        )
        .join(customers, c.id == t.customer_id)
        .outerjoin(campaigns, campaigns.c.id == t.campaign_id)
    )


def _stored(row: RowMapping) -> StoredTask:
    kinds = {"kind": TaskKind, "state": TaskState, "cause": TaskCause}
    return StoredTask(**{**row, **{name: kind(row[name]) for name, kind in kinds.items()}})
