"""Database and broker are stopped and started again: processes stay, say so once, and go on."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import restarting
from commands import NOW, begin, outreach_here
from letterbox import Letterbox, letterbox, people
from pythons import Process
from sqlalchemy import func, select
from waiting import wait_for

from outreach.store.engine import dispose, make_engine, reading
from outreach.store.tables import deliveries

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
PATIENCE_SECONDS = 60
CUSTOMERS = 300


class Processes:
    """Commands that go on, each writing its log to a file."""

    def __init__(self, project: Path, settings: dict[str, str]) -> None:
        self._project = project
        self._settings = settings
        self._running: list[Process] = []
        self._logs: list[Path] = []

    def start(self, *arguments: object) -> None:
        log = self._project / f"log-{len(self._logs)}"
        with log.open("wb") as file:
            process = begin(self._project, *arguments, into=file, **self._settings)
        self._logs.append(log)
        self._running.append(process)

    def said(self) -> str:
        """All that they wrote."""
        return "".join(log.read_text() for log in self._logs)

    def end(self) -> list[int]:
        """Let all end in order; their exit codes."""
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        return [process.wait(timeout=PATIENCE_SECONDS) for process in self._running]

    def kill(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def database() -> Iterator[restarting.Postgres]:
    with restarting.postgres() as server:
        with psycopg.connect(
            server.url.replace("+psycopg", "").format(database="postgres"), autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE ours")
        yield server


@pytest.fixture
def settings(database: restarting.Postgres) -> dict[str, str]:
    return {
        "database_url": database.url.format(database="ours"), "secret_key": KEY,
        "tick_seconds": "0.2", "log": "json",
    }  # fmt: skip


@pytest.fixture
def running(project: Path, settings: dict[str, str]) -> Iterator[Processes]:
    assert outreach_here(project, "migrate", **settings).code == 0
    people(project, CUSTOMERS, **settings)
    processes = Processes(project, settings)
    yield processes
    processes.kill()


def in_state(url: str) -> dict[str, int]:
    engine = make_engine(url)
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    with reading(engine) as conn:
        found = dict(map(tuple, conn.execute(query)))
    dispose(engine)
    return found


def assert_each_once(box: Letterbox, settings: dict[str, str]) -> None:
    """Whoever was to get the mail has got it once, and the database knows of it."""
    states = in_state(settings["database_url"])
    assert max(box.recipients.values()) == 1
    assert states["sent"] == box.recipients.total() > CUSTOMERS / 2
    assert states["sent"] + states["skipped"] == CUSTOMERS


def test_a_database_that_is_restarted_is_waited_for(
    database: restarting.Postgres, settings: dict[str, str], running: Processes
) -> None:
    with letterbox(pause_seconds=0.05) as box:
        settings["smtp_url"] = box.url
        running.start("worker", "--now", f"{NOW}-04:00")
        running.start("scheduler", "--now", NOW)
        wait_for(lambda: box.recipients.total() > 60)
        database.stop()
        wait_for(lambda: running.said().count("the database is away") == 2)
        still = box.recipients.total()
        database.start()
        wait_for(lambda: in_state(settings["database_url"]).keys() == {"sent", "skipped"})
        codes = running.end()

    assert_each_once(box, settings)
    assert still < box.recipients.total()
    assert codes == [0, 0]
    assert running.said().count("the database is away") == 2
    assert "Traceback" not in running.said()


def test_a_broker_that_is_away_flushed_or_empty_delays_nothing(
    settings: dict[str, str], running: Processes
) -> None:
    with letterbox(pause_seconds=0.05) as box, restarting.valkey() as broker:
        settings.update(smtp_url=box.url, broker_url=broker.url)
        running.start("worker", "--now", f"{NOW}-04:00")
        running.start("scheduler", "--now", NOW)
        wait_for(lambda: box.recipients.total() > 40)
        broker.stop()
        away_at = box.recipients.total()
        wait_for(lambda: box.recipients.total() > away_at + 60)
        broker.start()
        wait_for(lambda: in_state(settings["database_url"]).keys() == {"sent", "skipped"})
        codes = running.end()

    assert_each_once(box, settings)
    assert codes == [0, 0]
    assert running.said().count("broker is down") <= 2
    assert "Traceback" not in running.said()


def test_sigterm_at_any_time_leaves_nothing_unknown(
    project: Path, settings: dict[str, str], running: Processes
) -> None:
    with letterbox(pause_seconds=0.5) as box:
        settings["smtp_url"] = box.url
        running.start("scheduler", "--now", NOW)
        for number in (1, 2, 3):
            worker = Processes(project, settings)
            worker.start("worker", "--now", f"{NOW}-04:00")
            before = box.recipients.total()
            wait_for(lambda before=before: box.recipients.total() > before)
            began_at = time.monotonic()
            assert worker.end() == [0], number
            assert time.monotonic() - began_at < 30
            found = in_state(settings["database_url"])
            assert found.keys() <= {"sent", "due", "skipped"}
            assert found["sent"] == box.recipients.total()
        running.end()

    assert max(box.recipients.values()) == 1
