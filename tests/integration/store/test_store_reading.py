"""Read transactions: what a connection has prepared outlives them, and what is left undone does not."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, func, select, text

from outreach.store.engine import plan_once, reading
from outreach.store.tables import customers

AGAIN = 8  # the driver prepares what it has been asked five times before
PREPARED = text("SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE :like")


def ask(conn: Connection) -> None:
    """A statement whose plan does not depend on its values."""
    plan_once(conn)
    conn.execute(select(func.count()).where(customers.c.key == "a key of nobody"))


def test_what_readings_ask_again_and_again_is_planned_once(postgres_engine: Engine) -> None:
    for _ in range(AGAIN):
        with reading(postgres_engine) as conn:
            ask(conn)

    with reading(postgres_engine) as conn:
        plans = conn.execute(PREPARED, {"like": "SELECT count(*)%customers.key%"}).scalar()
    assert plans >= AGAIN - 5


def test_a_reading_that_fails_leaves_the_connection_free(engine: Engine) -> None:
    def fail(conn: Connection) -> None:
        conn.execute(text("SELECT nothing FROM nowhere"))

    for act in (fail, _interrupt):
        _reads_and_fails(engine, act)
    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(customers)).scalar() == 0


def _interrupt(_: Connection) -> None:
    raise KeyboardInterrupt


def _reads_and_fails(engine: Engine, act: Callable[[Connection], None]) -> None:
    with pytest.raises(BaseException), reading(engine) as conn:  # noqa: B017  any of them
        act(conn)
