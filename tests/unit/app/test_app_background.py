"""What is worked out beside: once, the last asked for first, and faults in words."""

import sqlite3
import time
from collections.abc import Iterator
from queue import Queue
from threading import Event

import pytest

from outreach.app.background import Background
from outreach.errors import OutreachError, SetupError

PATIENCE_SECONDS = 60.0


class Told:
    """A background, and the topics it tells of."""

    def __init__(self, pause_seconds: float = 0.0) -> None:
        self.heard: Queue[str] = Queue()
        self.works = Background(self.heard.put, pause_seconds)

    def next(self) -> str:
        return self.heard.get(timeout=PATIENCE_SECONDS)


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told()
    yield made
    made.works.close()


def test_what_is_known_is_not_worked_out_again(told: Told) -> None:
    done: list[int] = []
    told.works.ask("plan", 1, lambda: done.append(1))
    told.next()

    told.works.ask("plan", 1, lambda: done.append(1))
    told.works.ask("plan", 2, lambda: done.append(2))
    told.next()

    assert done == [1, 2]


def test_of_what_waits_only_the_newest_is_done_and_the_last_topic_first(told: Told) -> None:
    begun, go = Event(), Event()
    done: list[int] = []

    def first() -> None:
        begun.set()
        go.wait(PATIENCE_SECONDS)

    told.works.ask("first", 0, first)
    begun.wait(PATIENCE_SECONDS)
    for number in range(3):
        told.works.ask("plan", number, lambda n=number: done.append(n))
    told.works.ask("other", 0, lambda: done.append(-1))

    go.set()
    heard = [told.next() for _ in range(3)]

    assert heard == ["first", "other", "plan"]
    assert done == [-1, 2]


def test_what_is_taken_back_during_the_pause_leaves_the_next_job_to_do() -> None:
    pause_seconds = 0.1
    told = Told(pause_seconds)
    told.works.ask("plan", 1, lambda: 1)
    told.next()
    told.works.ask("plan", 2, lambda: 2)
    time.sleep(pause_seconds / 2)  # within the pause
    told.works.ask("plan", 1, lambda: 1)  # what waited is not wanted any more
    time.sleep(4 * pause_seconds)

    told.works.ask("plan", 3, lambda: 3)
    done = told.works.wait("plan", 3, PATIENCE_SECONDS)
    told.works.close()

    assert done is not None
    assert done.value == 3


def test_an_older_result_stays_until_the_newer_is_there(told: Told) -> None:
    go = Event()
    told.works.ask("plan", 1, lambda: "old")
    told.next()
    told.works.ask("plan", 2, lambda: go.wait(PATIENCE_SECONDS))

    old, newer = told.works.result("plan"), told.works.wait("plan", 2, 0)
    go.set()

    assert old is not None
    assert (old.key, old.value, newer) == (1, "old", None)
    assert told.works.wait("plan", 2, PATIENCE_SECONDS) is not None


def fail(error: Exception) -> object:
    raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SetupError("no way"), "no way"),
        (sqlite3.OperationalError("disk full"), "the database can not be used: disk full"),
        (ZeroDivisionError(), "this is a fault of outreach: ZeroDivisionError"),
    ],
)
def test_an_error_is_the_result_and_others_go_on(told: Told, error: Exception, said: str) -> None:
    told.works.ask("plan", 1, lambda: fail(error))
    told.works.ask("other", 1, lambda: "fine")
    told.next()
    told.next()

    failed, fine = told.works.result("plan"), told.works.result("other")
    assert failed is not None
    assert isinstance(failed.error, OutreachError)
    assert (failed.value, failed.error.message) == (None, said)
    assert fine is not None
    assert (fine.value, fine.error) == ("fine", None)


def test_what_is_forgotten_is_worked_out_anew(told: Told) -> None:
    done: list[int] = []
    for _ in range(2):
        told.works.ask("plan", 1, lambda: done.append(1))
        told.next()
        told.works.forget("plan")

    assert done == [1, 1]


def test_what_is_known_already_waits_for_a_pause_and_what_is_not_does_not() -> None:
    heard: Queue[str] = Queue()
    works, done = Background(heard.put, pause_seconds=0.3), []

    works.ask("plan", 0, lambda: done.append(0))
    heard.get(timeout=PATIENCE_SECONDS)
    for number in (1, 2, 3):
        works.ask("plan", number, lambda n=number: done.append(n))
        Event().wait(0.01)
    heard.get(timeout=PATIENCE_SECONDS)
    works.close()

    assert done == [0, 3]
