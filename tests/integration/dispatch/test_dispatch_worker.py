"""Worker processes: rung by a broker or not, killed, supervised, run until idle."""

import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from dispatching import LIMITS, OneCap, Told, accept, kill, make_due, make_shift, rows, states
from makers import NOW, make_run
from pythons import Process
from sqlalchemy import Engine
from waiting import wait_for

from outreach import queue
from outreach.channels.adapter import Message, Outcome
from outreach.clock import FrozenClock
from outreach.dispatch.lease import Lease, register
from outreach.dispatch.shift import WRITE_SECONDS
from outreach.store import custody, deliveries, workers
from outreach.store.deliveries import Claim
from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.supervisor import Crew
from outreach.vocabulary import Answer, Fault
from outreach.worker import Duty, GivenUp, LeaseLost, on_duty, run_until_idle, run_worker

TESTS = Path(__file__).parents[2]


def is_any_alive(engine: Engine) -> bool:
    with reading(engine) as conn:
        return workers.any_alive(conn)


def duty(engine: Engine, adapter: Told, **columns: object) -> Duty:
    made = Duty(engine, FrozenClock(NOW), OneCap(), lambda _: adapter, ["email"], limits=LIMITS)
    return replace(made, **columns)


@pytest.fixture
def due(engine: Engine) -> list[int]:
    with writing(engine) as conn:
        return make_due(conn, make_run(conn), 60)


def test_run_until_idle_sends_all_and_tells_what_became_of_them(
    engine: Engine, due: list[int]
) -> None:
    def one_is_refused(message: Message) -> Outcome:
        if message.id == due[0]:
            return Outcome(message.id, Answer.REJECTED, Fault.POLICY)
        return accept(message)

    counts = run_until_idle(duty(engine, Told(one_is_refused)))

    assert counts == {"sent": 59, "failed": 1}
    assert not is_any_alive(engine)


def test_run_until_idle_waits_for_retries_by_the_real_clock(engine: Engine, due: list[int]) -> None:
    tried: Counter[int] = Counter()

    def later(message: Message) -> Outcome:
        tried[message.id] += 1
        answer = Answer.ACCEPTED if tried[message.id] > 2 else Answer.RETRY
        return Outcome(message.id, answer, Fault.TEMPORARY)

    counts = run_until_idle(duty(engine, Told(later)))

    assert counts == {"sent": 60}
    assert set(tried.values()) == {3}


def test_run_until_idle_does_not_wait_for_a_provider_for_ever(
    engine: Engine, due: list[int]
) -> None:
    def nobody(message: Message) -> Outcome:
        return Outcome(message.id, Answer.UNREACHABLE, Fault.TEMPORARY, "connect", "", "refused")

    given_up: list[GivenUp] = []
    patience = timedelta(seconds=0.2)

    counts = run_until_idle(duty(engine, Told(nobody)), give_up=given_up.append, patience=patience)

    [told] = given_up
    assert counts == {}
    assert (told.messages, told.away.channel) == (60, "email")
    assert told.away.place == "provider.example.com:25"
    assert told.away.why == "connect: refused"
    assert states(engine) == {"due": 60}


def test_a_provider_that_comes_back_is_used_again(engine: Engine, due: list[int]) -> None:
    answers = iter([Answer.UNREACHABLE] * 5)

    def late(message: Message) -> Outcome:
        answer = next(answers, Answer.ACCEPTED)
        return Outcome(message.id, answer, Fault.NONE, "connect")

    given_up: list[GivenUp] = []
    patience = timedelta(seconds=30)

    counts = run_until_idle(duty(engine, Told(late)), give_up=given_up.append, patience=patience)

    assert (counts, given_up) == ({"sent": 60}, [])


def test_one_channel_that_is_away_does_not_end_the_others(engine: Engine, due: list[int]) -> None:
    with writing(engine) as conn:
        make_due(conn, make_run(conn), 5, first=100, channel="sms")

    def say(message: Message) -> Outcome:
        if message.id in due:
            return Outcome(message.id, Answer.RETRY, Fault.CHANNEL, "auth", "535")
        return accept(message)

    given_up: list[GivenUp] = []
    both = duty(engine, Told(say), channels=["email", "sms"])

    run_until_idle(both, give_up=given_up.append, patience=timedelta())

    assert [each.away.channel for each in given_up] == ["email"]
    assert states(engine) == {"due": 60, "sent": 5}


def test_run_until_idle_takes_over_from_a_dead_worker(engine: Engine, due: list[int]) -> None:
    limits = replace(LIMITS, lease=timedelta(seconds=0.6))
    dead = make_shift(engine, limits=limits)
    with writing(engine) as conn:
        from outreach.store.deliveries import Claim, claim

        claim(conn, dead.worker_id, [Claim(i, 0, "a@example.com", None, None) for i in due], NOW)
    kill(engine, dead.worker_id)

    assert run_until_idle(duty(engine, Told(), limits=limits)) == {"sent": 60}


def test_run_until_idle_plans_until_there_is_nothing_to_plan(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
    left = [3, 2]

    def tick() -> bool:
        if not left:
            return False
        with writing(engine) as conn:
            make_due(conn, run_id, left[-1], first=left.pop() * 10)
        return True

    assert run_until_idle(duty(engine, Told()), tick) == {"sent": 5}


def test_a_ring_is_answered_long_before_the_next_look(
    sqlite_engine: Engine, redis_url: str
) -> None:
    adapter = Told()
    for broker_url in ("memory://", redis_url):
        with on_duty(duty(sqlite_engine, adapter, broker_url=broker_url), look_seconds=60):
            time.sleep(0.2)
            with writing(sqlite_engine) as conn:
                make_due(conn, make_run(conn, broker_url), 3, first=len(adapter.sent))
            before = len(adapter.sent)
            assert queue.wake("email")
            wait_for(lambda before=before: len(adapter.sent) == before + 3, 5)


def test_a_look_finds_what_no_ring_told_of(engine: Engine, due: list[int]) -> None:
    adapter = Told()
    with on_duty(duty(engine, adapter)):
        wait_for(lambda: len(adapter.sent) == 60)


def test_rings_do_not_pile_up(redis_url: str) -> None:
    for url in ("memory://", redis_url):
        doorbell = queue.connect(url)

        for _ in range(50):
            assert doorbell.ring("email")

        assert doorbell._waiting() == queue.MOST_RINGS
        doorbell.broker.close()


def test_a_broker_that_is_down_is_no_error(engine: Engine, due: list[int]) -> None:
    adapter = Told()
    with on_duty(duty(engine, adapter, broker_url="redis://127.0.0.1:1/0")):
        assert not queue.wake("email")
        wait_for(lambda: len(adapter.sent) == 60)


def test_a_worker_declared_dead_ends(engine: Engine) -> None:
    limits = replace(LIMITS, lease=timedelta(seconds=0.3))
    ended: list[BaseException] = []

    def work() -> None:
        try:
            run_worker(duty(engine, Told(), limits=limits), threading.Event())
        except LeaseLost as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: is_any_alive(engine))
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE workers SET swept_at = started_at")
    thread.join(20)

    assert [type(error) for error in ended] == [LeaseLost]


def test_a_lease_is_kept_as_long_as_its_worker_lives(engine: Engine) -> None:
    shift = make_shift(engine, limits=replace(LIMITS, lease=timedelta(seconds=0.6)))
    lease = Lease(shift)

    time.sleep(1.5)
    assert is_any_alive(engine)
    lease.close()

    assert not shift.lost.is_set()
    assert not is_any_alive(engine)


def test_after_the_database_was_away_the_others_have_a_lease_to_come_back(
    sqlite_engine: Engine,
) -> None:
    limits = replace(LIMITS, lease=timedelta(seconds=1.5))
    shift, other = make_shift(sqlite_engine, limits=limits), make_shift(sqlite_engine)
    kill(sqlite_engine, other.worker_id)  # it could not renew either
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql("ALTER TABLE workers RENAME TO away")
    lease = Lease(shift)
    time.sleep(1.2)  # longer than between two renewals, or two sweeps
    with writing(sqlite_engine) as conn:
        conn.exec_driver_sql("ALTER TABLE away RENAME TO workers")

    time.sleep(0.8)
    with writing(sqlite_engine) as conn:
        came_back = workers.renew(conn, other.worker_id, limits.lease)
    lease.close()

    assert came_back


@contextmanager
def locked(sqlite_url: str) -> Iterator[None]:
    """Another process is in the middle of a write transaction."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def test_a_file_that_was_locked_for_longer_than_a_lease_makes_nobody_dead(
    sqlite_engine: Engine, sqlite_url: str
) -> None:
    limits = replace(LIMITS, lease=timedelta(seconds=1.5))
    engines = [sqlite_engine, *(make_engine(sqlite_url) for _ in range(3))]
    shifts = [make_shift(engine, limits=limits) for engine in engines]
    leases = [Lease(shift) for shift in shifts]

    with locked(sqlite_url):
        time.sleep(3)
    time.sleep(1)
    lost = [shift.lost.is_set() for shift in shifts]
    for lease in leases:
        lease.close()
    for engine in engines[1:]:
        dispose(engine)

    assert lost == [False] * 4


def test_a_worker_ends_though_the_file_is_locked(sqlite_engine: Engine, sqlite_url: str) -> None:
    with writing(sqlite_engine) as conn:
        make_due(conn, make_run(conn), 500)
    adapter = Told(accept, group=1, lanes=1)
    limits = replace(LIMITS, stop_seconds=0.5)
    with ExitStack() as ending:
        with on_duty(duty(sqlite_engine, adapter, limits=limits)):
            wait_for(lambda: len(adapter.sent) > 5)
            ending.enter_context(locked(sqlite_url))
            asked_at = time.monotonic()
        took = time.monotonic() - asked_at

    assert took < limits.stop_seconds + WRITE_SECONDS + 10


def test_what_the_dead_of_a_crew_held_is_free_before_their_leases_end(
    engine: Engine, due: list[int]
) -> None:
    crew = Crew(1, "ab12", (100,))
    dead, another_crews = (_holding(engine, one, id_) for one, id_ in
                           zip((crew, replace(crew, key="cd34")), due, strict=False))  # fmt: skip

    with on_duty(duty(engine, Told()), crew=crew) as (shift, _):
        wait_for(lambda: states(engine).get("sent") == len(due) - 1)
        with reading(engine) as conn:
            held = custody.held_by(conn, another_crews)

    assert shift.worker_id > dead
    assert list(held) == [due[1]]


def _holding(engine: Engine, crew: Crew, id_: int) -> int:
    """A worker of the crew with a long lease that has claimed a delivery; its process is 100."""
    worker_id = register(engine, crew.name(100), timedelta(hours=1))
    with writing(engine) as conn:
        deliveries.claim(conn, worker_id, [Claim(id_, 0, "a@example.com", None, None)], NOW)
    return worker_id


def test_a_worker_whose_supervisor_is_gone_ends(sqlite_engine: Engine) -> None:
    nobodys, stop = threading.Event(), threading.Event()

    def work() -> None:
        run_worker(duty(sqlite_engine, Told()), stop, Crew(os.getpid(), "k"))
        nobodys.set()

    thread = threading.Thread(target=work)
    thread.start()
    ended = nobodys.wait(10)
    stop.set()
    thread.join(20)

    assert ended


def _child(database_url: str, broker_url: str, out: Path, *more: str) -> list[str]:
    return [
        sys.executable, str(TESTS / "dispatching_child.py"), database_url, broker_url, str(out),
        *more,
    ]  # fmt: skip


def _lines(out: Path) -> list[int]:
    return [int(line) for line in out.read_text().split()] if out.exists() else []


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(TESTS), str(TESTS.parent))))


def test_a_kill_in_the_middle_loses_nothing_and_repeats_nothing(
    engine: Engine, database_url: str, redis_url: str, tmp_path: Path, environment: None
) -> None:
    broker_url = redis_url if engine.dialect.name == "postgresql" else "memory://"
    with writing(engine) as conn:
        ids = make_due(conn, make_run(conn), 600)
    out = tmp_path / "provider"
    victims = [Process(_child(database_url, broker_url, out)) for _ in range(2)]
    wait_for(lambda: len(_lines(out)) > 100)
    victims[0].kill()
    wait_for(lambda: len(_lines(out)) > 250)
    victims[1].send_signal(signal.SIGKILL)
    for victim in victims:
        victim.wait()
    killed_at = len(_lines(out))

    with (tmp_path / "counts").open("w+b") as file:
        last = Process(_child(database_url, broker_url, out, "idle"), stdout=file)
        assert last.wait(60) == 0
        file.seek(0)
        counts = json.load(file)

    arrived = Counter(_lines(out))
    found = rows(engine)
    sent = {id_ for id_ in ids if found[id_].state == "sent"}
    unknown = {id_ for id_ in ids if found[id_].state == "unknown"}
    assert killed_at < len(ids)
    assert max(arrived.values()) == 1
    assert sent | unknown == set(ids)
    assert sent <= arrived.keys()
    assert len(unknown) <= 2 * 8
    assert counts["sent"] > 0


SUPERVISOR = """
import os, threading
from pathlib import Path
from outreach.supervisor import stop_on_signals, supervise

def work(crew):
    with Path({pids!r}).open("a") as file:
        file.write(str(os.getpid()) + chr(10))
    os.execv({command!r}[0], {command!r})

stop = threading.Event()
stop_on_signals(stop)
supervise(work, 2, stop)
"""


def test_the_supervisor_starts_again_what_died_and_ends_all_in_order(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, environment: None
) -> None:
    with writing(sqlite_engine) as conn:
        make_due(conn, make_run(conn), 100)
    pids, command = tmp_path / "pids", _child(sqlite_url, "memory://", tmp_path / "provider")
    script = SUPERVISOR.format(pids=str(pids), command=command)
    supervising = Process([sys.executable, "-c", script])
    wait_for(lambda: len(_lines(pids)) == 2 and len(_lines(tmp_path / "provider")) > 10)
    os.kill(_lines(pids)[0], signal.SIGKILL)
    wait_for(lambda: len(_lines(pids)) == 3)
    wait_for(lambda: set(states(sqlite_engine)) <= {"sent", "unknown"})
    supervising.terminate()

    assert supervising.wait(20) == 0
    for pid in _lines(pids):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
