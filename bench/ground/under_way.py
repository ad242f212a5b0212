"""Customers on their way through a journey, put straight into the tables; and the bare work of a day."""

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Engine,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    select,
    text,
    true,
    update,
)

from bench.ground.filling import BATCH
from outreach.store.engine import begin_write, reading, writing
from outreach.store.spelling import shifted
from outreach.store.tables import campaigns, customers, deliveries, enrolments, events
from outreach.store.types import Instant
from outreach.vocabulary import Origin, State
from tests.makers import make_run

Columns = dict[Column[Any], ColumnElement[Any]]

ORDERS_EVERY = 100  # one customer in so many orders, and leaves
WAIT = timedelta(days=4)
_MINUTE = timedelta(minutes=1) // timedelta(microseconds=1)
# One cap, consent on two channels, no zones, no other rule: as in `raw.plan_seconds`.
_BY_HAND = (
    """
    UPDATE enrolments SET position = enrolments.position + 2, begun = false
    FROM deliveries d
    WHERE d.enrolment_id = enrolments.id AND d.sent_at IS NOT NULL AND enrolments.begun
      AND enrolments.next_at <= :now
    """,
    """
    INSERT INTO deliveries (run_id, run_at, campaign_id, step, customer_id, topic, priority, channel,
        address, state, reason, planned_at, due_at, slot_at, late_at, ready, enrolment_id)
    SELECT -1, :now, n.campaign_id, n.position, n.customer_id, 'greetings', 50,
        CASE WHEN e.state IS NOT NULL THEN 'email' ELSE 'sms' END,
        CASE WHEN e.state IS NOT NULL THEN c.email ELSE c.phone END,
        CASE WHEN (e.state IS NOT NULL OR s.state IS NOT NULL) AND n.seen < 2 THEN 'due'
             ELSE 'skipped' END, NULL, :now, :now, :now, :now,
        (e.state IS NOT NULL OR s.state IS NOT NULL) AND n.seen < 2, n.id
    FROM (SELECT n.*, (SELECT count(*) FROM deliveries d WHERE d.customer_id = n.customer_id
                       AND d.firm AND d.slot_at > :since) AS seen
          FROM enrolments n WHERE NOT n.begun AND n.next_at <= :now) AS n
    JOIN customers c ON c.id = n.customer_id
    LEFT JOIN consent_states e ON e.customer_id = c.id AND e.topic = 'greetings'
         AND e.channel = 'email' AND e.state = 'granted'
    LEFT JOIN consent_states s ON s.customer_id = c.id AND s.topic = 'greetings'
         AND s.channel = 'sms' AND s.state = 'granted'
    """,
    "UPDATE enrolments SET begun = true, next_at = :later WHERE NOT begun AND next_at <= :now",
)


def put_under_way(engine: Engine, rows: int, messages: int, now: datetime) -> None:
    """Everyone in the journey, a fifth before each message: their time comes in the day from `now`.

    They had the one before it four days earlier. In that day one in a hundred orders, too.
    """
    with writing(engine) as conn:
        c = campaigns.c
        active = select(c.id, c.revision_id).where(c.active_since.is_not(None))
        life = conn.execute(active).one()
        run_id = make_run(conn, "earlier", occurrence_at=now - WAIT, state="done")
    for first in range(0, rows, BATCH):
        some = customers.c.id.between(first + 1, first + BATCH)
        with writing(engine) as conn:
            for columns, of in (
                (_ways(life.id, life.revision_id, messages, now), some),
                (_orders(now), and_(some, customers.c.id % ORDERS_EVERY == 0)),
            ):
                table = next(iter(columns)).table
                conn.execute(
                    insert(table).from_select(list(columns), select(*columns.values()).where(of))
                )
            sent = _messages(run_id, messages, now)
            had = select(*sent.values()).join(
                enrolments, enrolments.c.customer_id == customers.c.id
            )
            had = had.where(some, enrolments.c.begun)
            conn.execute(insert(deliveries).from_select(list(sent), had))


def _comes_at(now: datetime) -> ColumnElement[datetime]:
    """A minute of the day for each customer."""
    return shifted(literal(now, Instant()), cast(customers.c.id % 1_440, BigInteger) * _MINUTE)


def _ways(campaign_id: int, revision_id: int, messages: int, now: datetime) -> Columns:
    e, id_ = enrolments.c, customers.c.id
    number = cast(id_ % messages, BigInteger)  # of the message that comes next
    return {
        e.campaign_id: literal(campaign_id),
        e.revision_id: literal(revision_id),
        e.customer_id: id_,
        e.origin: literal(Origin.EVENT.value),
        e.origin_id: -id_,
        e.entered_at: literal(now - timedelta(hours=1), Instant()),
        e.position: case((number == 0, 0), else_=2 * (number - 1)),
        e.begun: case((number == 0, false()), else_=true()),
        e.next_at: _comes_at(now),
    }


def _orders(now: datetime) -> Columns:
    event, at = events.c, _comes_at(now)
    return {
        event.customer_id: customers.c.id, event.kind: literal("order"), event.at: at,
        event.recorded_at: at,
    }  # fmt: skip


def _messages(run_id: int, messages: int, now: datetime) -> Columns:
    """The message before, gone out."""
    d, e = deliveries.c, enrolments.c
    at = shifted(e.next_at, -WAIT // timedelta(microseconds=1))
    step = case(*((e.position == 2 * number, f"m{number}") for number in range(messages)))
    return {
        d.run_id: literal(run_id), d.run_at: literal(now - WAIT, Instant()),
        d.campaign_id: e.campaign_id, d.step: step, d.customer_id: e.customer_id,
        d.topic: literal("greetings"), d.priority: literal(50), d.channel: literal("email"),
        d.state: literal(State.SENT.value), d.planned_at: at, d.due_at: at, d.late_at: at,
        d.slot_at: at, d.firm: true(), d.claimed_at: at, d.sent_at: at, d.settled_at: at,
        d.enrolment_id: e.id,
    }  # fmt: skip


def by_hand_seconds(engine: Engine, now: datetime) -> float:
    """Seconds that the same day takes in three statements with next to no rules; rolled back."""
    values = {"now": now, "since": now - timedelta(days=7), "later": now + WAIT}
    with engine.connect() as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        begun = time.perf_counter()
        for statement in _BY_HAND:
            names = [name for name in values if f":{name}" in statement]
            bound = [bindparam(name, values[name], Instant()) for name in names]
            conn.execute(text(statement).bindparams(*bound))
        seconds = time.perf_counter() - begun
        conn.rollback()
    return seconds


def answer_all(engine: Engine, at: datetime) -> None:
    """Every message that waits has gone out."""
    out = {
        "state": State.SENT.value, "ready": false(), "firm": true(), "sent_at": at,
        "claimed_at": at, "settled_at": at, "slot_at": at,
    }  # fmt: skip
    with engine.connect() as conn, begin_write(conn):
        conn.execute(update(deliveries).where(deliveries.c.ready).values(out))


def check_planned(engine: Engine, rows: int, since: datetime) -> None:
    """Everyone who has not left has the message that they had come to; RuntimeError otherwise."""
    with reading(engine) as conn:
        own = and_(deliveries.c.enrolment_id.is_not(None), deliveries.c.planned_at >= since)
        found = conn.execute(select(func.count()).where(own)).scalar_one()
    _require(found, rows - rows // ORDERS_EVERY, "messages")


def check_moved(engine: Engine, rows: int, messages: int) -> None:
    """Who had the last message, or has ordered, is at the end; RuntimeError otherwise."""
    left = set(range(ORDERS_EVERY, rows + 1, ORDERS_EVERY))
    over = left | set(range(messages - 1, rows + 1, messages))
    with reading(engine) as conn:
        ended = enrolments.c.ended_at.is_not(None)
        found = conn.execute(select(func.count()).where(ended)).scalar_one()
    _require(found, len(over), "journeys that have come to their end")


def _require(found: int, wanted: int, what: str) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} {what}, not {wanted}")
