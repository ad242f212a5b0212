"""On SQLite nothing goes out before the disk has its handing, and the disk is waited for by few."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from dispatching import LIMITS, OneCap, Told, accept, make_due, states
from makers import NOW, make_run
from sqlalchemy import Engine, func, select
from structlog.testing import capture_logs

from outreach.channels.adapter import Message, Outcome
from outreach.clock import FrozenClock
from outreach.store import durable
from outreach.store.engine import reading, writing
from outreach.store.tables import attempts
from outreach.worker import Duty, run_until_idle

MANY = 60


@dataclass
class Disk:
    """Stands before the real one: what is in the log each time it is asked to keep it."""

    path: str
    to_disk: Callable[[int], None]
    failing: int = 0  # how many of the next calls fail
    kept: set[int] = field(default_factory=set)  # deliveries that were handed over by then
    answers: int = 0  # attempts that were written by then

    def keep(self, file: int) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError(5, "no such luck")
        with closing(sqlite3.connect(self.path)) as conn:
            handed = "SELECT id FROM deliveries WHERE state IN ('handing', 'sent')"
            seen = {id_ for (id_,) in conn.execute(handed)}
            [[answers]] = conn.execute("SELECT count(*) FROM attempts")
        self.to_disk(file)
        self.kept |= seen
        self.answers = answers


@pytest.fixture
def disk(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Sixty messages that are due, and the disk watched."""
    with writing(sqlite_engine) as conn:
        make_due(conn, make_run(conn), MANY)
    found = Disk(str(sqlite_engine.url.database), os.fdatasync)
    monkeypatch.setattr(durable, "_to_disk", found.keep)
    return found


def send(engine: Engine, say: Callable[[Message], Outcome | None]) -> dict[str, int]:
    adapter = Told(say)
    return run_until_idle(
        Duty(engine, FrozenClock(NOW), OneCap(), lambda _: adapter, ["email"], limits=LIMITS)
    )


def test_each_message_goes_once_the_disk_has_its_handing(sqlite_engine: Engine, disk: Disk) -> None:
    early = []

    def say(message: Message) -> Outcome:
        if message.id not in disk.kept:
            early.append(message.id)
        return accept(message)

    counts = send(sqlite_engine, say)

    assert (counts, early) == ({"sent": MANY}, [])


def test_answers_that_nothing_follows_are_kept_as_well(sqlite_engine: Engine, disk: Disk) -> None:
    send(sqlite_engine, accept)

    with reading(sqlite_engine) as conn:
        written = conn.execute(select(func.count()).select_from(attempts)).scalar_one()
    assert disk.answers == written == MANY


def test_a_disk_that_fails_keeps_messages_back_and_loses_none(
    sqlite_engine: Engine, disk: Disk
) -> None:
    disk.failing, given = 2, []

    def say(message: Message) -> Outcome:
        given.append(message.id)
        return accept(message)

    with capture_logs():
        send(sqlite_engine, say)

    assert len(given) == len(set(given)) == MANY
    assert states(sqlite_engine) == {"sent": MANY}


def test_other_commits_wait_for_the_disk_by_themselves(sqlite_engine: Engine, disk: Disk) -> None:
    send(sqlite_engine, accept)

    with sqlite_engine.connect() as conn:  # one that the worker had
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
