"""Which runs come first where people look at them, on both databases."""

from datetime import timedelta

from makers import NOW, make_run
from sqlalchemy import Engine

from outreach.store.engine import reading, writing
from outreach.store.runs import latest_runs


def test_runs_that_wait_for_a_person_come_before_newer_ones(engine: Engine) -> None:
    states = ("held", "done", "paused", "done", "running")
    with writing(engine) as conn:
        for days, state in enumerate(states):
            make_run(conn, state=state, occurrence_at=NOW + timedelta(days=days))

    with reading(engine) as conn:
        found = [run.state.value for run in latest_runs(conn, limit=4)]

    assert found == ["paused", "held", "running", "done"]
