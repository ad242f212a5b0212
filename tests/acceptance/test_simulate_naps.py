"""A project on a copy under a clock that is put forward: what is left out or shared out changes nothing."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import sample_project
from letterbox import people
from sqlalchemy import Connection

from outreach.app.context import open_context
from outreach.app.simulated import simulated
from outreach.decisions.asking import Question
from outreach.planning import hands
from outreach.reports.rows import DecidedRow, decided_rows
from outreach.simulation.span import instants
from outreach.store.engine import reading

START = datetime.fromisoformat("2026-07-02T12:00:00-04:00")  # a Thursday
DAYS = timedelta(days=6)
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
WAY = """\
title: A way
owner: mei@example.com
topic: service
status: active
audience: everyone
schedule: {at: 2026-07-03T20:00, timezone: customer}
steps:
  - {id: hello, channels: [email], template: service-notice}
  - wait: 20 hours
  - {id: more, channels: [email], template: service-notice}
  - wait: {until: monday at 10:00}
  - {id: last, channels: [email], template: service-notice}
"""


def simulate(project: Path, *, naps: bool) -> tuple[list[DecidedRow], int]:
    """What comes of the days, and at how many hours nothing was asked of the base."""
    context, left_out = open_context(project, START.isoformat()), 0
    try:
        with simulated(context, START) as sim:
            sim.naps = naps
            for at in instants(START, START + DAYS):
                left_out += sim.is_asleep(at)
                sim.step(at)
            with reading(sim.context.engine) as conn:
                return list(decided_rows(conn, only=sim.since.own)), left_out
    finally:
        context.close()


@pytest.fixture
def project(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample with a journey, and ten customers."""
    settings = {"database_url": database_url, "secret_key": KEY}
    for name, value in settings.items():
        monkeypatch.setenv(f"OUTREACH_{name.upper()}", value)
    made = sample_project(tmp_path / "project")
    (made / "campaigns/way.yaml").write_text(WAY)
    people(made, 10, **settings)
    return made


def test_hours_in_which_nothing_can_come_due_are_left_out_and_change_nothing(
    project: Path,
) -> None:

    each_hour, none = simulate(project, naps=False)
    rows, left_out = simulate(project, naps=True)

    assert rows == each_hour
    steps = Counter(row.step for row in rows if row.campaign == "way")
    assert steps == {"hello": 10, "more": 10, "last": 10}
    assert none == 0
    assert left_out > 100


def test_a_large_copy_is_shared_out_and_its_rows_are_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, _ = simulate(project, naps=True)
    asked, claimed = [], []

    def claimed_in(conn: Connection, parts: Sequence[Any], hands_: int) -> Any:
        claimed.append(len(parts) if hands_ > 1 else 1)
        return hands.decided_in(conn, parts, hands_)

    def large(conn: Connection, question: Question) -> int:
        asked.append(question)
        return hands.MOST

    monkeypatch.setattr("outreach.planning.run.hands_for", large)
    monkeypatch.setattr("outreach.store.engine.ALONE", 3)
    monkeypatch.setattr("outreach.simulation.claiming.PART", 2)
    monkeypatch.setattr("outreach.simulation.claiming.decided_in", claimed_in)

    shared_out, _ = simulate(project, naps=True)

    assert sorted(shared_out, key=repr) == sorted(alone, key=repr)
    assert asked
    assert max(claimed) > 1
