"""Workers of other processes are told of what is planned here."""

from pathlib import Path

import pytest
from commands import sample_project
from dispatching import make_due
from makers import NOW, make_run
from sqlalchemy import Engine

from outreach import queue
from outreach.app.context import open_context
from outreach.app.ringing import bell
from outreach.store.engine import writing


def test_they_are_woken_at_each_call_and_at_the_end(
    engine: Engine, database_url: str, redis_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_BROKER_URL", redis_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyzABCD")
    with writing(engine) as conn:
        make_due(conn, make_run(conn, "greeting"), 1)
    context = open_context(sample_project(tmp_path / "project"), NOW.isoformat())
    client = queue.make_broker(redis_url).client  # type: ignore[attr-defined]

    with bell(context) as ring:
        before = client.llen("outreach:channels")
        ring()
    after = client.llen("outreach:channels")

    context.close()
    assert (before, after) == (0, 2)
