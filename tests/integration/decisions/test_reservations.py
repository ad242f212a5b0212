"""Slots that campaigns above reserve: from the calendar, until their runs have their rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from database_world import Needs, fill, verdicts
from makers import make_campaign, make_delivery, make_run
from sqlalchemy import Connection, select, update
from world import Consent, Customer, World

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.decisions.candidate import Scope
from outreach.decisions.explain import explain
from outreach.decisions.localities import localities
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.settings.company import Brand, Company
from outreach.spans import Cap, Per, PerKind
from outreach.store import tables
from outreach.vocabulary import ConsentState, Reason

AT = datetime(2026, 7, 3, 15, tzinfo=UTC)  # a Friday, 17:00 in Berlin
SECOND = timedelta(seconds=1)
FRIDAYS = Schedule(ScheduleKind.CRON, cron="0 17 * * FRI")
LOWER = Campaign(
    "greeting", "", "mei@example.com", "greetings", Selection(), Schedule(ScheduleKind.MANUAL),
    (Step("greet", ("email",), "greeting"),),
)  # fmt: skip
HIGHER = replace(LOWER, name="offer", priority=90, schedule=Schedule(ScheduleKind.AT, at=AT))
COMPANY = Company(
    brand=Brand(name="Acme", timezone="Europe/Berlin"),
    cadence=(Cap(1, Per(PerKind.DAYS, 7)),),
    quiet_hours=(),
)
PEOPLE = {"anna": "Europe/Berlin", "ben": "America/New_York", "chiyo": "Asia/Tokyo"}


def begin(conn: Connection, higher: Campaign = HIGHER, at: datetime = AT) -> tuple[Ruling, World]:
    """Three customers who agreed, and the greeting below another campaign, which has no run yet."""
    people = tuple(Customer(key, f"{key}@example.com", None, zone) for key, zone in PEOPLE.items())
    agreed = tuple(
        Consent(key, "email", "greetings", ConsentState.GRANTED, at - timedelta(days=90))
        for key in PEOPLE
    )
    world = World(people, LOWER, COMPANY, at, at, agreed)
    ruling, _ = fill(conn, world)
    number = make_campaign(conn, higher.name)
    looked(conn, AT - timedelta(days=1))
    return ruling.below([make_ruling(number, 0, higher, COMPANY, Needs({}))]), world  # type: ignore[arg-type]


def looked(conn: Connection, until: datetime) -> None:
    """The scheduler has made every run up to an instant."""
    values = {"active_since": AT - timedelta(days=30), "looked_until": until}
    conn.execute(update(tables.campaigns).values(values))


def reasons(conn: Connection, world: World, ruling: Ruling) -> dict[str, str]:
    """By customer, why not; "" for those who get it."""
    return {key: each.reason or "" for key, each in verdicts(conn, world, ruling).items()}


def test_each_place_has_its_own_next_occurrence(conn: Connection) -> None:
    ruling, world = begin(conn, replace(HIGHER, schedule=FRIDAYS), AT + timedelta(hours=1))
    first_at = datetime(2026, 7, 3, 3, tzinfo=UTC)  # 17:00 on the first clock of the earth
    make_run(conn, "offer", kind="schedule", occurrence_at=first_at, state="planning",
             planned_until=AT)  # fmt: skip

    found = reasons(conn, world, ruling)

    # today in New York; for the others in a week, which for Tokyo, where it is Saturday, is near
    assert found == {"anna": "", "ben": "reserved", "chiyo": "reserved"}


def test_an_occurrence_that_has_come_counts_until_its_run_is_planned(conn: Connection) -> None:
    ruling, world = begin(conn, at=AT + 5 * SECOND)
    no_run_yet = reasons(conn, world, ruling)
    run_id = make_run(conn, "offer", kind="schedule", occurrence_at=AT, state="planning")
    looked(conn, AT)
    to_plan = reasons(conn, world, ruling)
    conn.execute(update(tables.runs).where(tables.runs.c.id == run_id).values(state="running"))
    planned = reasons(conn, world, ruling)

    assert set(no_run_yet.values()) == set(to_plan.values()) == {"reserved"}
    assert set(planned.values()) == {""}


@pytest.mark.parametrize(("seconds", "reason"), [(0, "reserved"), (1, "")])
def test_an_occurrence_without_a_run_counts_no_longer_than_its_late(
    conn: Connection, seconds: int, reason: str
) -> None:
    ruling, world = begin(conn, at=AT + timedelta(hours=24) + seconds * SECOND)

    assert set(reasons(conn, world, ruling).values()) == {reason}


def test_who_has_a_row_in_a_run_that_is_being_planned_is_not_counted_twice(
    conn: Connection,
) -> None:
    ruling, world = begin(conn)
    run_id = make_run(conn, "offer", kind="schedule", occurrence_at=AT, state="planning")
    ids = dict(conn.execute(select(tables.customers.c.key, tables.customers.c.id)).all())
    make_delivery(conn, ids["anna"], "skipped", run_id=run_id, step="greet")

    assert reasons(conn, world, ruling) == {"anna": "", "ben": "reserved", "chiyo": "reserved"}


def test_places_that_a_run_has_planned_are_not_reserved_any_more(conn: Connection) -> None:
    local = datetime(2026, 7, 3, 17)  # noqa: DTZ001  a wall clock's time
    higher = replace(HIGHER, schedule=Schedule(ScheduleKind.AT, at_local=local))
    ruling, world = begin(conn, higher)
    make_run(
        conn, "offer", kind="schedule", occurrence_at=local.replace(tzinfo=UTC) - 14 * 3600 * SECOND,
        local_at=local.isoformat(), state="planning", planned_until=AT,
    )  # fmt: skip
    looked(conn, AT)

    assert reasons(conn, world, ruling) == {"anna": "", "ben": "reserved", "chiyo": ""}


def test_a_campaign_that_no_scheduler_has_seen_counts_from_now_on(conn: Connection) -> None:
    ruling, world = begin(conn)
    conn.execute(update(tables.campaigns).values(active_since=None, looked_until=None))

    assert set(reasons(conn, world, ruling).values()) == {"reserved"}


def test_a_claim_gives_way_as_the_plan_would(conn: Connection) -> None:
    ruling, _ = begin(conn)
    run_id = make_run(conn, LOWER.name, occurrence_at=AT)
    ids = conn.execute(select(tables.customers.c.id)).scalars()
    mine = [make_delivery(conn, id_, "due", run_id=run_id, at=AT) for id_ in ids]

    above = recheck(conn, ruling, run_id, AT, mine, AT)
    alone = recheck(conn, ruling.below([]), run_id, AT, mine, AT)

    assert {each.reason for each in above.values()} == {Reason.RESERVED}
    assert {each.reason for each in alone.values()} == {None}


def test_explain_names_the_campaign_when_it_comes_and_until_when_it_counts(
    conn: Connection,
) -> None:
    ruling, _ = begin(conn, replace(HIGHER, schedule=FRIDAYS))
    c = tables.customers.c
    id_, place_id = conn.execute(select(c.id, c.place_id).where(c.key == "ben")).one()
    scope = Scope(run_at=AT, seen_at=AT, about=id_)

    found = explain(conn, ruling, scope, localities(conn, [place_id])[0], {place_id: AT})

    details = [each.detail for each in found.answers if each.rule is Reason.RESERVED]
    assert details == [
        "1 of 1 per 7 days; reserved by offer, which comes 2026-07-03 17:00-04:00,"
        " until 2026-07-10 00:00-04:00"
    ]
