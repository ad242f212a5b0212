"""However often a scheduler dies, or two look at once: each step is planned once for each customer."""

import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dying import DiesError, dying_at
from journeying import a_way
from makers import make_customers
from sqlalchemy import Connection, Engine, event, select

from outreach.app.context import open_context
from outreach.app.running import Tick
from outreach.clock import FrozenClock
from outreach.store.engine import make_engine, reading, writing
from outreach.store.tables import campaigns, deliveries, enrolments

STEPS = "[{id: a, channels: email, template: note}, {id: b, channels: email, template: note}]"
WAY = f"schedule: {{on_event: order}}\nsteps: {STEPS}\n"
NINE = "2026-07-01T09:00"
MANY = 2_600  # more than are written together of those who are decided about together


def tick_on(project: Path, engine: Engine) -> Tick:
    """A scheduler at nine, on a database of its own."""
    at = datetime.fromisoformat(NINE).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    return Tick(open_context(project).on(engine, FrozenClock(at)))


def planned(engine: Engine) -> list[tuple[str, int]]:
    """Steps of deliveries with their enrolment."""
    with reading(engine) as conn:
        rows = conn.execute(select(deliveries.c.step, deliveries.c.enrolment_id)).all()
    return sorted(map(tuple, rows))


@pytest.mark.parametrize("number", range(1, 10))
def test_a_scheduler_that_dies_between_any_two_commits_leaves_nobody_with_two_or_none(
    tmp_path: Path, engine: Engine, number: int
) -> None:
    way = a_way(tmp_path, engine, WAY)
    way.events(NINE, f"ann,order,{NINE}", f"bob,order,{NINE}")
    mortal = make_engine(way.url)
    tick = tick_on(way.project, mortal)
    event.listen(mortal, "commit", dying_at(number))
    with suppress(DiesError):
        tick()
    mortal.dispose()

    way.run(NINE, "2026-07-01T09:01")

    assert (way.messages("ann"), way.messages("bob")) == (["a", "b"], ["a", "b"])
    assert way.ways("ann") == ["finished"]


def test_a_scheduler_that_dies_with_a_part_written_leaves_nobody_with_two_or_none(
    tmp_path: Path, engine: Engine
) -> None:
    way = a_way(tmp_path, engine, WAY)
    keys = [f"c{number}" for number in range(MANY)]
    with writing(engine) as conn:
        make_customers(conn, keys)
    way.events(NINE, *(f"{key},order,{NINE}" for key in keys))

    def die_once_any_are_there(_: Connection) -> None:
        if planned(engine):
            raise DiesError

    mortal = make_engine(way.url)
    event.listen(mortal, "commit", die_once_any_are_there)
    with suppress(DiesError):
        tick_on(way.project, mortal)()
    mortal.dispose()
    written = planned(engine)

    tick_on(way.project, engine)()

    assert 0 < len(written) < MANY
    assert planned(engine) == [(step, number) for step in "ab" for number in range(1, MANY + 1)]


def test_two_schedulers_at_once_plan_each_step_once(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, WAY)
    way.events(NINE, f"ann,order,{NINE}", f"bob,order,{NINE}")
    engines = [make_engine(way.url) for _ in range(2)]
    threads = [threading.Thread(target=tick_on(way.project, each)) for each in engines]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for each in engines:
        each.dispose()
    assert planned(engine) == [("a", 1), ("a", 2)]


def test_an_event_starts_it_once_although_its_mark_was_lost(tmp_path: Path, engine: Engine) -> None:
    """As where the process died behind the enrolment and before the mark: it looks again."""
    way = a_way(tmp_path, engine, WAY)
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE, "2026-07-01T09:01")
    with writing(engine) as conn:
        conn.execute(campaigns.update().values(events_until=0))

    way.run("2026-07-01T09:02")

    with reading(engine) as conn:
        assert len(conn.execute(select(enrolments.c.id)).all()) == 1
    assert way.messages() == ["a", "b"]
