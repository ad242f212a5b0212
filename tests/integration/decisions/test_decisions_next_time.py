"""When a message would be allowed next: the first instant that the chain itself lets it pass at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from database_world import arms, fill, undone
from hypothesis import HealthCheck, given, settings
from meanings import build_world
from sqlalchemy import Connection, event, select
from world import Other, World
from worlds import random_world

from outreach.campaign.model import Expression, Place, Schedule, ScheduleKind, Selection
from outreach.campaign.on_date_file import OnDateFile
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.explain import ask_about, explain
from outreach.decisions.localities import Locality, localities
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.planning.next_time import MOST_ASKED, Search, next_time
from outreach.spans import Cap, Per, PerKind
from outreach.store.tables import customers
from outreach.vocabulary import Decision

FRIDAY = {"at": "2026-07-03T17:00+02:00", "company": {"quiet_hours": "none"}}


def searched(conn: Connection, world: World, ruling: Ruling, id_: int) -> datetime | None:
    """When the customer's message would be allowed next."""
    search = Search(ruling, scope_of(world, id_), place_of(conn, id_), world.asked_at)
    turns = everywhere(localities(conn), world.asked_at)
    found = explain(conn, ruling, search.scope, search.place, turns)
    return next_time(conn, search, found.verdict, found.answers)


def scope_of(world: World, id_: int) -> Scope:
    return Scope(world.run_at, seen_at=world.asked_at, about=id_)


def place_of(conn: Connection, id_: int) -> Locality:
    query = select(customers.c.place_id).where(customers.c.id == id_)
    return localities(conn, [conn.execute(query).scalar_one()])[0]


def asked(conn: Connection, world: World, ruling: Ruling, id_: int, at: datetime) -> Verdict:
    """What a plan for another instant says of the customer."""
    scope = replace(scope_of(world, id_), run_at=at)
    return ask_about(conn, ruling, scope, everywhere(localities(conn), at))[1]


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=random_world(arms))
def test_it_may_leave_then_and_at_no_instant_before(conn: Connection, world: World) -> None:
    with undone(conn):
        ruling, ids = fill(conn, world)
        for id_ in ids.values():
            found = searched(conn, world, ruling, id_)
            now = asked(conn, world, ruling, id_, world.asked_at)
            if now.decision is not Decision.SKIP:
                assert found == (now.until or world.asked_at)
            elif found is not None:
                between = (found - world.asked_at) / 7
                earlier = [world.asked_at + number * between for number in range(1, 7)]
                earlier.append(found - timedelta(seconds=1))
                then = asked(conn, world, ruling, id_, found)

                assert then.decision is Decision.SEND
                for at in () if shares(conn, id_) else earlier:
                    verdict = asked(conn, world, ruling, id_, at)
                    assert verdict.until is None or verdict.until >= found
                    assert verdict.decision is not Decision.SEND


def shares(conn: Connection, id_: int) -> bool:
    """Whether others have the customer's address: what they get, by their clocks, is not followed."""
    query = select(customers.c.shares).where(customers.c.id == id_)
    return bool(conn.execute(query).scalar_one())


def test_who_is_capped_comes_by_the_first_occurrence_with_room(conn: Connection) -> None:
    weekly = {"cadence": [{"at_most": 1, "per": "7 days"}]}
    world = build_world({**FRIDAY, "company": weekly, "touches": [{"at": "-3 days"}]})
    schedule = Schedule(ScheduleKind.CRON, cron="0 17 * * FRI")
    world = replace(world, campaign=replace(world.campaign, schedule=schedule))
    ruling, ids = fill(conn, world)

    found = searched(conn, world, ruling, ids["anna"])

    assert found == datetime(2026, 7, 10, 15, tzinfo=UTC)


def test_whose_birthday_is_another_day_gets_it_on_that(conn: Connection) -> None:
    world = build_world({**FRIDAY, "customer": {"birthday": "1990-05-20"}})
    day = OnDateFile.model_validate({"field": "birthday", "at": "09:00"}).on_date()
    schedule = Schedule(ScheduleKind.ON_DATE, on_date=day)
    world = replace(world, campaign=replace(world.campaign, schedule=schedule))
    ruling, ids = fill(conn, world)

    found = searched(conn, world, ruling, ids["anna"])

    assert found == datetime(2027, 5, 20, 7, tzinfo=UTC)


def test_no_time_helps_who_never_agreed(conn: Connection) -> None:
    world = build_world({**FRIDAY, "consents": []})
    ruling, ids = fill(conn, world)

    assert searched(conn, world, ruling, ids["anna"]) is None


def test_a_slot_is_free_once_it_is_too_late_for_the_campaign_above(conn: Connection) -> None:
    world = build_world(FRIDAY)
    due_now = Schedule(ScheduleKind.AT, at=world.asked_at, timezone="customer")
    above = replace(world.campaign, name="omega", priority=90, schedule=due_now)
    month = (Cap(1, Per(PerKind.MONTH, 1)),)
    world = replace(
        world,
        campaign=replace(world.campaign, schedule=Schedule(ScheduleKind.MANUAL)),
        company=world.company.model_copy(update={"cadence": month}),
        others=(Other(above, {}),),
    )
    ruling, ids = fill(conn, world)

    found = searched(conn, world, ruling, ids["anna"])

    assert found == world.asked_at + due_now.late + timedelta(microseconds=1)


def test_who_is_not_in_the_audience_is_not_asked_about_by_the_whole_chain(conn: Connection) -> None:
    world = build_world(FRIDAY)
    nobody = Expression("created_at > now", Place("c.yaml", 1, 1))
    hourly = Schedule(ScheduleKind.CRON, cron="0 * * * *", timezone="Europe/Berlin")
    world = replace(
        world,
        campaign=replace(world.campaign, schedule=hourly, audience=Selection(where=nobody)),
    )
    ruling, ids = fill(conn, world)
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    event.listen(conn, "before_cursor_execute", note)
    try:
        found = searched(conn, world, ruling, ids["anna"])
    finally:
        event.remove(conn, "before_cursor_execute", note)

    assert found is None
    assert MOST_ASKED < len(asked) < 3 * MOST_ASKED
