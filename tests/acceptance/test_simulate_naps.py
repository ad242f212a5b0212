"""A project on a copy under a clock that is put forward: what looks it leaves out changes nothing."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commands import sample_project
from letterbox import people

from outreach.app.context import open_context
from outreach.app.simulated import simulated
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


def test_hours_in_which_nothing_can_come_due_are_left_out_and_change_nothing(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"database_url": database_url, "secret_key": KEY}
    for name, value in settings.items():
        monkeypatch.setenv(f"OUTREACH_{name.upper()}", value)
    project = sample_project(tmp_path / "project")
    (project / "campaigns/way.yaml").write_text(WAY)
    people(project, 10, **settings)

    each_hour, none = simulate(project, naps=False)
    rows, left_out = simulate(project, naps=True)

    assert rows == each_hour
    steps = Counter(row.step for row in rows if row.campaign == "way")
    assert steps == {"hello": 10, "more": 10, "last": 10}
    assert none == 0
    assert left_out > 100
