"""Every row of docs/meanings/owed.yaml, on both databases, through the round that the tick makes."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from makers import make_customer
from owed_meanings import PATH, Hour, Said, Story, page, stories
from sqlalchemy import Connection, Engine, Row, select

from outreach.owed.rounds import Round, go_round
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE, load_company
from outreach.store.engine import reading, writing
from outreach.store.events import Event, add_events
from outreach.store.retractions import retract_events
from outreach.store.revisions import save_company
from outreach.store.tables import events, tasks
from outreach.vocabulary import PROMISE_MISSED

OWNERS = {"a": "mei", "b": "mei", "c": "mei", "d": "mei", "e": None}


@pytest.mark.parametrize("story", stories(), ids=str)
def test_tasks_follow_from_events(engine: Engine, now: datetime, story: Story) -> None:
    with writing(engine) as conn:
        ids = {key: make_customer(conn, key, owner=owner) for key, owner in OWNERS.items()}
        company = written(conn, story.company, now)
    found = []

    for hour in story.hours:
        at = now + timedelta(hours=hour.hour)
        with writing(engine) as conn:
            told = [event_of(each, hour, ids, now) for each in hour.said()]
            assert add_events(conn, told, at) == told
            if hour.retract:
                retract_events(conn, [hour.retract], "mei", at)
            if hour.rules:
                company = written(conn, story.company | {"tasks": hour.rules}, at)
        go_round(engine, company, at)
        assert go_round(engine, company, at) == Round(0, frozenset(), 0, 0)
        found.append(stands(engine))

    assert found == [(hour.tasks, hour.missed) for hour in story.hours]


def written(conn: Connection, rules: dict[str, object], at: datetime) -> Company:
    """The company with these rules in outreach.yaml, which are in force from here on."""
    content = json.dumps({"brand": {"name": "Sample"}, **rules}).encode()
    company, problems = load_company(content)
    assert company is not None, problems
    save_company(conn, {COMPANY_FILE: content}, at)
    return company


def event_of(said: Said, hour: Hour, ids: dict[str, int], now: datetime) -> Event:
    due = now + timedelta(hours=said.hour("due", 0)) if "due" in said.about else None
    data = {"what": said.id, "promise": said.about.get("names")}
    at = now + timedelta(hours=said.hour("at", hour.hour))
    return Event(ids[said.about.get("of", "a")], said.kind, at, None, said.id, data, due)


def stands(engine: Engine) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where tasks stand, by the events that they come from, and which promises were missed."""
    with reading(engine) as conn:
        found = tuple(map(_told, conn.execute(select(tasks).order_by(tasks.c.id))))
        missed = select(events.c.data).where(events.c.kind == PROMISE_MISSED)
        whose = {each["task"] for each in conn.execute(missed).scalars()}
        promises = select(tasks.c.title).where(tasks.c.id.in_(whose)).order_by(tasks.c.id)
        return found, tuple(conn.execute(promises).scalars())


def _told(task: Row[Any]) -> str:
    nobodys = "" if task.owner else " for nobody"
    return f"{task.title} {task.state}{nobodys}" + (
        f" to {task.escalated_to}" if task.escalated_to else ""
    )


def test_the_page_is_made_from_the_rows() -> None:
    assert PATH.with_suffix(".md").read_text("utf-8") == page()
