"""A run's rows are what its plan says; planners resume and never double."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from database_world import Needs
from makers import NOW, grant, make_campaign, make_customer, make_revision, make_run
from sqlalchemy import Connection, Engine, event, func, select, update

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.planning.occasion import Occasion
from outreach.planning.plan import count, rows
from outreach.planning.run import plan_run
from outreach.planning.tenure import tenure
from outreach.settings.company import Brand, Company, Topic
from outreach.store.engine import reading, reading_together, writing
from outreach.store.runs import Run, run_by_id, take_planning
from outreach.store.sharing import mark_sharing
from outreach.store.tables import customers, deliveries
from outreach.store.tables import runs as runs_table
from outreach.vocabulary import Reason, RunState, State

LOCAL = datetime(2026, 7, 3, 17)  # noqa: DTZ001  a wall clock's time
LATER = datetime(2026, 7, 5, tzinfo=UTC)


def a_ruling(number: int, zone: str = "customer") -> Ruling:
    """The ruling of a greeting by mail to everyone."""
    campaign = Campaign(
        "greeting",
        "",
        "mei@example.com",
        "greetings",
        Selection(),
        Schedule(ScheduleKind.CRON, cron="0 17 * * FRI", timezone=zone),
        (Step("greet", ("email",), "greeting"),),
    )
    company = Company(
        brand=Brand(name="Acme", timezone="Europe/Berlin"), topics={"greetings": Topic()}
    )
    return make_ruling(number, 0, campaign, company, Needs({}))  # type: ignore[arg-type]


@pytest.fixture
def run(engine: Engine) -> tuple[Run, Ruling]:
    """A run at 17:00 on each customer's own clock, for one in Tokyo, Berlin and New York each."""
    with writing(engine) as conn:
        for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
            id_ = make_customer(conn, zone, email=f"{zone[-4:]}@example.com".lower(), timezone=zone)
            if zone != "Europe/Berlin":
                grant(conn, id_)
        number = make_campaign(conn, "greeting")
        first_at = Occasion(local_at=LOCAL).first_at
        made = make_run(
            conn, "greeting", kind="schedule", occurrence_at=first_at, state="planning",
            local_at=LOCAL.isoformat(), revision_id=make_revision(conn, number),
        )  # fmt: skip
        found = run_by_id(conn, made)
    assert found is not None
    return found, a_ruling(number)


def again(engine: Engine, run: Run) -> Run:
    """The run as it stands now."""
    with reading(engine) as conn:
        found = run_by_id(conn, run.id)
    assert found is not None
    return found


def scope_of(run: Run, now: datetime) -> Scope:
    """The scope of a scheduled run."""
    return Scope(run_at=run.occurrence_at, run_id=run.id, seen_at=now)


def states(conn: Connection) -> dict[str, str]:
    """Each customer's delivery: its state, or its reason when it is skipped."""
    query = select(customers.c.key, deliveries.c.state, deliveries.c.reason).join(
        deliveries, deliveries.c.customer_id == customers.c.id
    )
    return {key: reason or state for key, state, reason in conn.execute(query)}


def test_each_zone_is_planned_as_its_time_comes(engine: Engine, run: tuple[Run, Ruling]) -> None:
    planned, ruling = run
    seen = []
    for hour in (8, 15, 21):
        now = datetime(2026, 7, 3, hour, tzinfo=UTC)
        plan_run(engine, again(engine, planned), ruling, scope_of(planned, now), "me", now)
        with reading(engine) as conn:
            seen.append(sorted(states(conn)))

    assert seen == [
        ["Asia/Tokyo"],
        ["Asia/Tokyo", "Europe/Berlin"],
        ["America/New_York", "Asia/Tokyo", "Europe/Berlin"],
    ]


@pytest.mark.parametrize("when_capped", ["skip", "hold"])
def test_who_shares_an_address_gives_way_to_a_lower_key_whose_turn_comes_later(
    engine: Engine, run: tuple[Run, Ruling], when_capped: str
) -> None:
    """As the plan says, which knows all zones; the run sees Tokyo's turn before New York's."""
    planned, ruling = run
    campaign = replace(ruling.campaign, when_capped=when_capped)
    ruling = make_ruling(ruling.campaign_id, 0, campaign, ruling.company, Needs({}))  # type: ignore[arg-type]
    shared = "newyork-and-tokyo@example.com"
    both = ["America/New_York", "Asia/Tokyo"]
    with writing(engine) as conn:
        conn.execute(update(customers).where(customers.c.key.in_(both)).values(email=shared))
        mark_sharing(conn, "email", [shared])
    seen = []
    for hour in (8, 21):
        now = datetime(2026, 7, 3, hour, tzinfo=UTC)
        plan_run(engine, again(engine, planned), ruling, scope_of(planned, now), "me", now)
        with reading(engine) as conn:
            seen.append(states(conn))

    assert seen == [
        {"Asia/Tokyo": "duplicate"},
        {
            "Asia/Tokyo": "duplicate",
            "Europe/Berlin": "no_consent",
            "America/New_York": "due",
        },
    ]


def test_a_run_ends_planning_when_the_last_zone_had_its_turn(
    engine: Engine, run: tuple[Run, Ruling]
) -> None:
    planned, ruling = run

    plan_run(engine, planned, ruling, scope_of(planned, LATER), "me", LATER)

    after = again(engine, planned)
    assert (after.state, after.planned) == (RunState.RUNNING, 3)
    with reading(engine) as conn:
        assert set(states(conn).values()) == {"expired"}  # all were past `late` by then


@pytest.mark.parametrize(
    ("late", "active_hour", "expected"),
    [
        (3, 0, {"Asia/Tokyo": "expired", "Europe/Berlin": "expired", "America/New_York": "due"}),
        (24, 16, {"Asia/Tokyo": "expired", "Europe/Berlin": "expired", "America/New_York": "due"}),
        (24, 8, {"Asia/Tokyo": "due", "Europe/Berlin": "no_consent", "America/New_York": "due"}),
    ],
)
def test_whose_turn_was_over_is_counted_and_not_written_to(
    engine: Engine, run: tuple[Run, Ruling], late: int, active_hour: int, expected: dict[str, str]
) -> None:
    planned, ruling = run
    schedule = replace(ruling.campaign.schedule, late=timedelta(hours=late))
    campaign = replace(ruling.campaign, schedule=schedule)
    ruling = make_ruling(planned.campaign_id, 0, campaign, ruling.company, ruling.compiled)
    now = datetime(2026, 7, 3, 21, tzinfo=UTC)
    since = {"active_since": datetime(2026, 7, 3, active_hour, tzinfo=UTC).isoformat()}
    with writing(engine) as conn:
        conn.execute(update(runs_table).values(params=since))

    plan_run(engine, planned, ruling, scope_of(planned, now), "me", now)

    with reading(engine) as conn:
        assert states(conn) == expected


def test_rows_are_what_the_plan_says(engine: Engine, run: tuple[Run, Ruling]) -> None:
    planned, ruling = run
    now = datetime(2026, 7, 3, 21, tzinfo=UTC)
    occasion = Occasion(local_at=LOCAL)
    with reading(engine) as conn:
        asked = occasion.instants(ruling.grid, localities(conn))
        question = ask_base(conn, ruling, Scope(run_at=planned.occurrence_at, seen_at=now), asked)
        funnel = count(conn, question)
        expected = {key: each.reason or State.DUE for key, each in rows(conn, question)}

    plan_run(engine, planned, ruling, scope_of(planned, now), "me", now)

    with reading(engine) as conn:
        assert states(conn) == expected
    assert (funnel.audience, funnel.send) == (3, 2)
    assert again(engine, planned).planned == 3


@pytest.mark.parametrize("hands", [2, 3, 7])
def test_parts_of_a_base_count_what_the_whole_does(
    engine: Engine, run: tuple[Run, Ruling], hands: int
) -> None:
    planned, ruling = run
    with writing(engine) as conn:  # who shares an address may stand in another part
        conn.execute(update(customers).values(email="shared@example.com", shares=True))
    with reading_together(engine, hands) as (conn, *more):
        asked = Occasion(local_at=LOCAL).instants(ruling.grid, localities(conn))
        question = ask_base(conn, ruling, Scope(run_at=planned.occurrence_at, seen_at=NOW), asked)

        whole, parts = count(conn, question), count(conn, question, more)

    assert parts == whole
    assert whole.skip[Reason.DUPLICATE] > 0


def test_connections_that_read_together_see_one_state(engine: Engine) -> None:
    with reading_together(engine, 3) as conns:
        conns[0].execute(select(func.count()).select_from(customers))
        with writing(engine) as conn:
            make_customer(conn, "late")
        seen = [
            each.execute(select(func.count()).select_from(customers)).scalar() for each in conns
        ]

    assert seen == [0, 0, 0]


def test_a_second_planner_waits_for_the_first_ones_lease(
    engine: Engine, run: tuple[Run, Ruling]
) -> None:
    planned, ruling = run
    with writing(engine) as conn:
        take_planning(conn, planned.id, "first")

    found = plan_run(engine, planned, ruling, scope_of(planned, NOW), "second", NOW)

    assert found is None


@pytest.fixture
def fixed_run(engine: Engine, run: tuple[Run, Ruling]) -> tuple[Run, Ruling]:
    """The same run at one instant for everyone."""
    planned, ruling = run
    with writing(engine) as conn:
        conn.execute(update(runs_table).values(local_at=None, occurrence_at=NOW))
    return again(engine, planned), ruling


def leave_behind(engine: Engine, cursor: int) -> None:
    """What a planner leaves who dies after the range up to `cursor`."""
    dead = {"planner": "dead", "planner_until": NOW - timedelta(days=9000)}
    with writing(engine) as conn:
        conn.execute(update(runs_table).values(cursor=cursor, **dead))


def test_it_is_told_of_each_part_before_the_next_is_written(
    engine: Engine, fixed_run: tuple[Run, Ruling], monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, ruling = fixed_run
    monkeypatch.setattr("outreach.planning.run.FIRST_RANGE", 1)
    monkeypatch.setattr("outreach.planning.run.MOST", 1)
    seen: list[int] = []

    def told() -> None:
        with reading(engine) as conn:
            seen.append(len(states(conn)))

    scope = scope_of(planned, NOW)
    plan_run(engine, again(engine, planned), ruling, scope, "me", NOW, told=told)

    assert (seen[0], seen[-1]) == (1, 3)  # the first by itself, the rest at a pace


def test_a_dead_planners_run_goes_on_at_its_cursor(
    engine: Engine, fixed_run: tuple[Run, Ruling]
) -> None:
    planned, ruling = fixed_run
    with reading(engine) as conn:
        first = conn.execute(select(func.min(customers.c.id))).scalar_one()
    leave_behind(engine, first)

    plan_run(engine, again(engine, planned), ruling, scope_of(planned, NOW), "next", NOW)

    with reading(engine) as conn:
        assert sorted(states(conn)) == ["America/New_York", "Europe/Berlin"]
    assert again(engine, planned).state == RunState.RUNNING


def test_places_that_come_due_after_a_planner_died_are_planned_from_the_first_customer_on(
    engine: Engine, run: tuple[Run, Ruling]
) -> None:
    """What the dead one had done of Tokyo's customers says nothing of Berlin's."""
    planned, ruling = run
    with reading(engine) as conn:
        last = conn.execute(select(func.max(customers.c.id))).scalar_one()
    leave_behind(engine, last)
    now = datetime(2026, 7, 3, 15, tzinfo=UTC)

    plan_run(engine, again(engine, planned), ruling, scope_of(planned, now), "next", now)

    with reading(engine) as conn:
        assert sorted(states(conn)) == ["Asia/Tokyo", "Europe/Berlin"]
    assert again(engine, planned).planned == 2


def test_a_planner_whose_run_another_took_over_meanwhile_writes_nothing_more(
    engine: Engine, run: tuple[Run, Ruling]
) -> None:
    planned, ruling = run

    @event.listens_for(engine, "before_cursor_execute")
    def take_over(*call: object) -> None:
        if "TEMP" in str(call[2]) and "decided" in str(call[2]):  # between two transactions
            with writing(engine) as conn:
                conn.execute(update(runs_table).values(planner="second"))

    now = datetime(2026, 7, 3, 21, tzinfo=UTC)
    try:
        plan_run(engine, planned, ruling, scope_of(planned, now), "first", now)
    finally:
        event.remove(engine, "before_cursor_execute", take_over)

    with reading(engine) as conn:
        run_row = runs_table.c
        left = conn.execute(select(run_row.planner, run_row.planned, run_row.cursor)).one()
        assert (left, states(conn)) == (("second", 0, 0), {})


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.CANCELLED, RunState.HELD])
def test_a_run_that_is_stopped_while_it_is_planned_stays_so(
    engine: Engine, run: tuple[Run, Ruling], state: RunState
) -> None:
    planned, ruling = run

    @event.listens_for(engine, "before_cursor_execute")
    def stop(*call: object) -> None:
        if "TEMP" in str(call[2]) and "decided" in str(call[2]):  # between two transactions
            with writing(engine) as conn:
                conn.execute(update(runs_table).values(state=state))

    now = datetime(2026, 7, 3, 21, tzinfo=UTC)
    try:
        plan_run(engine, planned, ruling, scope_of(planned, now), "me", now)
    finally:
        event.remove(engine, "before_cursor_execute", stop)

    with reading(engine) as conn:
        left = conn.execute(
            select(runs_table.c.state, runs_table.c.planner, runs_table.c.planned_until)
        ).one()
        assert (left, states(conn)) == ((state, None, None), {})
    with writing(engine) as conn:
        conn.execute(update(runs_table).values(state=RunState.PLANNING))
    plan_run(engine, again(engine, planned), ruling, scope_of(planned, now), "me", now)
    assert again(engine, planned).planned == 3


def test_planning_twice_writes_nothing_twice(engine: Engine, run: tuple[Run, Ruling]) -> None:
    planned, ruling = run
    now = datetime(2026, 7, 3, 21, tzinfo=UTC)
    plan_run(engine, planned, ruling, scope_of(planned, now), "me", now)

    plan_run(engine, planned, ruling, scope_of(planned, now), "me", now)

    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(deliveries)).scalar_one() == 3
    assert again(engine, planned).planned == 3


def test_a_planner_at_a_long_question_keeps_its_lease(
    engine: Engine, run: tuple[Run, Ruling]
) -> None:
    planned, _ = run
    until = select(runs_table.c.planner_until)
    with writing(engine) as conn:
        take_planning(conn, planned.id, "me")
        first = conn.execute(until).scalar_one()

    with tenure(engine, planned.id, "me", every_seconds=0.01):
        for _ in range(1_000):
            with reading(engine) as conn:
                latest = conn.execute(until).scalar_one()
            if latest > first:
                break

    assert latest > first
