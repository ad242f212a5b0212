"""What each fact about a customer means, as SQL: for many customers, or as of any instant.

`facts_select` gives what is kept on `customers`; `fact_columns_as_of` asks the events
again, for an instant before the one that the kept facts are of.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.sql import ColumnElement, FromClause

from outreach.store.dialect import microseconds_between
from outreach.store.spelling import latest
from outreach.store.tables import customers, deliveries, events, stage_changes
from outreach.store.types import Instant, Money

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
KINDS = tuple(sorted({ORDER, REFUND, *HEARD, *ENGAGED}))  # the events that facts are made from


def facts_select(now: datetime, which: ColumnElement[bool]) -> Select[Any]:
    """`customer_id` and every stored fact of the customers that `which` picks, by their events ≤ now.

    `which` is about `customers`, for example `customers.c.id.between(1, 20_000)`; each of
    them has a row, without any event too. One pass over their events.
    """
    seen = and_(
        events.c.customer_id == customers.c.id, events.c.kind.in_(KINDS), events.c.at <= now
    )
    return (
        select(customers.c.id.label("customer_id"), *_facts(events))
        .select_from(customers.outerjoin(events, seen))
        .where(which)
        .group_by(customers.c.id)
    )


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
    query = select(_facts(seen)[STORED_FACTS.index(name)]).where(
        seen.c.customer_id == customer_id, seen.c.kind.in_(KINDS), seen.c.at <= moment(now)
    )
    return query.correlate_except(seen).scalar_subquery()


def last_contact(
    customer_id: ColumnElement[int], last_heard_at: ColumnElement[Any], now: Moment
) -> ColumnElement[datetime]:
    """The later of `last_heard_at` and the last touch up to `now`; null when there is neither."""
    return latest(last_heard_at, last_touch(customer_id, now))


def last_touch(customer_id: ColumnElement[int], now: Moment) -> ColumnElement[datetime]:
    """The instant of the customer's last touch up to `now`, it included; null when there is none."""
    touch = deliveries.alias()
    query = select(func.max(touch.c.slot_at, type_=Instant())).where(
        touch.c.customer_id == customer_id, touch.c.firm, touch.c.slot_at <= moment(now)
    )
    return query.correlate_except(touch).scalar_subquery()


def stage_as_of(customer_id: ColumnElement[int], now: Moment) -> ColumnElement[str]:
    """The stage that the last move up to `now` led to; null before the first."""
    return _last_move("to_stage", customer_id, now)


def stage_since_as_of(customer_id: ColumnElement[int], now: Moment) -> ColumnElement[datetime]:
    """The instant of the last move up to `now`; null before the first."""
    return _last_move("at", customer_id, now)


def moment(now: Moment) -> ColumnElement[datetime]:
    """An instant as SQL, be it a column or a value."""
    return literal(now, Instant()) if isinstance(now, datetime) else now


def _last_move(column: str, customer_id: ColumnElement[int], now: Moment) -> ColumnElement[Any]:
    move = stage_changes.alias()
    query = (
        select(move.c[column])
        .where(move.c.customer_id == customer_id, move.c.model == "main", move.c.at <= moment(now))
        .order_by(move.c.at.desc(), move.c.id.desc())
        .limit(1)
    )
    return query.correlate_except(move).scalar_subquery()


def _facts(seen: Table | FromClause) -> list[ColumnElement[Any]]:
    """The stored facts, in the order of STORED_FACTS, as aggregates over event rows."""
    kind, at, amount = seen.c.kind, seen.c.at, type_coerce(seen.c.amount, BigInteger)
    is_order = kind == ORDER
    first, last = (made(case((is_order, at)), type_=Instant()) for made in (func.min, func.max))
    orders = func.count(case((is_order, seen.c.id)))
    signed = case((is_order, amount), (kind == REFUND, -amount))
    spend = type_coerce(cast(func.coalesce(func.sum(signed), 0), BigInteger), Money())
    gap = case((orders > 1, microseconds_between(first, last) // (orders - 1)))
    heard = func.max(case((kind.in_(HEARD), at)), type_=Instant())
    engaged = func.max(case((kind.in_(ENGAGED), at)), type_=Instant())
    facts = (cast(orders, Integer), spend, first, last, gap, heard, engaged)
    return [
        type_coerce(fact, fact.type).label(name)
        for name, fact in zip(STORED_FACTS, facts, strict=True)
    ]
