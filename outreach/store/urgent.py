"""Urgent tasks, which come from events and floors: given out up to a cap, escalated, how they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Subquery,
    Text,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from outreach.store import dialect
from outreach.store.tables import customers, tasks
from outreach.store.tasks import literal_state
from outreach.store.types import BigId
from outreach.vocabulary import TaskCause, TaskState

NOBODY = ""  # the owner of tasks of customers without a known one
t, c = tasks.c, customers.c
_OPEN, _WAITING = literal_state(TaskState.OPEN), literal_state(TaskState.WAITING)
_GIVEN = or_(t.state == _OPEN, t.state == _WAITING)
_URGENT = t.cause != TaskCause.CAMPAIGN.value


@dataclass(frozen=True, slots=True)
class Staff:
    """Who takes tasks: the owners there are, and who does where a customer has none of these."""

    names: tuple[str, ...]
    fallback: str = NOBODY

    def of(self, owner: str | None) -> str:
        """Whose the tasks of a customer with this owner are."""
        return owner if owner in self.names and owner is not None else self.fallback


@dataclass(frozen=True, slots=True)
class Caps:
    """How many urgent tasks are open at once, about a customer and for an owner."""

    per_customer: int
    per_owner: int


Found = tuple[int, int, str]  # task, customer, owner
Columns = list[tuple[str, TypeEngine[Any]]]


_IS_ANY = select(t.id).where(or_(t.state == _WAITING, and_(t.state == _OPEN, _URGENT))).limit(1)


def is_any(conn: Connection) -> bool:
    """Whether there is an urgent task that waits or is given out: asked at each tick."""
    return conn.execute(_IS_ANY).first() is not None


def to_give(conn: Connection, caps: Caps, limit: int) -> list[Found]:
    """Up to `limit` tasks that wait and may be given out now: those that are due first.

    What is escalated takes no place: it is with two people. What is nobody's is only counted by
    customer.
    """
    by_customer, by_owner = _taken(t.customer_id), _taken(t.owner)
    taken = func.coalesce(by_owner.c.number, 0)
    of_customer = _number(t.customer_id, t.due_at, t.id) + func.coalesce(by_customer.c.number, 0)
    first = (
        select(
            t.id, t.customer_id, t.owner, t.due_at, taken.label("taken"),
            of_customer.label("of_customer"),
        )
        .outerjoin(by_owner, by_owner.c.whose == t.owner)
        .outerjoin(by_customer, by_customer.c.whose == t.customer_id)
        .where(t.state == _WAITING, or_(taken < caps.per_owner, t.owner == NOBODY))
        .subquery()
    )  # fmt: skip
    of_owner = _number(first.c.owner, first.c.due_at, first.c.id) + first.c.taken
    second = (
        select(first, of_owner.label("of_owner"))
        .where(first.c.of_customer <= caps.per_customer)
        .subquery()
    )
    has_place = or_(second.c.of_owner <= caps.per_owner, second.c.owner == NOBODY)
    query = select(second.c.id, second.c.customer_id, second.c.owner).where(has_place)
    return _found(conn, query.order_by(second.c.id).limit(limit))


def give(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Give tasks out that wait."""
    those = (dialect.is_any_of(conn, t.id, ids), t.closed_at.is_(None))
    conn.execute(update(tasks).where(*those).values(state=TaskState.OPEN, given_at=now))


def to_adopt(conn: Connection, staff: Staff, limit: int) -> list[Found]:
    """Up to `limit` tasks that are nobody's, and whose customer belongs to somebody by now."""
    known = dialect.is_any_of(conn, c.owner, staff.names)
    owner = case((known, c.owner), else_=literal(staff.fallback, Text()))
    query = select(t.id, t.customer_id, owner.label("owner")).join(customers, c.id == t.customer_id)
    nobodys = query.where(_GIVEN, _URGENT, t.owner == NOBODY, owner != NOBODY)
    return _found(conn, nobodys.order_by(t.id).limit(limit))


def adopt(conn: Connection, adopted: Sequence[Found]) -> None:
    """Let tasks be somebody's, and wait to be given out within that owner's cap."""
    columns: Columns = [("id", BigId), ("owner", Text())]
    to = dialect.rows_from(conn, "adopted", columns, [(id_, owner) for id_, _, owner in adopted])
    values = {"owner": to.c.owner, "state": TaskState.WAITING, "given_at": None}
    conn.execute(update(tasks).where(t.id == to.c.id, t.closed_at.is_(None)).values(values))


def to_escalate(
    conn: Connection, due_before: datetime, alone: Sequence[str], limit: int
) -> list[Found]:
    """Up to `limit` tasks that were due by an instant and nobody else was told of.

    `alone` are owners who have nobody above them.
    """
    query = select(t.id, t.customer_id, t.owner).where(
        _GIVEN, _URGENT, t.escalated_to.is_(None), t.due_at <= due_before,
        ~dialect.is_any_of(conn, t.owner, alone),
    )  # fmt: skip
    return _found(conn, query.order_by(t.due_at, t.id).limit(limit))


def escalate(conn: Connection, told: Sequence[tuple[int, str]], now: datetime) -> None:
    """Tell somebody of each task, who may close it too; what waited is given out with it."""
    columns: Columns = [("id", BigId), ("boss", Text())]
    to = dialect.rows_from(conn, "told", columns, told)
    values = {
        "state": TaskState.OPEN, "escalated_to": to.c.boss, "escalated_at": now,
        "given_at": func.coalesce(t.given_at, literal(now, t.given_at.type)),
    }  # fmt: skip
    conn.execute(update(tasks).where(t.id == to.c.id, t.closed_at.is_(None)).values(values))


def _taken(whose: ColumnElement[object]) -> Subquery:
    """How many places are taken, by customer or by owner."""
    of = (t.state == _OPEN, _URGENT, t.escalated_to.is_(None))
    count = func.count().label("number")
    return select(whose.label("whose"), count).where(*of).group_by(whose).subquery()


def _number(
    of: ColumnElement[object], due_at: ColumnElement[datetime], id_: ColumnElement[int]
) -> ColumnElement[int]:
    return func.row_number(type_=BigInteger()).over(partition_by=of, order_by=(due_at, id_))


def _found(conn: Connection, query: Executable) -> list[Found]:
    return [(row.id, row.customer_id, row.owner) for row in conn.execute(query)]
