"""What each fact about a customer means, as SQL: for many customers, or as of any instant.

`facts_select` gives what is kept on `customers`; `fact_columns_as_of` asks the events
again, for an instant before the one that the kept facts are of.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Select,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql import ColumnElement, FromClause

from outreach.store.spelling import latest, microseconds_between
from outreach.store.stages import MAIN
from outreach.store.tables import (
    consent_states,
    customer_stages,
    customers,
    deliveries,
    events,
    stage_changes,
)
from outreach.store.types import Instant, Money
from outreach.vocabulary import OF_TASKS, ConsentState

Moment = ColumnElement[datetime] | datetime
STORED_FACTS = (
    "orders",
    "spend",
    "first_order_at",
    "last_order_at",
    "typical_gap",
    "last_heard_at",
    "last_engaged_at",
)
ORDER, REFUND = "order", "refund"
HEARD = ("reply", "call", "visit", "complaint")
ENGAGED = ("reply", "click", "order")
_KINDS = {  # the events that each fact is made from
    "orders": (ORDER,),
    "spend": (ORDER, REFUND),
    "first_order_at": (ORDER,),
    "last_order_at": (ORDER,),
    "last_heard_at": HEARD,
    "last_engaged_at": ENGAGED,
}
EVENT_KINDS = OF_TASKS.union(*_KINDS.values())  # those that mean something here


def facts_select(
    now: datetime, which: ColumnElement[bool], among: Sequence[Any] | None = None
) -> Select[Any]:
    """`customer_id` and every stored fact of the customers that `which` picks, by their events ≤ now.

    `which` is about `customers`, for example `customers.c.id.between(1, 20_000)`; each of
    them has a row, without any event too. `among`: no id is outside of it; PostgreSQL then reads
    the events of that range alone, which it does not conclude. One pass over their events: 5 µs a
    customer with three (SQLite), 7 µs (PostgreSQL).
    """
    # Every kind of event, since a look-up of each kind apart costs more than passing others by.
    theirs = in_range(events.c.customer_id, among)
    seen = and_(events.c.customer_id == customers.c.id, events.c.at <= now, theirs)
    found = (
        select(customers.c.id.label("customer_id"), *_aggregates(events).values())
        .select_from(customers.outerjoin(events, seen))
        .where(which)
        .group_by(customers.c.id)
        .subquery()
    )
    facts = [
        _typical_gap(found) if name == "typical_gap" else found.c[name] for name in STORED_FACTS
    ]
    return select(found.c.customer_id, *facts)


def heard_of(conn: Connection, after: datetime, until: datetime) -> list[int]:
    """Customers with events in (after, until], of whom alone facts change meanwhile, by id."""
    theirs = select(events.c.customer_id).where(events.c.at > after, events.c.at <= until)
    return sorted(conn.execute(theirs.distinct()).scalars())


def in_range(id_: ColumnElement[int], among: Sequence[Any] | None) -> ColumnElement[bool]:
    """Whether an id is one of a range, by its first and its last; of any where there is none."""
    return true() if among is None else id_.between(among[0], among[-1])


def fact_columns_as_of(
    customer_id: ColumnElement[int], now: Moment
) -> dict[str, ColumnElement[Any]]:
    """Every stored fact as of `now`, each as `fact_column_as_of`."""
    return {name: fact_column_as_of(name, customer_id, now) for name in STORED_FACTS}


def fact_column_as_of(
    name: str, customer_id: ColumnElement[int], now: Moment
) -> ColumnElement[Any]:
    """A stored fact as a scalar sub-query over one customer's events up to `now`, it included."""
    seen = events.alias()
    own = and_(seen.c.customer_id == customer_id, seen.c.at <= moment(now))
    if name == "typical_gap":
        found = select(*_aggregates(seen).values()).where(own).correlate_except(seen).subquery()
        return select(_typical_gap(found)).scalar_subquery()
    kinds = _made_from(seen.c.kind, _KINDS[name])
    query = select(_aggregates(seen)[name]).where(own, kinds)
    return query.correlate_except(seen).scalar_subquery()


def last_contact(
    customer_id: ColumnElement[int],
    last_heard_at: ColumnElement[Any],
    now: Moment,
    but: ColumnElement[int] | None = None,
) -> ColumnElement[datetime]:
    """The later of `last_heard_at` and the last touch up to `now`; null when there is neither.

    `but`: the id of a delivery that does not count.
    """
    return latest(last_heard_at, _last_touch(customer_id, now, but))


def _last_touch(
    customer_id: ColumnElement[int], now: Moment, but: ColumnElement[int] | None
) -> ColumnElement[datetime]:
    touch = deliveries.alias()
    query = select(func.max(touch.c.slot_at, type_=Instant())).where(
        touch.c.customer_id == customer_id, touch.c.firm, touch.c.slot_at <= moment(now)
    )
    if but is not None:
        query = query.where(touch.c.id != but)
    return query.correlate_except(touch).scalar_subquery()


def stage_as_of(
    customer_id: ColumnElement[int], now: Moment, model: str = MAIN
) -> ColumnElement[str]:
    """The stage that the last move up to `now` led to; null before the first."""
    return _last_move("to_stage", customer_id, now, model)


def stage_since_as_of(customer_id: ColumnElement[int], now: Moment) -> ColumnElement[datetime]:
    """The instant of the last move up to `now`; null before the first."""
    return _last_move("at", customer_id, now, MAIN)


def stage_in(customer_id: ColumnElement[int], model: str) -> ColumnElement[str]:
    """The stage in a further lifecycle as last refreshed; null where there is none."""
    stands = customer_stages.alias()
    query = select(stands.c.stage).where(
        stands.c.customer_id == customer_id, stands.c.model == model
    )
    return query.correlate_except(stands).scalar_subquery()


def opted_out(customer_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the customer's last word on any topic, on any channel, is a no, as consents stand now."""
    last = consent_states.alias()
    noes = select(last.c.customer_id).where(
        last.c.customer_id == customer_id, last.c.state == ConsentState.WITHDRAWN.value
    )
    return exists(noes.correlate_except(last))


def moment(now: Moment) -> ColumnElement[datetime]:
    """An instant as SQL, be it a column or a value."""
    return literal(now, Instant()) if isinstance(now, datetime) else now


def _last_move(
    column: str, customer_id: ColumnElement[int], now: Moment, model: str
) -> ColumnElement[Any]:
    move = stage_changes.alias()
    query = (
        select(move.c[column])
        .where(move.c.customer_id == customer_id, move.c.model == model, move.c.at <= moment(now))
        .order_by(move.c.at.desc(), move.c.id.desc())
        .limit(1)
    )
    return query.correlate_except(move).scalar_subquery()


def _aggregates(seen: Table | FromClause) -> dict[str, ColumnElement[Any]]:
    """The facts that are aggregates over event rows, by name."""
    at, amount = seen.c.at, type_coerce(seen.c.amount, BigInteger)
    order, refund, heard, engaged = (
        _made_from(seen.c.kind, kinds) for kinds in ((ORDER,), (REFUND,), HEARD, ENGAGED)
    )
    spend = func.coalesce(func.sum(case((order, amount), (refund, -amount))), 0)
    found: dict[str, ColumnElement[Any]] = {
        "orders": cast(func.count(case((order, seen.c.id))), Integer),
        "spend": type_coerce(cast(spend, BigInteger), Money()),
        "first_order_at": func.min(case((order, at)), type_=Instant()),
        "last_order_at": func.max(case((order, at)), type_=Instant()),
        "last_heard_at": func.max(case((heard, at)), type_=Instant()),
        "last_engaged_at": func.max(case((engaged, at)), type_=Instant()),
    }
    return {name: fact.label(name) for name, fact in found.items()}


def _made_from(kind: ColumnElement[str], kinds: tuple[str, ...]) -> ColumnElement[bool]:
    # Written out, not bound: SQLite then sees which aggregates are the same.
    return kind.in_([literal_column(f"'{one}'") for one in kinds])


def _typical_gap(found: FromClause) -> ColumnElement[int]:
    span = microseconds_between(found.c.first_order_at, found.c.last_order_at)
    gap = case((found.c.orders > 1, span // (found.c.orders - 1)))
    return gap.label("typical_gap")
