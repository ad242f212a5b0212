"""A broker that is restarted empty, or flushed: rings are heard again."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import redis
import restarting
from dispatching import LIMITS, OneCap, Told, make_due
from makers import NOW, make_run
from sqlalchemy import Engine
from structlog.testing import capture_logs
from waiting import wait_for

from outreach import queue
from outreach.clock import FrozenClock
from outreach.store.engine import writing
from outreach.worker import Duty, on_duty


def test_rings_are_heard_again_once_the_broker_is_back(sqlite_engine: Engine) -> None:
    adapter = Told()
    duty = Duty(
        sqlite_engine, FrozenClock(NOW), OneCap(), lambda _: adapter, ["email"], limits=LIMITS
    )

    def rung(campaign: str) -> Callable[[], bool]:
        with writing(sqlite_engine) as conn:
            make_due(conn, make_run(conn, campaign), 2, first=len(adapter.sent))
        before = len(adapter.sent)
        return lambda: queue.wake("email") and len(adapter.sent) == before + 2

    with ExitStack() as stack:
        broker = stack.enter_context(restarting.valkey())
        logs = stack.enter_context(capture_logs())
        stack.enter_context(on_duty(replace(duty, broker_url=broker.url), look_seconds=120))
        wait_for(rung("before"))
        client = redis.Redis.from_url(broker.url)
        client.flushall()
        client.close()
        wait_for(rung("flushed"))
        broker.stop()
        assert not queue.wake("email")
        broker.start()
        wait_for(rung("restarted"))

    events = [each["event"] for each in logs if each["log_level"] == "warning"]
    assert events == ["broker is down; workers ask the database", "broker answers again"]
