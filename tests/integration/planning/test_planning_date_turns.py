"""Every row of docs/meanings/date-turns.md: runs made, planned and claimed look by look."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from database_world import fill
from date_meanings import PATH, Life, lives, page
from makers import make_place
from sqlalchemy import Connection, Engine, select, update

from outreach.app.running import scope_of
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling
from outreach.planning.run import plan_run
from outreach.planning.tick import Candidate, make_due_runs
from outreach.settings.company import Company
from outreach.store.engine import reading, writing
from outreach.store.runs import runs_in
from outreach.store.tables import customers, deliveries, runs
from outreach.vocabulary import Decision, RunState, Status


@pytest.mark.parametrize("life", lives(), ids=str)
def test_each_look_finds_what_the_page_says(engine: Engine, life: Life) -> None:
    world = life.world
    campaign = replace(world.campaign, status=Status.ACTIVE)
    candidate = Candidate(campaign, {"campaigns/greeting.yaml": b"title: greeting"})
    with writing(engine) as conn:
        ruling, _ = fill(conn, replace(world, campaign=campaign))
    look(engine, candidate, ruling, world.company, life.active)

    for each in life.looks:
        with writing(engine) as conn:
            change(conn, each.changed)
        look(engine, candidate, ruling, world.company, each.at.astimezone(UTC))

        with reading(engine) as conn:
            assert standing(conn) == list(each.stands), each.at


def change(conn: Connection, columns: dict[str, str | None]) -> None:
    """What an import would write about the one customer."""
    values: dict[str, object] = dict(columns)
    if "timezone" in columns:
        values["place_id"] = make_place(conn, columns["timezone"] or "", "AS")
    if values:
        conn.execute(update(customers).values(**values))


def look(
    engine: Engine, candidate: Candidate, ruling: Ruling, company: Company, now: datetime
) -> None:
    """What a scheduler and a worker do at an instant."""
    make_due_runs(engine, company, [candidate], now)
    with reading(engine) as conn:
        to_plan = runs_in(conn, RunState.PLANNING)
    for run in to_plan:
        plan_run(engine, run, ruling, scope_of(run, now), "me", now)
    with writing(engine) as conn:
        claim(conn, ruling, now)


def claim(conn: Connection, ruling: Ruling, now: datetime) -> None:
    """Decide again about all that is due, and write down what goes and what does not."""
    d = deliveries.c
    due = select(d.id, d.run_id, d.run_at).where(d.state.in_(["due", "held"]), d.due_at <= now)
    for row in conn.execute(due).all():
        verdict = recheck(conn, ruling, row.run_id, row.run_at, [row.id], now)[row.id]
        gone = verdict.decision is Decision.SEND
        reason = None if verdict.reason is None else verdict.reason.value
        values = {"state": "sent" if gone else "skipped", "reason": reason, "slot_at": None}
        conn.execute(update(deliveries).where(d.id == row.id).values(ready=False, **values))


def standing(conn: Connection) -> list[str]:
    """The deliveries with the day that each is for."""
    d = deliveries.c
    query = select(runs.c.local_at, runs.c.occurrence_at, d.state, d.reason)
    rows = conn.execute(query.join(deliveries, d.run_id == runs.c.id).order_by(d.run_at)).all()
    days = [(row.local_at or row.occurrence_at.isoformat())[:10] for row in rows]
    whys = [f": {row.reason}" if row.reason else "" for row in rows]
    return [f"{day} {row.state}{why}" for day, row, why in zip(days, rows, whys, strict=True)]


def test_the_page_shows_its_rows() -> None:
    """`python tests/date_meanings.py` writes it anew."""
    assert PATH.with_suffix(".md").read_text("utf-8") == page()
