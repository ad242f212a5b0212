"""A database that can not be written: what can not be recorded is not sent, and nothing is lost."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatching import LIMITS, OneCap, Told, accept, kill, make_due, rows, states
from makers import NOW, make_run
from sqlalchemy import Connection, Engine, event
from structlog.testing import capture_logs
from waiting import wait_for

from outreach.channels.adapter import Message, Outcome
from outreach.clock import FrozenClock
from outreach.dispatch.sweep import sweep
from outreach.store.engine import dispose, make_engine, writing
from outreach.worker import Duty, on_duty

FULL = "the database's disk is full: nothing is sent until there is room"
BACK = "the database works again"


class Disk:
    """The disk of a database, full when told to be.

    SQLite says so by itself once it may take no more pages. PostgreSQL is made to say what it says
    when a file can not grow.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.full = False
        if engine.dialect.name == "sqlite":
            event.listen(engine, "begin", self._limit)
            return
        with engine.begin() as conn:
            conn.exec_driver_sql("CREATE TABLE disk (is_full boolean)")
            conn.exec_driver_sql("INSERT INTO disk VALUES (false)")
            conn.exec_driver_sql(
                "CREATE FUNCTION grow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF (SELECT is_full FROM disk) THEN RAISE EXCEPTION"
                " 'could not extend file: No space left on device' USING ERRCODE = '53100';"
                " END IF; RETURN NEW; END $$"
            )
            for table in ("deliveries", "attempts", "workers"):
                conn.exec_driver_sql(
                    f"CREATE TRIGGER grow BEFORE INSERT OR UPDATE ON {table}"
                    " FOR EACH ROW EXECUTE FUNCTION grow()"
                )

    def _limit(self, conn: Connection) -> None:
        most = 1 if self.full else 1_000_000_000  # never less than there are
        file: Any = conn.connection.dbapi_connection
        file.execute(f"PRAGMA max_page_count = {most}")

    def fill(self, full: bool) -> None:
        self.full = full
        if self._engine.dialect.name == "postgresql":
            with self._engine.begin() as conn:
                conn.exec_driver_sql(f"UPDATE disk SET is_full = {full}")


def slowly(message: Message) -> Outcome:
    time.sleep(0.005)
    return accept(message)


def stands_still(adapter: Told) -> Callable[[], bool]:
    """Whether nothing was sent for half a second."""
    last = [len(adapter.sent), time.monotonic()]

    def look() -> bool:
        if len(adapter.sent) != last[0]:
            last[:] = len(adapter.sent), time.monotonic()
        return time.monotonic() - last[1] > 0.5

    return look


def duty(engine: Engine, adapter: Told, **columns: object) -> Duty:
    made = Duty(engine, FrozenClock(NOW), OneCap(), lambda _: adapter, ["email"], limits=LIMITS)
    return replace(made, **columns)


def test_a_full_disk_stops_sending_and_room_lets_it_go_on(engine: Engine) -> None:
    with writing(engine) as conn:
        ids = make_due(conn, make_run(conn), 240)
    disk, adapter = Disk(engine), Told(slowly)

    with capture_logs() as logs:

        def said(words: str) -> int:
            return sum(each["event"] == words for each in logs)

        with on_duty(duty(engine, adapter)):
            wait_for(lambda: len(adapter.sent) > 60)
            disk.fill(True)
            wait_for(lambda: said(FULL))
            wait_for(stands_still(adapter))
            recorded = {
                id_ for id_, row in rows(engine).items() if row.state in ("handing", "sent")
            }
            written = len(adapter.sent)
            disk.fill(False)
            wait_for(lambda: {row.state for row in rows(engine).values()} == {"sent"})

    assert {message.id for message in adapter.sent[:written]} <= recorded
    assert written < 240
    assert Counter(message.id for message in adapter.sent) == dict.fromkeys(ids, 1)
    assert (said(FULL), said(BACK)) == (1, 1)
    assert [each for each in logs if each["log_level"] in ("warning", "error")][2:] == []


def test_a_worker_that_ends_on_a_full_disk_leaves_nothing_that_may_repeat(engine: Engine) -> None:
    """What it handed over and could not settle goes out no more, and is unknown to the next one."""
    with writing(engine) as conn:
        ids = make_due(conn, make_run(conn), 240)
    disk, adapter, heir = Disk(engine), Told(slowly), Told(slowly)
    limits = replace(LIMITS, stop_seconds=0.0)

    with capture_logs() as logs, on_duty(duty(engine, adapter, limits=limits)) as (shift, _):
        wait_for(lambda: len(adapter.sent) > 60)
        disk.fill(True)
        wait_for(lambda: any(each["event"] == FULL for each in logs))
    disk.fill(False)
    kill(engine, shift.worker_id)
    sweep(engine, OneCap())
    with on_duty(duty(engine, heir)):
        wait_for(lambda: set(states(engine)) <= {"sent", "unknown"})

    written = Counter(message.id for message in [*adapter.sent, *heir.sent])
    unknown = {id_ for id_, row in rows(engine).items() if row.state == "unknown"}
    assert set(written.values()) == {1}
    assert set(ids) - set(written) <= unknown
    assert len(unknown) <= limits.in_flight


def test_a_database_locked_for_a_while_is_waited_for(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        make_due(conn, make_run(conn), 200)
    adapter, other = Told(slowly), make_engine(str(sqlite_engine.url))
    locked = threading.Event()

    def hold() -> None:
        with writing(other):
            locked.set()
            time.sleep(1.5)

    with capture_logs() as logs, on_duty(duty(sqlite_engine, adapter)):
        wait_for(lambda: len(adapter.sent) > 30)
        holding = threading.Thread(target=hold)
        holding.start()
        assert locked.wait(20)
        wait_for(lambda: {row.state for row in rows(sqlite_engine).values()} == {"sent"})
        holding.join()
    dispose(other)

    assert len(adapter.sent) == 200
    assert [each for each in logs if each["log_level"] in ("warning", "error")] == []
