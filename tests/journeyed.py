"""A random journey carried out: by the scheduler and a worker under a moving clock, through capture."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any
from unittest.mock import patch

from commands import environment
from dying import DiesError, dying_at
from journey_world import Asked, Happening, Item, Journey, JourneyWorld, Message, Pause, Told, Walk
from journeying import COMPANY, HEAD, KEY
from makers import grant, make_customer
from sqlalchemy import Connection, Engine, event, select, update

from outreach.app.context import Context, open_context
from outreach.app.running import Tick
from outreach.clock import MovingClock
from outreach.scheduler import run_here
from outreach.store.engine import make_engine, reading, writing
from outreach.store.events import Event, add_events
from outreach.store.tables import customers, deliveries, enrolments

BODY = "Hello\n\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def walked(folder: Path, engine: Engine, world: JourneyWorld) -> dict[str, list[Walk]]:
    """By key how often each customer came in, and what became of it."""
    project = folder / "project"
    _write(project, world.journey)
    with writing(engine) as conn:
        ids = {
            person.key: make_customer(
                conn, person.key, email=f"{person.key}@example.com", timezone=person.zone,
                tier=person.tier,
            )
            for person in world.people
        }  # fmt: skip
        for id_ in ids.values():
            grant(conn, id_, at=world.looks[0] - timedelta(days=30))
    url = engine.url.render_as_string(hide_password=False)
    with patch.dict("os.environ", environment(database_url=url, secret_key=KEY), clear=True):
        clock = MovingClock(world.looks[0])
        context = open_context(project).by(clock)
        assert not context.loaded.problems, context.loaded.problems
        try:
            _look_at_all(context, clock, world, ids)
        finally:
            context.close()
    with reading(engine) as conn:
        return {key: _walks(conn, id_) for key, id_ in ids.items()}


def _look_at_all(
    context: Context, clock: MovingClock, world: JourneyWorld, ids: dict[str, int]
) -> None:
    tick, left = Tick(context), list(world.happenings)
    for clock.at in world.looks:
        while left and left[0].at <= clock.at:
            with writing(context.engine) as conn:
                _record(conn, ids, left.pop(0))
        if clock.at in world.deaths:
            _die(context, clock, world.deaths[clock.at])
        run_here(context, until_idle=True, stop=Flag(), tick=tick)


def _die(context: Context, clock: MovingClock, number: int) -> None:
    """Another scheduler looks, and is killed at the commit of this number, if there are so many."""
    mortal = make_engine(context.engine.url.render_as_string(hide_password=False))
    tick = Tick(context.on(mortal, clock))
    event.listen(mortal, "commit", dying_at(number))
    with suppress(DiesError):
        tick()
    mortal.dispose()


def _record(conn: Connection, ids: dict[str, int], each: Happening) -> None:
    if each.tier:
        c = customers.c
        conn.execute(update(customers).where(c.id == ids[each.key]).values(tier=each.tier))
        return
    assert each.dated is not None
    add_events(conn, [Event(ids[each.key], each.kind, each.dated, each.amount)], each.at)


def _walks(conn: Connection, customer_id: int) -> list[Walk]:
    e, d = enrolments.c, deliveries.c
    found = conn.execute(select(enrolments).where(e.customer_id == customer_id).order_by(e.id))
    return [
        Walk(
            each.entered_at,
            tuple(
                Told(one.step, one.planned_at, _reason(one), one.sent_at)
                for one in conn.execute(
                    select(deliveries).where(d.enrolment_id == each.id).order_by(d.id)
                )
            ),
            each.ended_as or "",
            each.ended_at,
        )
        for each in found.all()
    ]


def _reason(row: Any) -> str:
    return "sent" if row.state == "sent" else "" if row.ready else row.reason or row.state


def _write(project: Path, journey: Journey) -> None:
    for name in ("campaigns", "templates/note"):
        (project / name).mkdir(parents=True)
    (project / "outreach.yaml").write_text(COMPANY)
    (project / "templates/note/subject.txt").write_text("A note")
    (project / "templates/note/body.txt").write_text(BODY)
    said = {
        "schedule": _schedule(journey),
        "steps": [_step(each) for each in journey.items],
        "exit": _text(journey.exit),
        "reentry": _reentry(journey.again),
        "audience": _audience(journey),
    }
    lines = [f"{key}: {json.dumps(each)}" for key, each in said.items() if each is not None]
    head = HEAD.replace("audience: everyone\n", "")
    (project / "campaigns/way.yaml").write_text(head + "\n".join(lines) + "\n")


def _audience(journey: Journey) -> dict[str, Any] | str:
    found: dict[str, Any] = {}
    if journey.audience is not None:
        found["where"] = journey.audience.text
    if journey.exclude is not None:
        found["exclude"] = {"where": journey.exclude.text}
    return found or "everyone"


def _schedule(journey: Journey) -> dict[str, Any]:
    on_event = {"kind": "order", "where": _text(journey.where), "after": _span(journey.after)}
    found: dict[str, Any] = {
        "on_event": {key: each for key, each in on_event.items() if each is not None},
        "late": _span(journey.late),
    }
    if journey.window is not None:
        found["window"] = "-".join(f"{each:%H:%M}" for each in journey.window)
    return found


def _reentry(again: timedelta | None) -> str:
    if again is None:
        return "always"
    return f"after {_span(again)}" if again > timedelta(0) else "never"


def _step(item: Item) -> dict[str, Any]:
    if isinstance(item, Message):
        said = {"id": item.id, "channels": "email", "template": "note", "when": _text(item.when)}
        return {key: each for key, each in said.items() if each is not None}
    if isinstance(item, Pause):
        return {"wait": _wait(item)}
    return {
        "branch": [
            {"otherwise": [_step(each) for each in steps]}
            if when is None
            else {"when": when.text, "steps": [_step(each) for each in steps]}
            for when, steps in item.ways
        ]
    }


def _wait(pause: Pause) -> dict[str, str]:
    if pause.span is not None:
        return {"for": _span(pause.span) or ""}
    if pause.at is not None:
        day = "day" if pause.weekday is None else DAYS[pause.weekday]
        return {"until": f"{day} at {pause.at:%H:%M}"}
    return {
        "id": pause.id,
        "until": _text(pause.until) or "",
        "at_most": _span(pause.at_most) or "",
    }


def _span(span: timedelta) -> str | None:
    return f"{span // timedelta(hours=1)} hours" if span else None


def _text(asked: Asked | None) -> str | None:
    return None if asked is None else asked.text
