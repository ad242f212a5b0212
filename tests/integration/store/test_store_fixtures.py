"""The ground the other tests stand on."""

import pytest
import redis
from makers import NOW, grant, make_customer, make_delivery, make_event, withdraw
from sqlalchemy import Engine, func, select

from outreach.store import tables
from outreach.store.engine import reading, writing


@pytest.mark.parametrize("number", [1, 2])
def test_every_test_has_an_empty_database_of_its_own(engine: Engine, number: int) -> None:
    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.customers)).scalar() == 0

    with writing(engine) as conn:
        make_customer(conn, f"c{number}")


def test_made_rows_are_read_back_alike(engine: Engine) -> None:
    with writing(engine) as conn:
        customer = make_customer(
            conn, email="ada@example.com", timezone="Asia/Shanghai", country="CN"
        )
        grant(conn, customer)
        withdraw(conn, customer)
        make_event(conn, customer)
        for state in ("due", "held", "skipped", "claimed", "sent", "bounced", "failed"):
            make_delivery(conn, customer, state)

    with reading(engine) as conn:
        rows = conn.execute(select(tables.deliveries.c.state, tables.deliveries.c.slot_at)).all()
        states = conn.execute(select(tables.consent_states.c.state)).scalars().all()
    assert {row.state for row in rows if row.slot_at == NOW} == {"due", "held", "claimed", "sent"}
    assert states == ["withdrawn"]


def test_the_broker_speaks_the_redis_protocol(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("a", "b")

        assert client.get("a") == b"b"
