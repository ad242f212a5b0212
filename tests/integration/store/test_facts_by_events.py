"""Facts of a range of customers, and as of an instant, on each database."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from makers import NOW, make_customer, make_delivery, make_event
from sqlalchemy import Engine, insert, select

from outreach.store.engine import reading, writing
from outreach.store.facts import (
    STORED_FACTS,
    fact_columns_as_of,
    facts_select,
    last_contact,
    stage_as_of,
    stage_since_as_of,
)
from outreach.store.tables import customers, stage_changes

DAY = timedelta(days=1)


def facts(engine: Engine, customer: int, now: Any = NOW) -> dict[str, Any]:
    """The facts by either way, which must agree."""
    columns = fact_columns_as_of(customers.c.id, now)
    asked = select(*(columns[name].label(name) for name in STORED_FACTS))
    with reading(engine) as conn:
        found = conn.execute(facts_select(now, customers.c.id == customer)).one()._asdict()
        again = conn.execute(asked.where(customers.c.id == customer)).one()._asdict()
    assert found.pop("customer_id") == customer
    assert found == again
    return found


def test_facts_follow_from_orders_refunds_and_replies_up_to_now(engine: Engine) -> None:
    with writing(engine) as conn:
        customer = make_customer(conn)
        for days, amount in ((30, "10.5"), (20, None), (9, "0.0001"), (-1, "99")):
            make_event(conn, customer, at=NOW - days * DAY, amount=amount and Decimal(amount))
        make_event(conn, customer, "refund", NOW - 8 * DAY, amount=Decimal("0.5"))
        make_event(conn, customer, "visit", NOW - 7 * DAY)
        make_event(conn, customer, "click", NOW)

    assert facts(engine, customer) == {
        "orders": 3,
        "spend": Decimal("10.0001"),
        "first_order_at": NOW - 30 * DAY,
        "last_order_at": NOW - 9 * DAY,
        "typical_gap": int(10.5 * 86_400_000_000),
        "last_heard_at": NOW - 7 * DAY,
        "last_engaged_at": NOW,
    }


def test_a_customer_without_events_has_facts_too(engine: Engine) -> None:
    with writing(engine) as conn:
        customer = make_customer(conn)

    found = facts(engine, customer)

    assert (found.pop("orders"), found.pop("spend")) == (0, 0)
    assert set(found.values()) == {None}


def test_one_order_has_no_gap(engine: Engine) -> None:
    with writing(engine) as conn:
        customer = make_customer(conn)
        make_event(conn, customer)

    assert facts(engine, customer)["typical_gap"] is None


def test_a_range_of_customers_is_one_statement(engine: Engine) -> None:
    with writing(engine) as conn:
        ids = [make_customer(conn, f"c{number}") for number in range(5)]
        for number, customer in enumerate(ids):
            for _ in range(number):
                make_event(conn, customer)

    with reading(engine) as conn:
        which, among = customers.c.id.between(ids[1], ids[3]), range(ids[1], ids[3] + 1)
        found = conn.execute(facts_select(NOW, which)).all()
        assert sorted(conn.execute(facts_select(NOW, which, among)).all()) == sorted(found)

    assert sorted((row.customer_id, row.orders) for row in found) == [
        (ids[1], 1), (ids[2], 2), (ids[3], 3),
    ]  # fmt: skip


def test_last_contact_is_the_later_of_heard_and_touched(engine: Engine) -> None:
    with writing(engine) as conn:
        touched, heard, neither = (
            make_customer(conn, "t", last_heard_at=NOW - 5 * DAY),
            make_customer(conn, "h", last_heard_at=NOW - 2 * DAY),
            make_customer(conn, "n"),
        )
        make_delivery(conn, touched, at=NOW - 3 * DAY)
        make_delivery(conn, touched, at=NOW + DAY)
        make_delivery(conn, heard, at=NOW - 3 * DAY)
        make_delivery(conn, neither, "failed", at=NOW - DAY)
        make_delivery(conn, neither, "due", at=NOW - DAY)

    contact = last_contact(customers.c.id, customers.c.last_heard_at, NOW)
    with reading(engine) as conn:
        found = dict(conn.execute(select(customers.c.key, contact)).all())

    assert found == {"t": NOW - 3 * DAY, "h": NOW - 2 * DAY, "n": None}


def test_the_stage_of_an_earlier_instant_is_that_of_the_last_move_before_it(
    engine: Engine,
) -> None:
    with writing(engine) as conn:
        customer = make_customer(conn, stage="decline", stage_since=NOW)
        for days, stage in ((9, "potential"), (5, "growth"), (5, "maturity"), (0, "decline")):
            row = {"customer_id": customer, "to_stage": stage, "at": NOW - days * DAY}
            conn.execute(insert(stage_changes).values(model="main", **row))

    then = NOW - DAY
    asked = select(stage_as_of(customers.c.id, then), stage_since_as_of(customers.c.id, then))
    with reading(engine) as conn:
        found = conn.execute(asked.select_from(customers)).one()

    assert found == ("maturity", NOW - 5 * DAY)
