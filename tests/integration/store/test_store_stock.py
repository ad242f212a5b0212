"""The PostgreSQL databases that tests hand on: what one leaves, no other finds."""

from collections.abc import Iterator

import psycopg
import pytest
from makers import make_customer
from postgres_stock import Stock
from sqlalchemy import Engine, func, select

from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.tables import customers


@pytest.fixture
def handed_on(postgres_server: str, postgres_stock: Stock) -> Iterator[tuple[str, Engine]]:
    """A database that a test has used, and an engine on it."""
    name = postgres_stock.take()
    engine = make_engine(postgres_server.format(database=name))
    yield name, engine
    dispose(engine)


def test_what_is_handed_on_is_empty_and_counts_from_one(
    handed_on: tuple[str, Engine], postgres_stock: Stock
) -> None:
    name, engine = handed_on
    with writing(engine) as conn:
        first = make_customer(conn, "a")

    postgres_stock.give_back(name)

    assert postgres_stock.take() == name
    dispose(engine)
    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(customers)).scalar() == 0
    with writing(engine) as conn:
        assert make_customer(conn, "b") == first
    postgres_stock.give_back(name)


def test_whoever_is_still_connected_is_ended(
    handed_on: tuple[str, Engine], postgres_server: str, postgres_stock: Stock
) -> None:
    name, _ = handed_on
    plain = postgres_server.replace("+psycopg", "").format(database=name)
    with psycopg.connect(plain) as left:
        left.execute("LOCK TABLE customers")

        postgres_stock.give_back(name)

        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id int)",
        "ALTER TABLE customers ADD COLUMN more int",
        "UPDATE alembic_version SET version_num = '0001_people'",
        "INSERT INTO marks SELECT 'm' || n, now() FROM generate_series(1, 100000) n",
        "INSERT INTO marks VALUES ('m', now()); ANALYZE marks",
    ],
)
def test_what_can_not_be_emptied_is_not_handed_on(
    handed_on: tuple[str, Engine], postgres_stock: Stock, change: str
) -> None:
    name, engine = handed_on
    with engine.connect() as conn:
        for statement in change.split("; "):
            conn.exec_driver_sql(statement)
        conn.commit()

    postgres_stock.give_back(name)

    taken = postgres_stock.take()
    assert taken != name
    postgres_stock.give_back(taken)
