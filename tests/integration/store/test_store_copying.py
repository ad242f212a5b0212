"""Rows that are written past the engine (COPY): transaction and errors are the engine's all the same."""

import logging

import pytest
from makers import NOW
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import OperationalError

from outreach.store.dialect import insert_rows
from outreach.store.engine import reading, writing
from outreach.store.tables import attempts
from outreach.vocabulary import Answer, Fault

NAMES = ("delivery_id", "fence", "channel", "adapter", "worker_id", "at", "answer", "fault")


def add(conn: Connection) -> None:
    row = (1, 1, "email", "smtp", 1, NOW, Answer.ACCEPTED.value, Fault.NONE.value)
    insert_rows(conn, attempts, NAMES, [row])


def lose(conn: Connection, engine: Engine) -> None:
    """Let the server end the connection's process."""
    driver = conn.connection.driver_connection
    assert driver is not None
    with engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({driver.info.backend_pid}, 10000)")


def test_rows_are_kept_though_nothing_else_is_written(engine: Engine) -> None:
    with writing(engine) as conn:
        add(conn)

    with reading(engine) as conn:
        assert len(conn.execute(select(attempts)).all()) == 1


@pytest.mark.parametrize("begun", [False, True])
def test_a_connection_that_is_lost_meanwhile_is_one_error_and_no_traceback(
    postgres_engine: Engine, caplog: pytest.LogCaptureFixture, begun: bool
) -> None:
    def copy() -> None:
        with writing(postgres_engine) as conn:
            if begun:
                conn.exec_driver_sql("SELECT 1")
            lose(conn, postgres_engine)
            add(conn)

    with pytest.raises(OperationalError) as raised:
        copy()

    assert raised.value.connection_invalidated
    assert raised.value.statement is not None
    assert raised.value.statement.startswith("COPY")
    assert [each.message for each in caplog.records if each.levelno >= logging.WARNING] == []
