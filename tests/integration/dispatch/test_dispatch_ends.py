"""How a worker ends: asked to, with a provider that is slow or silent, or because its code is old."""

import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from dispatching import LIMITS, OneCap, Told, accept, make_due, rows, states
from makers import NOW, make_run
from pydantic import SecretStr
from scripted_smtp import Post, smtp_server
from sqlalchemy import Engine
from structlog.testing import capture_logs
from waiting import wait_for

from outreach.channels.adapter import Adapter, Message, Outcome
from outreach.channels.email.smtp import SmtpAdapter
from outreach.clock import FrozenClock
from outreach.settings.environment import Environment
from outreach.store.engine import writing
from outreach.store.schema import OtherSchema
from outreach.worker import Duty, on_duty, run_until_idle, run_worker


def duty(engine: Engine, adapter: Adapter, **columns: object) -> Duty:
    made = Duty(engine, FrozenClock(NOW), OneCap(), lambda _: adapter, ["email"], limits=LIMITS)
    return replace(made, **columns)


@pytest.fixture
def due(engine: Engine) -> list[int]:
    with writing(engine) as conn:
        return make_due(conn, make_run(conn), 120)


def newer(engine: Engine) -> None:
    """Bring the database to a migration that no worker of today knows."""
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_future'")


def test_a_worker_of_older_code_settles_what_it_has_and_claims_nothing_more(
    engine: Engine, due: list[int]
) -> None:
    go_on = threading.Event()

    def after_the_upgrade(message: Message) -> Outcome:
        assert go_on.wait(30)
        return accept(message)

    adapter = Told(after_the_upgrade, group=8, lanes=1)
    limits = replace(LIMITS, batch=40)
    ended: list[Exception] = []

    def work() -> None:
        try:
            run_worker(duty(engine, adapter, limits=limits), threading.Event())
        except OtherSchema as error:
            ended.append(error)

    with capture_logs() as logs:
        working = threading.Thread(target=work)
        working.start()
        wait_for(lambda: len(adapter.sent) == 1)
        newer(engine)
        go_on.set()
        working.join(30)

    found = states(engine)
    assert [str(error) for error in ended] == [
        "the database is of a newer outreach: at 9999_future, this one knows " + ended[0].mine
    ]
    assert found.keys() == {"sent", "due"}
    assert found["sent"] == len(adapter.sent) < len(due)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["worker ends"]


def test_run_until_idle_ends_when_the_database_is_newer(engine: Engine, due: list[int]) -> None:
    newer(engine)

    with pytest.raises(OtherSchema):
        run_until_idle(duty(engine, Told()))

    assert states(engine) == {"due": 120}


def test_a_worker_that_is_asked_to_end_waits_for_answers(engine: Engine, due: list[int]) -> None:
    def slowly(message: Message) -> Outcome:
        time.sleep(0.2)
        return accept(message)

    adapter = Told(slowly, group=1, lanes=4)
    with on_duty(duty(engine, adapter)):
        wait_for(lambda: len(adapter.sent) >= 4)

    assert states(engine) == {"sent": len(adapter.sent), "due": len(due) - len(adapter.sent)}


def test_where_the_server_is_silent_before_the_words_the_message_is_free_again(
    engine: Engine, due: list[int], tmp_path: Path
) -> None:
    """One waits at RCPT TO, one at the dot: only the second may have gone out."""
    waits = {"k3@example.com": "rcpt", "k7@example.com": "dot"}
    stuck: set[str] = set()
    over = threading.Event()

    def keeps(stage: str, to: str) -> bool:
        if over.is_set() or waits.get(to) != stage:
            return False
        stuck.add(to)
        return True

    with smtp_server(Post(keeps=keeps)) as post:
        adapter = SmtpAdapter(
            "email", OneCap().company, Environment(project=tmp_path, smtp_url=SecretStr(post.url))
        )
        limits = replace(LIMITS, stop_seconds=4.0)  # the others are answered long before
        with on_duty(duty(engine, adapter, limits=limits)):
            wait_for(lambda: stuck == waits.keys())
        over.set()

    by_address = {row.address: row for row in rows(engine).values()}
    assert by_address["k3@example.com"].state == "due"
    assert by_address["k3@example.com"].tries == 0
    assert by_address["k7@example.com"].state == "unknown"
    assert Counter(row.state for row in by_address.values())["unknown"] == 1


def test_what_has_no_answer_in_time_is_unknown_and_the_rest_is_free(
    engine: Engine, due: list[int]
) -> None:
    answers = threading.Event()

    def one_is_silent(message: Message) -> Outcome:
        if message.id == due[5]:
            assert answers.wait(60)
        return accept(message)

    adapter = Told(one_is_silent, group=1, lanes=2)
    limits = replace(LIMITS, stop_seconds=0.5)
    began_at = 0.0
    with on_duty(duty(engine, adapter, limits=limits)):
        wait_for(lambda: any(message.id == due[5] for message in adapter.sent))
        began_at = time.monotonic()
    took = time.monotonic() - began_at
    answers.set()

    table = rows(engine)
    assert took < 20
    assert table[due[5]].state == "unknown"
    assert Counter(row.state for row in table.values())["unknown"] == 1
    assert {row.state for row in table.values()} <= {"sent", "due", "unknown"}
    assert all(row.worker_id is None for row in table.values())
