"""A database that is older than what was sent: its runs wait until a person resumes them."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from dispatching import LIMITS, OneCap, Told, accept, make_due, states
from makers import NOW, make_run
from sqlalchemy import Engine, select
from structlog.testing import capture_logs
from waiting import wait_for

from outreach import queue
from outreach.channels.adapter import Message, Outcome
from outreach.clock import FrozenClock
from outreach.dispatch.highwater import HighWater, older_than
from outreach.store import marks
from outreach.store.engine import reading, writing
from outreach.store.tables import marks as table
from outreach.store.tables import runs
from outreach.worker import Duty, on_duty


def mark(engine: Engine) -> marks.SentMark:
    with reading(engine) as conn:
        found = marks.sent_mark(conn)
    assert found is not None
    return found


def put_back(engine: Engine, to: datetime) -> None:
    """What a restored backup does to the mark."""
    with writing(engine) as conn:
        conn.execute(table.update().where(table.c.name != marks.FACTS).values(at=to))


def held(engine: Engine) -> dict[int, tuple[str, str | None]]:
    with reading(engine) as conn:
        return {id_: (state, why) for id_, state, why in
                conn.execute(select(runs.c.id, runs.c.state, runs.c.reason))}  # fmt: skip


@pytest.fixture(autouse=True)
def no_broker() -> None:
    """None is left over from another test."""
    queue.connect("memory://")


def sent_and_put_back(engine: Engine, folder: Path | None) -> tuple[HighWater, datetime]:
    """A process that has sent, and then a database from before."""
    process = HighWater(engine, folder)
    assert not process.compare()
    before = mark(engine).at
    process.advance()
    until = mark(engine).at
    put_back(engine, before)
    return process, until


def test_runs_that_go_on_are_held_once_and_say_why(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as conn:
        ids = [make_run(conn, f"c{n}", state=state) for n, state in
               enumerate(("planning", "running", "paused", "done"))]  # fmt: skip
    _, until = sent_and_put_back(engine, tmp_path)

    with capture_logs() as logs:
        assert HighWater(engine, tmp_path).compare()
        again = HighWater(engine, tmp_path).compare()

    why = older_than(until)
    assert again is False
    assert held(engine) == dict.fromkeys(ids[:3], ("held", why)) | {ids[3]: ("done", None)}
    assert [each["event"] for each in logs] == ["runs are held"]
    assert why.endswith("UTC: a restored backup?")


def test_a_person_who_resumes_is_not_asked_again(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
    process, _ = sent_and_put_back(engine, tmp_path)
    HighWater(engine, tmp_path).compare()
    with writing(engine) as conn:
        conn.execute(runs.update().values(state="running", reason=None))

    for machine in (process, HighWater(engine, tmp_path)):
        machine.advance()
        assert not machine.compare()

    assert held(engine) == {run_id: ("running", None)}


def test_a_machine_that_was_not_there_believes_the_others(
    engine: Engine, tmp_path: Path, redis_url: str
) -> None:
    doorbell = queue.connect(redis_url)
    with writing(engine) as conn:
        make_run(conn)
    sent_and_put_back(engine, tmp_path / "one")

    assert HighWater(engine, tmp_path / "two").compare()
    doorbell.broker.close()


@pytest.mark.parametrize("said", ["", "yesterday", "\xff\xfe"])
def test_a_mark_that_can_not_be_read_says_nothing(
    engine: Engine, tmp_path: Path, said: str
) -> None:
    HighWater(engine, tmp_path / "state").compare()
    [file] = (tmp_path / "state").iterdir()
    file.write_text(said)

    assert not HighWater(engine, tmp_path / "state").compare()
    assert datetime.fromisoformat(file.read_text().strip()) == mark(engine).at


def test_a_new_database_is_not_older(engine: Engine, tmp_path: Path) -> None:
    sent_and_put_back(engine, tmp_path)
    with writing(engine) as conn:
        conn.execute(table.delete())

    assert not HighWater(engine, tmp_path).compare()


def test_the_mark_rises_also_while_the_clock_stands_behind_it(engine: Engine) -> None:
    process = HighWater(engine, None)
    process.compare()
    ahead = mark(engine).at + timedelta(days=1)
    put_back(engine, ahead)

    process.advance()

    assert mark(engine).at == ahead + timedelta(microseconds=1)


def test_a_folder_that_can_not_be_written_is_told_once(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    process = HighWater(engine, tmp_path / "file" / "state")

    with capture_logs() as logs:
        process.compare()
        process.advance()

    assert [each["event"] for each in logs] == ["the mark of what was sent is not kept"]


def test_a_database_put_back_under_a_running_worker_sends_no_more(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
        ids = make_due(conn, run_id, 150)

    def slowly(message: Message) -> Outcome:
        time.sleep(0.05)
        return accept(message)

    adapter = Told(slowly, group=1)
    made = Duty(engine, FrozenClock(NOW), OneCap(), lambda _: adapter, ["email"], limits=LIMITS)
    with on_duty(replace(made)):
        wait_for(lambda: adapter.sent)
        before = mark(engine).at
        wait_for(lambda: mark(engine).at > before)
        put_back(engine, before)
        wait_for(lambda: held(engine)[run_id][0] == "held")

    assert len(adapter.sent) < len(ids)
    assert states(engine) == {"sent": len(adapter.sent), "due": len(ids) - len(adapter.sent)}
