"""A simulated week is the week as it then comes: row by row, on both databases."""

from collections import Counter
from pathlib import Path

import pytest
from commands import outreach_here
from simulated_week import (
    DAYS,
    START,
    comparable,
    differing,
    reasons_in,
    run_hourly,
    week_project,
)

PEOPLE = 260
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"


def test_a_simulated_week_agrees_row_by_row_with_the_week_that_comes(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"database_url": database_url, "secret_key": KEY}
    project = week_project(tmp_path / "project", PEOPLE, **settings)
    at = ("--now", START.isoformat())

    simulated = outreach_here(
        project, "simulate", "--days", DAYS, "--rows", "simulated.csv", "--json", *at, **settings
    )
    for name, value in settings.items():
        monkeypatch.setenv(f"OUTREACH_{name.upper()}", value)
    run_hourly(project, START, DAYS)
    outreach_here(project, "report", "--rows", "real.csv", **settings)

    real = comparable(project / "real.csv")
    assert differing(comparable(project / "simulated.csv"), real) == []
    found = Counter((row[7], row[10]) for row in real)
    assert found["send", "sent"] + found["hold", "sent"] >= 1_000
    assert found["hold", "sent"] >= 100  # put off, and sent when their hour came
    assert {
        "capped",
        "reserved",
        "quiet_hours",
        "outside_window",
        "duplicate",
        "holdout",
        "awaiting_winner",
        "exited",
    } <= reasons_in(project / "real.csv")
    assert {row[2] for row in real if row[1] == "way"} == {"hello", "more", "less", "last"}
    assert any(row[1] == "thanks" and row[10] == "sent" for row in real)
    assert {row[4] for row in real if row[1] == "tested"} >= {"plain", "warm"}
    assert simulated.json["stages"]["main"]["moves"]
