"""Rows that are written past the engine (COPY): transaction and errors are the engine's all the same."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import NOW
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    literal,
    select,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from outreach.store.dialect import insert_rows, is_any_of
from outreach.store.engine import reading, writing
from outreach.store.tables import attempts
from outreach.store.types import BigId, Instant, Json
from outreach.vocabulary import Answer, Fault

SHARED = [HealthCheck.function_scoped_fixture]
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


LONG_AGO = datetime(1850, 1, 1)  # noqa: DTZ001
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), texts, st.sampled_from(["\\N", "\\.", "", "a\tb\\\n\r"])),
        st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.datetimes(timezones=st.just(UTC), min_value=LONG_AGO)),
        st.recursive(st.integers() | texts | st.booleans(), st.lists),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
@given(rows=ROWS)
def test_what_is_copied_comes_back(engine: Engine, rows: list[tuple[object, ...]]) -> None:
    metadata = MetaData()
    kinds = (Text(), BigId, Boolean(), Instant(), Json)
    columns = [Column(f"c{place}", kind) for place, kind in enumerate(kinds)]
    table = Table("copied", metadata, Column("id", BigId, primary_key=True), *columns)
    names = ["id", *(column.name for column in columns)]
    with writing(engine) as conn:
        whole = conn.begin_nested()
        conn.execute(CreateTable(table))

        insert_rows(conn, table, names, [(n, *row) for n, row in enumerate(rows, 1)])

        found = conn.execute(select(*(table.c[name] for name in names[1:])).order_by(table.c.id))
        assert list(map(tuple, found)) == rows
        whole.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
@given(listed=st.lists(texts, max_size=5), numbers=st.lists(st.integers(0, 2**60), max_size=5))
def test_any_values_are_looked_for_as_they_are(
    engine: Engine, listed: list[str], numbers: list[int]
) -> None:
    with reading(engine) as conn:
        for kind, values in ((Text(), listed), (BigInteger(), numbers)):
            for value in values:
                there = is_any_of(conn, literal(value, kind), values)
                assert conn.execute(select(there)).scalar()
            assert not conn.execute(select(is_any_of(conn, literal(None, kind), values))).scalar()
