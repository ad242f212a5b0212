"""Two statements and their commit in one round trip: what they see, and what becomes of errors."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    bindparam,
    column,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from outreach.store.dialect import HAND_OVER_LOCK, wait_for_hand_overs
from outreach.store.engine import reading, writing
from outreach.store.one_trip import Prepared, run_both

LOCK = Prepared.compile("test_lock", text(HAND_OVER_LOCK))
t = table("one_trip", column("id", BigInteger))
SEEN = Prepared.compile(
    "test_seen", select(t.c.id, t.c.id > 1).where(t.c.id > bindparam("above", type_=BigInteger()))
)
BROKEN = Prepared.compile("test_broken", select(literal(1) / bindparam("by", type_=BigInteger())))


@pytest.fixture
def filled(postgres_engine: Engine) -> Iterator[Engine]:
    with writing(postgres_engine) as conn:
        conn.exec_driver_sql("CREATE TABLE one_trip AS SELECT generate_series(1, 2) AS id")
    yield postgres_engine
    with writing(postgres_engine) as conn:
        conn.exec_driver_sql("DROP TABLE one_trip")


def seen(conn: Connection) -> list[tuple[int, bool]]:
    return run_both(conn, LOCK, SEEN, {"above": 0})


def test_the_seconds_rows_come_back_each_time(filled: Engine) -> None:
    with filled.connect() as conn:
        assert [seen(conn) for _ in range(2)] == [[(1, False), (2, True)]] * 2


def test_the_second_sees_what_was_committed_while_the_first_waited(filled: Engine) -> None:
    """Whoever pauses a run waits for hand-overs, and none after it may see the run as it was."""
    found: list[list[tuple[int, bool]]] = []

    def ask() -> None:
        with filled.connect() as conn:
            found.append(seen(conn))

    asking = threading.Thread(target=ask)
    with writing(filled) as conn:
        wait_for_hand_overs(conn)
        asking.start()
        _wait_until_locked(filled)
        conn.exec_driver_sql("INSERT INTO one_trip VALUES (3)")
    asking.join()

    assert found == [[(1, False), (2, True), (3, True)]]


def test_the_lock_is_let_go_with_the_commit(filled: Engine) -> None:
    with filled.connect() as conn:
        seen(conn)

        with writing(filled) as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            wait_for_hand_overs(other)


def test_an_error_is_sqlalchemys_and_the_next_connection_is_sound(filled: Engine) -> None:
    with filled.connect() as conn, pytest.raises(DBAPIError):
        run_both(conn, LOCK, BROKEN, {"by": 0})

    with filled.connect() as conn:
        assert len(seen(conn)) == 2


def test_a_table_that_is_gone_is_an_error_too(postgres_engine: Engine) -> None:
    with postgres_engine.connect() as conn, pytest.raises(ProgrammingError):
        seen(conn)


def test_a_lost_connection_is_an_error_that_passes(filled: Engine) -> None:
    with filled.connect() as conn:
        seen(conn)
        own = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        conn.rollback()
        with writing(filled) as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({own}, 5000)")

        with pytest.raises(OperationalError):
            seen(conn)


def _wait_until_locked(engine: Engine) -> None:
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    for _ in range(2000):
        with reading(engine) as conn:
            if conn.exec_driver_sql(waiting).scalar_one():
                return
    raise AssertionError("nobody waits")
