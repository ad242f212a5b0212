"""Occurrences while clocks jump, days have 23 or 25 hours, and schedulers are many or away."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from makers import NOW
from sqlalchemy import Engine, select
from structlog.testing import capture_logs

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.campaign.occurrences import instant_in
from outreach.planning.occasion import come
from outreach.planning.tick import MAY_HAVE_RUN, MOST_MISSED, Candidate, make_due_runs
from outreach.settings.company import Brand, Company, Topic
from outreach.store.engine import reading, writing
from outreach.store.marks import RESTORED
from outreach.store.tables import campaigns, marks, runs
from outreach.vocabulary import Status

BERLIN = ZoneInfo("Europe/Berlin")
COMPANY = Company(brand=Brand(name="Acme", timezone="Europe/Berlin"), topics={"greetings": Topic()})
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FORWARD, BACK = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)


def campaign(cron: str, zone: str = "Europe/Berlin", name: str = "greeting") -> Candidate:
    schedule = Schedule(ScheduleKind.CRON, cron=cron, timezone=zone)
    made = Campaign(
        name, "", "mei@example.com", "greetings", Selection(), schedule,
        (Step("greet", ("email",), "greeting"),), Status.ACTIVE,
    )  # fmt: skip
    return Candidate(made, {f"campaigns/{name}.yaml": b"title: greeting"})


def late(candidate: Candidate, span: timedelta) -> Candidate:
    schedule = replace(candidate.campaign.schedule, late=span)
    return replace(candidate, campaign=replace(candidate.campaign, schedule=schedule))


def tick(engine: Engine, candidate: Candidate, *instants: datetime) -> None:
    for now in instants:
        make_due_runs(engine, COMPANY, [candidate], now)


def every(step: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    while start <= end:
        yield start
        start += step


def found(engine: Engine) -> list[tuple[datetime, str]]:
    with reading(engine) as conn:
        query = select(runs.c.occurrence_at, runs.c.state).order_by(runs.c.occurrence_at)
        return [(at, state) for at, state in conn.execute(query)]


def in_berlin(engine: Engine) -> list[str]:
    return [f"{at.astimezone(BERLIN):%d %H:%M %Z}" for at, _ in found(engine)]


def test_a_clock_put_back_an_hour_repeats_nothing(engine: Engine) -> None:
    hourly = campaign("0 * * * *")
    tick(engine, hourly, *every(HOUR / 6, NOW, NOW + 3 * HOUR))
    before = found(engine)

    tick(engine, hourly, *every(HOUR / 6, NOW + 2 * HOUR, NOW + 4 * HOUR))

    after = found(engine)
    assert after[: len(before)] == before
    assert [at for at, _ in after] == list(every(HOUR, NOW, NOW + 4 * HOUR))


def test_a_clock_that_was_a_week_ahead_for_a_moment_repeats_nothing(engine: Engine) -> None:
    daily = campaign("0 12 * * *")
    tick(engine, daily, NOW, NOW + 7 * DAY, *every(HOUR, NOW + HOUR, NOW + 9 * DAY))

    at = [each for each, _ in found(engine)]
    assert at == list(every(DAY, datetime(2026, 7, 3, 10, tzinfo=UTC), NOW + 9 * DAY))


@pytest.mark.parametrize("back_to", [NOW, NOW + 9 * HOUR])  # before its next instant; within `late`
def test_what_a_clock_called_missed_that_was_ahead_runs_in_its_turn(
    engine: Engine, back_to: datetime
) -> None:
    weekly = campaign("0 12 * * FRI")  # NOW is 11:00 of one
    ahead = NOW + 27 * DAY
    tick(engine, weekly, NOW - DAY, ahead)
    assert [state for _, state in found(engine)] == ["missed"] * 4

    tick(engine, weekly, *every(HOUR, back_to, ahead - 4 * DAY))

    assert found(engine) == [(NOW + HOUR + 7 * n * DAY, "planning") for n in range(4)]


def test_a_campaign_that_such_a_clock_saw_first_begins_when_it_is_right_again(
    engine: Engine,
) -> None:
    daily = campaign("0 12 * * *")
    tick(engine, daily, NOW + 30 * DAY)

    tick(engine, daily, NOW, NOW + HOUR)

    assert found(engine) == [(NOW + HOUR, "planning")]


def test_a_clock_a_second_behind_makes_nothing_of_what_an_edit_puts_into_the_past(
    engine: Engine,
) -> None:
    second = timedelta(seconds=1)
    tick(engine, campaign("0 12 * * *"), NOW, NOW + HOUR, NOW + 20 * HOUR)

    edited = campaign("0 11 * * *")
    tick(engine, edited, NOW + DAY - HOUR, NOW + DAY, NOW + DAY - second, NOW + DAY + HOUR)

    assert found(engine) == [(NOW + HOUR, "planning"), (NOW + DAY, "planning")]


def test_of_schedulers_with_other_clocks_each_occurrence_runs_once(engine: Engine) -> None:
    weekly, ahead = campaign("0 12 * * FRI"), 27 * DAY
    tick(engine, weekly, NOW - DAY)
    made: list[int] = []

    def schedule(off: timedelta) -> None:
        for now in every(6 * HOUR, NOW, NOW + 10 * DAY):
            made.extend(make_due_runs(engine, COMPANY, [weekly], now + off))

    at_once = [threading.Thread(target=schedule, args=(off,)) for off in (0 * DAY, 0 * DAY, ahead)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()

    assert len(made) == len(set(made))
    assert found(engine)[:2] == [(NOW + HOUR + n * DAY, "planning") for n in (0, 7)]


@pytest.mark.parametrize(
    ("around", "cron", "expected"),
    [
        (FORWARD, "30 2 * * *", ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]),
        (FORWARD, "0,30 2 29 * *", ["29 03:00 CEST"]),
        (BACK, "30 2 * * *", ["24 02:30 CEST", "25 02:30 CEST", "26 02:30 CET"]),
        (BACK, "0 1-3 25 * *", ["25 01:00 CEST", "25 02:00 CEST", "25 03:00 CET"]),
    ],
)
@pytest.mark.parametrize("step", [timedelta(minutes=7), 5 * HOUR])
def test_days_of_23_and_25_hours_have_each_occurrence_once(
    sqlite_engine: Engine, around: datetime, cron: str, expected: Sequence[str], step: timedelta
) -> None:
    start = around - DAY

    tick(sqlite_engine, campaign(cron), *every(step, start, start + 3 * DAY))

    assert in_berlin(sqlite_engine) == expected
    assert {state for _, state in found(sqlite_engine)} == {"planning"}


@pytest.mark.parametrize("around", [FORWARD, BACK])
def test_each_zone_sees_a_local_time_once_whatever_its_clock_does(
    sqlite_engine: Engine, around: datetime
) -> None:
    zones = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
    daily = campaign("30 2 * * *", "customer")
    ticks = list(every(7 * HOUR / 12, around - 3 * DAY, around + 3 * DAY))
    seen: Counter[tuple[int, str]] = Counter()

    for now in ticks:
        tick(sqlite_engine, daily, now)
        with reading(sqlite_engine) as conn:
            open_runs = conn.execute(select(runs).where(runs.c.state == "planning")).all()
        for run in open_runs:
            local = datetime.fromisoformat(run.local_at)
            instants = {n: instant_in(local, zone) for n, zone in enumerate(zones)}
            due = come(instants, run.planned_until, now)
            seen.update((run.id, zones[n]) for n in due)
            with writing(sqlite_engine) as conn:
                conn.execute(runs.update().where(runs.c.id == run.id).values(planned_until=now))

    assert max(seen.values()) == 1
    by_zone = Counter(zone for _, zone in seen)
    assert min(by_zone.values()) >= 6
    assert set(by_zone) == set(zones)


def test_after_a_month_away_the_last_runs_late_and_the_others_are_missed(engine: Engine) -> None:
    daily = campaign("0 12 * * *")
    tick(engine, daily, NOW)

    with capture_logs() as logs:
        tick(engine, daily, NOW + 30 * DAY, NOW + 30 * DAY)

    states = [state for _, state in found(engine)]
    assert states == ["missed"] * 29 + ["planning"]
    assert [each["occurrences"] for each in logs if each["event"] == "missed"] == [29]


def test_what_is_in_time_runs_late_as_long_as_the_campaign_says(engine: Engine) -> None:
    daily = late(campaign("0 12 * * *"), 3 * DAY)
    tick(engine, daily, NOW)

    tick(engine, daily, NOW + 10 * DAY)

    assert [state for _, state in found(engine)] == ["missed"] * 7 + ["planning"] * 3


def test_very_many_missed_ones_are_recorded_up_to_a_number(sqlite_engine: Engine) -> None:
    often = late(campaign("* * * * *"), timedelta(minutes=5))
    tick(sqlite_engine, often, NOW)

    with capture_logs() as logs:
        tick(sqlite_engine, often, NOW + 2 * DAY)

    states = Counter(state for _, state in found(sqlite_engine))
    assert states == {"missed": MOST_MISSED, "planning": 1 + 6}
    [told] = [each for each in logs if each["event"] == "missed"]
    assert (told["occurrences"], told["recorded"]) == (2 * 24 * 60 - 6, MOST_MISSED)
    assert all(each.get("seconds", 0) < 5 for each in logs)


def test_many_schedulers_at_once_make_each_run_once(engine: Engine) -> None:
    names = [f"campaign-{n}" for n in range(50)]
    project = [campaign(f"{n} */6 * * *", name=name) for n, name in enumerate(names)]
    instants = list(every(5 * HOUR, NOW, NOW + 2 * DAY))
    together = threading.Barrier(3)
    faults: list[BaseException] = []

    def schedule(ahead: timedelta) -> None:
        try:
            for now in instants:
                together.wait(60)
                make_due_runs(engine, COMPANY, project, now + ahead)
        except BaseException as error:
            faults.append(error)
            together.abort()

    at_once = [threading.Thread(target=schedule, args=(timedelta(seconds=n),)) for n in range(3)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()

    with reading(engine) as conn:
        query = select(campaigns.c.name, runs.c.occurrence_at).join_from(runs, campaigns)
        made = Counter(map(tuple, conn.execute(query)))
    expected = {
        (name, at)
        for n, name in enumerate(names)
        for at in every(timedelta(minutes=1), NOW, instants[-1])
        if at.astimezone(BERLIN).hour % 6 == 0 and at.minute == n
    }
    assert faults == []
    assert made == dict.fromkeys(expected, 1)


def test_what_a_restored_base_may_have_sent_waits_for_a_person(engine: Engine) -> None:
    daily = late(campaign("0 12 * * *"), 5 * DAY)
    tick(engine, daily, NOW)
    with writing(engine) as conn:
        conn.execute(marks.insert().values(name=RESTORED, at=NOW + 2 * DAY))

    tick(engine, daily, NOW + 3 * DAY + 2 * HOUR)

    assert [state for _, state in found(engine)] == ["held", "held", "planning", "planning"]
    with reading(engine) as conn:
        assert set(conn.execute(select(runs.c.reason)).scalars()) == {MAY_HAVE_RUN, None}
