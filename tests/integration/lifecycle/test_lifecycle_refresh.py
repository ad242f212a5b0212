"""Facts and stages of customers, on both databases."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from makers import make_customer, make_event
from sqlalchemy import Engine, event, select, update

from outreach.ids import bucket
from outreach.lifecycle.load import load_lifecycle
from outreach.lifecycle.model import Lifecycle
from outreach.lifecycle.refresh import Refreshed, refresh
from outreach.settings.company import Brand, Company
from outreach.store import stages
from outreach.store.customers import WRITTEN_COLUMNS, insert_customers
from outreach.store.engine import reading, writing
from outreach.store.tables import customers, marks, stage_changes

COMPANY = Company(brand=Brand(name="Sample", timezone="Europe/Berlin"))


@pytest.fixture
def model() -> Lifecycle:
    found, problems = load_lifecycle(COMPANY, {})
    assert problems == []
    assert found is not None
    return found


def customer(engine: Engine, now: datetime, key: str, *days_ago: float, **columns: Any) -> int:
    """A customer with an order of 10 on each of these days."""
    with writing(engine) as conn:
        id_ = make_customer(conn, key, **columns)
        for days in days_ago:
            make_event(conn, id_, "order", now - timedelta(days=days), amount=Decimal(10))
        return id_


def stage_of(engine: Engine, id_: int) -> str | None:
    with reading(engine) as conn:
        return conn.execute(select(customers.c.stage).where(customers.c.id == id_)).scalar_one()


@pytest.mark.parametrize(
    ("days_ago", "stage"),
    [
        ((), "potential"),
        ((-1,), "potential"),  # ordered tomorrow: not seen yet
        ((10,), "development"),
        ((180,), "decline"),
        ((40, 10), "growth"),
        ((170, 100), "growth"),  # their own gap is long
        ((100, 90), "decline"),
        ((100, 70, 40, 10), "growth"),  # four orders, but a young customer
        ((400, 200, 100, 10), "maturity"),
        ((400, 390, 380, 364), "decline"),
        ((400, 390, 380, 365), "termination"),
    ],
)
def test_the_six_stages(
    engine: Engine, now: datetime, model: Lifecycle, days_ago: tuple[float, ...], stage: str
) -> None:
    id_ = customer(engine, now, "c1", *days_ago)

    refresh(engine, COMPANY, model, now)

    assert stage_of(engine, id_) == stage


def test_facts_are_stored_with_the_stage(engine: Engine, now: datetime, model: Lifecycle) -> None:
    id_ = customer(engine, now, "c1", 40, 10)
    with writing(engine) as conn:
        make_event(conn, id_, "refund", now, amount=Decimal("2.5"))

    refresh(engine, COMPANY, model, now)

    with reading(engine) as conn:
        row = conn.execute(select(customers).where(customers.c.id == id_)).one()
    assert (row.orders, row.spend, row.typical_gap) == (2, Decimal("17.5"), 30 * 86_400_000_000)
    assert (row.last_order_at, row.facts_at) == (now - timedelta(days=10), now)
    assert (row.stage, row.stage_since) == ("growth", now)


def test_a_second_refresh_writes_nothing(engine: Engine, now: datetime, model: Lifecycle) -> None:
    id_ = customer(engine, now, "c1", 40, 10)
    first = refresh(engine, COMPANY, model, now)

    again = refresh(engine, COMPANY, model, now + timedelta(hours=1))

    assert first == Refreshed({"growth": 1}, {(None, "growth"): 1})
    assert again == Refreshed({"growth": 1}, {})
    with reading(engine) as conn:
        assert conn.execute(select(customers.c.facts_at)).scalar_one() == now
        assert conn.execute(select(marks.c.at)).scalar_one() == now + timedelta(hours=1)
    assert stage_of(engine, id_) == "growth"


def test_moves_go_both_ways_and_keep_the_facts_of_their_time(
    engine: Engine, now: datetime, model: Lifecycle
) -> None:
    id_ = customer(engine, now, "c1", 40, 10)
    refresh(engine, COMPANY, model, now)
    later = now + timedelta(days=200)
    refresh(engine, COMPANY, model, later)
    with writing(engine) as conn:
        make_event(conn, id_, "order", later, amount=Decimal(1))

    refresh(engine, COMPANY, model, later)

    with reading(engine) as conn:
        rows = conn.execute(select(stage_changes).order_by(stage_changes.c.id)).all()
    assert [row.to_stage for row in rows] == ["growth", "decline", "growth"]
    assert [row.facts["spend"] for row in rows] == [200_000, 200_000, 210_000]
    assert rows[0].facts["last_order_at"] == "2026-06-23T09:00:00.000000Z"


def test_only_the_given_customers_are_refreshed(
    engine: Engine, now: datetime, model: Lifecycle
) -> None:
    one, other = customer(engine, now, "c1"), customer(engine, now, "c2")

    result = refresh(engine, COMPANY, model, now, [one])

    assert result == Refreshed({}, {(None, "potential"): 1})
    assert (stage_of(engine, one), stage_of(engine, other)) == ("potential", None)


def test_an_event_taken_back_lowers_the_facts(
    engine: Engine, now: datetime, model: Lifecycle
) -> None:
    id_ = customer(engine, now, "c1", 1)
    refresh(engine, COMPANY, model, now)

    refresh(engine, COMPANY, model, now - timedelta(days=2))

    with reading(engine) as conn:
        row = conn.execute(select(customers)).one()
    assert (row.orders, row.spend, row.last_order_at, row.stage) == (0, 0, None, "potential")
    assert row.id == id_


def test_the_erased_have_no_stage(engine: Engine, now: datetime, model: Lifecycle) -> None:
    id_ = customer(engine, now, "c1")
    with writing(engine) as conn:
        conn.execute(update(customers).values(erased_at=now))

    result = refresh(engine, COMPANY, model, now)

    assert result == Refreshed({}, {})
    assert stage_of(engine, id_) is None


def test_given_stages_stay_and_facts_are_refreshed(engine: Engine, now: datetime) -> None:
    id_ = customer(engine, now, "c1", 10, stage="vip")

    refresh(engine, COMPANY, None, now)

    assert stage_of(engine, id_) == "vip"
    with reading(engine) as conn:
        assert conn.execute(select(customers.c.orders)).scalar_one() == 1


def test_moves_are_counted_over_a_time(engine: Engine, now: datetime, model: Lifecycle) -> None:
    customer(engine, now, "c1", 40, 10)
    customer(engine, now, "c2", 40, 10)
    refresh(engine, COMPANY, model, now)
    later = now + timedelta(days=200)
    refresh(engine, COMPANY, model, later)

    with reading(engine) as conn:
        found = stages.moves(conn, now, later)

    assert found == {("growth", "decline"): 2}


def test_many_parts_make_one_refresh(engine: Engine, now: datetime, model: Lifecycle) -> None:
    first = customer(engine, now, "first", 10)
    with writing(engine) as conn:
        row = conn.execute(select(customers).where(customers.c.id == first)).one()._mapping
        keys = [f"c{n}" for n in range(2_000)]
        alike = {name: [row[name]] * len(keys) for name in WRITTEN_COLUMNS}
        insert_customers(conn, {**alike, "key": keys, "bucket": list(map(bucket, keys))})
    done: list[int] = []

    result = refresh(engine, COMPANY, model, now, progress=done.append)

    assert result.counts == {"development": 1, "potential": 2_000}
    assert done == [2_000, 2_001]


def test_a_part_of_everyone_reads_the_events_of_its_range_alone(
    engine: Engine, now: datetime, model: Lifecycle
) -> None:
    """PostgreSQL does not conclude it, and would read all events for each part."""
    first = customer(engine, now, "first", 10)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *each: asked.append(each[2]))

    refresh(engine, COMPANY, model, now)
    refresh(engine, COMPANY, model, now, [first])

    over_events = [statement for statement in asked if "JOIN events" in statement]
    ranged = ["events.customer_id BETWEEN" in one for one in over_events]
    assert ranged == [True, True, False]  # at first of nobody, so that it is compiled
