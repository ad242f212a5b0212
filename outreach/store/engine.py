"""Engines, and the two kinds of transaction: reading, and writing."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url

from outreach.logger import Logger
from outreach.store import giving_up
from outreach.store.compiled import statements
from outreach.store.giving_up import ends_at
from outreach.store.pace import Pace
from outreach.store.types import Instant, json_text

log = Logger(__name__)
BUSY_TIMEOUT_SECONDS = 60
LONG_SECONDS = 0.25
GAP_SECONDS = 0.01
ALONE = 200_000  # rows of a transaction that nobody waits for
FIRST_PAUSE_SECONDS = 0.0005  # between two looks at a file that somebody writes to …
LONGEST_PAUSE_SECONDS = 0.02  # … growing up to this


def make_engine(url: str, pool_size: int = 10, options: str = "") -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…`.

    `options` of PostgreSQL's command line hold for each of its connections.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed,
            connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            json_serializer=json_text,
            json_deserializer=_read_json,
            paramstyle="named",  # a value named twice is one: SQLite then computes equal sums once
            hide_parameters=True,  # an exception's text must hold no address
            execution_options={"compiled_cache": statements()},
            pool_use_lifo=True,  # a connection keeps the pages that it has read
        )
        event.listen(engine, "connect", _set_up_sqlite)
        return engine
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=20,
        pool_pre_ping=True,
        pool_use_lifo=True,  # a connection keeps what it prepared: planning a claim takes 10 ms
        json_serializer=json_text,
        json_deserializer=_read_json,
        hide_parameters=True,
        execution_options={"compiled_cache": statements()},
        connect_args={
            "options": f"-c timezone=UTC -c jit=off -c work_mem=64MB {options}".rstrip(),
            # A host that vanished is an error soon, not after TCP's quarter of an hour.
            "connect_timeout": 10,  # seconds
            "tcp_user_timeout": 15_000,  # milliseconds
        },
    )
    giving_up.watch(engine)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: sqlite3 would begin late and deferred
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)
    connection.create_function("upper", 1, _upper, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value  # SQLite's own knows ASCII only


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _read_json(text: str) -> Any:
    return [] if text == "[]" else {} if text == "{}" else json.loads(text)  # most are empty


def alone(engine: Engine) -> Engine:
    """The same engine for who is alone on its database: no write transaction needs to be short."""
    return engine.execution_options(outreach_alone=True)


def is_alone(engine: Engine) -> bool:
    """Whether nobody else uses the database: it is a copy of the base."""
    return bool(engine.get_execution_options().get("outreach_alone"))


def pace_on(engine: Engine, rows: int, most: int) -> Pace:
    """How many rows the next of many write transactions takes; alone always as many."""
    return Pace(ALONE, ALONE) if is_alone(engine) else Pace(rows, most)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read transaction: one snapshot, no lock that a writer waits for."""
    with engine.connect() as conn, begin_read(conn):
        yield conn


@contextmanager
def begin_read(conn: Connection) -> Iterator[None]:
    """A read transaction on a connection that has none open, and never one that writes.

    On PostgreSQL the driver ends it before: at a rollback it forgets all that the connection has
    prepared, and long statements take longer to plan than to run.
    """
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("BEGIN")
    elif "isolation_level" not in conn.get_execution_options():
        conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=False)
    try:
        yield
        if conn.dialect.name == "postgresql":
            driver: Any = conn.connection.driver_connection
            with suppress(conn.dialect.loaded_dbapi.Error):  # the rollback raises it as ours
                driver.commit()
    finally:
        conn.rollback()


def begin_snapshot(conn: Connection) -> None:
    """Have a connection that has no transaction see what is committed now, until its next commit."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("BEGIN")
        conn.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").all()
    else:
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        conn.exec_driver_sql("SELECT 1").all()


@contextmanager
def reading_together(engine: Engine, count: int) -> Iterator[list[Connection]]:
    """So many read transactions that all see the same state, to share one large question."""
    with ExitStack() as stack:
        conns = [stack.enter_context(reading(engine)) for _ in range(count)]
        if count > 1 and engine.dialect.name == "sqlite":
            with writing(engine):  # nobody commits between the first look and the last
                for conn in conns:
                    conn.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").all()
        elif count > 1:
            snapshot = conns[0].exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            for conn in conns[1:]:
                conn.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        yield conns


@contextmanager
def begin_write(conn: Connection, pace: Pace | None = None) -> Iterator[None]:
    """A write transaction on a connection that has none open; committed at the end.

    One that takes long is told, and `pace` learns of each: on SQLite all others wait for it.
    """
    if conn.dialect.name == "sqlite":
        _begin_immediate(conn)
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        conn.rollback()
        raise
    conn.commit()
    if is_alone(conn.engine):
        return
    seconds = time.monotonic() - begun
    if pace is not None:
        pace.took(seconds)
    if seconds > LONG_SECONDS:
        log.info("long write transaction", seconds=round(seconds, 3))


def _begin_immediate(conn: Connection) -> None:
    """Wait for the file, asking often: SQLite itself would look away for up to 100 ms each time.

    So whoever must end by an instant is not kept, and the file is never idle while somebody waits.
    The driver is asked itself: an error of SQLAlchemy's takes longer than a look.
    """
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    pause = FIRST_PAUSE_SECONDS
    driver: Any = conn.connection.driver_connection
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                if (error.sqlite_errorcode & 0xFF) not in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                ) or time.monotonic() > min(until, ends_at(conn.engine)):
                    conn.exec_driver_sql("BEGIN IMMEDIATE")  # the same error, as others expect it
                    break
            time.sleep(pause)
            pause = min(pause * 1.1, LONGEST_PAUSE_SECONDS)
        if not conn.in_transaction():
            conn.begin()
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")


@contextmanager
def writing(engine: Engine, pace: Pace | None = None) -> Iterator[Connection]:
    """A write transaction, committed at the end: keep it short, wait for nothing inside."""
    with engine.connect() as conn, begin_write(conn, pace):
        yield conn


def plan_once(conn: Connection) -> None:
    """Have the transaction's statements planned once for a connection, whatever their values.

    For those that take longer to plan than to run, and find their rows by keys in any case.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")


def let_others_write(engine: Engine, since: float | None = None) -> None:
    """Wait a moment between two of many write transactions, so that others come in on SQLite.

    It keeps no queue: who waits looks again after up to 100 ms, and hits no gap where there is none.
    `since` is when the last one ended, by time.monotonic(): work done since then is a gap too.
    """
    if engine.dialect.name == "sqlite" and not is_alone(engine):
        passed = 0.0 if since is None else time.monotonic() - since
        time.sleep(max(0.0, GAP_SECONDS - passed))


def database_now(conn: Connection) -> datetime:
    """The database's own clock: leases are measured by it, so that no worker's clock matters."""
    if conn.dialect.name == "sqlite":
        return datetime.now(UTC)  # the file is on this machine: one clock
    return conn.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()


def dispose(engine: Engine) -> None:
    """Close the engine's connections."""
    engine.dispose()
