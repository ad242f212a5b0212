"""The scheduler's tick makes each occurrence's run once, and looks forward only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.planning.tick import Candidate, make_due_runs
from outreach.settings.company import Brand, Company, Topic
from outreach.store.activity import activate, active_revisions
from outreach.store.engine import reading, writing
from outreach.store.revisions import save_revision
from outreach.store.tables import runs
from outreach.vocabulary import Status

COMPANY = Company(brand=Brand(name="Acme", timezone="Europe/Berlin"), topics={"greetings": Topic()})
FRIDAY = datetime(2026, 7, 3, 15, tzinfo=UTC)  # 17:00 in Berlin
WEEK = timedelta(days=7)


def weekly(zone: str = "Europe/Berlin", status: Status = Status.ACTIVE) -> Candidate:
    """A campaign for Friday 17:00."""
    schedule = Schedule(ScheduleKind.CRON, cron="0 17 * * FRI", timezone=zone)
    campaign = Campaign(
        "greeting", "", "mei@example.com", "greetings", Selection(), schedule,
        (Step("greet", ("email",), "greeting"),), status,
    )  # fmt: skip
    return Candidate(campaign, {"campaigns/greeting.yaml": b"title: greeting"})


def found(engine: Engine) -> list[tuple[datetime, str]]:
    """Occurrence and state of each run."""
    with reading(engine) as conn:
        query = select(runs.c.occurrence_at, runs.c.state).order_by(runs.c.occurrence_at)
        return [(at, state) for at, state in conn.execute(query)]


def test_an_occurrence_gets_one_run_whoever_ticks(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY - WEEK + timedelta(hours=1))

    first = make_due_runs(engine, COMPANY, [weekly()], FRIDAY)
    second = make_due_runs(engine, COMPANY, [weekly()], FRIDAY)

    assert (len(first), second) == (1, [])
    assert found(engine) == [(FRIDAY, "planning")]


def test_switching_a_campaign_on_sends_nothing_that_is_past(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY + timedelta(minutes=1))

    assert found(engine) == []


def test_switching_on_at_the_very_instant_is_in_time(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY)

    assert found(engine) == [(FRIDAY, "planning")]


def test_a_local_time_still_to_come_somewhere_is_planned_for_those(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly("customer")], FRIDAY)

    with reading(engine) as conn:
        run = conn.execute(select(runs)).one()
    assert run.local_at == "2026-07-03T17:00:00"
    assert run.params == {"active_since": FRIDAY.isoformat()}


def test_what_was_missed_runs_late_or_is_recorded_as_missed(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY - timedelta(days=8))

    make_due_runs(engine, COMPANY, [weekly()], FRIDAY + timedelta(hours=3))

    assert found(engine) == [(FRIDAY - WEEK, "missed"), (FRIDAY, "planning")]


def test_the_first_of_two_schedulers_says_since_when_a_campaign_is_active(engine: Engine) -> None:
    """What came between the look of the one and that of the other would be nobody's."""
    before = timedelta(seconds=1)
    with writing(engine) as conn:
        save_revision(conn, "greeting", weekly().files, FRIDAY)
        for now in (FRIDAY - before, FRIDAY + before):
            activate(conn, "greeting", now, now)

    make_due_runs(engine, COMPANY, [weekly()], FRIDAY + 2 * before)

    assert found(engine) == [(FRIDAY, "planning")]


def test_a_draft_makes_no_runs_and_a_pause_is_not_made_up_for(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY - timedelta(days=1))
    make_due_runs(engine, COMPANY, [weekly(status=Status.PAUSED)], FRIDAY - timedelta(hours=1))

    make_due_runs(engine, COMPANY, [weekly()], FRIDAY + timedelta(hours=1))

    assert found(engine) == []


def test_an_edit_pins_a_new_revision_for_the_next_run_only(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY)
    edited = replace(weekly(), files={"campaigns/greeting.yaml": b"title: hello"})

    make_due_runs(engine, COMPANY, [edited], FRIDAY + WEEK)

    with reading(engine) as conn:
        pinned = conn.execute(select(runs.c.revision_id).order_by(runs.c.id)).scalars().all()
    assert len(set(pinned)) == 2


def test_workers_see_the_files_of_active_campaigns_before_their_first_run(engine: Engine) -> None:
    changed = replace(weekly(), files={"campaigns/greeting.yaml": b"title: hello"})
    by_hand = replace(weekly().campaign, schedule=Schedule(ScheduleKind.MANUAL))
    seen = []
    for each in (
        weekly(),
        changed,
        weekly(),  # as it was before
        weekly(status=Status.PAUSED),
        weekly(),
        replace(weekly(), campaign=by_hand),
    ):
        make_due_runs(engine, COMPANY, [each], FRIDAY + timedelta(minutes=1))
        with reading(engine) as conn:
            seen.append(active_revisions(conn))

    first, second = seen[0], seen[1]
    assert len(first) == len(second) == 1
    assert first != second
    assert seen[2:] == [first, (), first, ()]


def test_files_are_admitted_before_their_first_run_though_workers_see_them(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [weekly()], FRIDAY - WEEK + timedelta(hours=1))

    made = make_due_runs(engine, COMPANY, [weekly()], FRIDAY, lambda _: False)

    assert made == []


def once(at: datetime, status: Status = Status.ACTIVE) -> Candidate:
    """A campaign for one instant."""
    greeting = weekly(status=status)
    schedule = Schedule(ScheduleKind.AT, at=at, timezone="Europe/Berlin")
    return replace(greeting, campaign=replace(greeting.campaign, schedule=schedule))


def test_one_instant_that_is_past_when_it_is_first_seen_is_recorded_as_missed(
    engine: Engine,
) -> None:
    for ticked_at in (FRIDAY + WEEK, FRIDAY + WEEK + timedelta(hours=1)):
        assert make_due_runs(engine, COMPANY, [once(FRIDAY)], ticked_at) == []

    assert found(engine) == [(FRIDAY, "missed")]


def test_what_ran_is_not_missed_when_its_campaign_is_switched_on_again(engine: Engine) -> None:
    make_due_runs(engine, COMPANY, [once(FRIDAY)], FRIDAY)
    make_due_runs(engine, COMPANY, [once(FRIDAY, Status.PAUSED)], FRIDAY + WEEK)

    make_due_runs(engine, COMPANY, [once(FRIDAY)], FRIDAY + WEEK)

    assert found(engine) == [(FRIDAY, "planning")]
