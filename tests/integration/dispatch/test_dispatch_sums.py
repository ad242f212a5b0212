"""`planned` is the sum of a run's states at any instant, while runs are planned, sent and killed."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from subprocess import DEVNULL

import pytest
from database_world import Needs
from dispatching import kill, make_shift, states
from makers import NOW, grant, make_campaign, make_customer, make_revision, make_run
from pythons import Process
from sqlalchemy import Engine, select

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.decisions.candidate import Scope
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.dispatch.sweep import sweep
from outreach.planning.run import plan_run
from outreach.settings.company import Brand, Company, Topic
from outreach.store import health, runs
from outreach.store.engine import reading, writing
from outreach.store.tables import workers

TESTS = Path(__file__).parents[2]
RUNS, CUSTOMERS, READS = 12, 60, 300


def greeting(number: int) -> Ruling:
    campaign = Campaign(
        f"greeting-{number}", "", "mei@example.com", "greetings", Selection(),
        Schedule(ScheduleKind.CRON, cron="0 17 * * FRI", timezone="Europe/Berlin"),
        (Step("greet", ("email",), "greeting"),),
    )  # fmt: skip
    company = Company(
        brand=Brand(name="Acme", timezone="Europe/Berlin"),
        topics={"greetings": Topic()},
        cadence=(),
    )
    return make_ruling(number, number, campaign, company, Needs({}))  # type: ignore[arg-type]


@pytest.fixture
def planning(engine: Engine) -> dict[int, Ruling]:
    """Runs that are to be planned, by id."""
    with writing(engine) as conn:
        for n in range(CUSTOMERS):
            grant(conn, make_customer(conn, f"k{n}", email=f"k{n}@example.com"))
        made = {}
        for n in range(RUNS):
            number = make_campaign(conn, f"greeting-{n}")
            revision = make_revision(conn, number)
            run_id = make_run(
                conn, f"greeting-{n}", kind="schedule", state="planning", revision_id=revision
            )
            made[run_id] = greeting(number)
    return made


def plan_all(engine: Engine, planning: dict[int, Ruling]) -> None:
    for run_id, ruling in planning.items():
        with reading(engine) as conn:
            run = runs.run_by_id(conn, run_id)
        assert run is not None
        plan_run(engine, run, ruling, Scope(NOW, run_id, NOW), "planner", NOW)


def test_planned_is_the_sum_of_states_at_any_instant(
    engine: Engine, database_url: str, planning: dict[int, Ruling], tmp_path: Path
) -> None:
    provider = tmp_path / "provider"
    provider.touch()
    command = [sys.executable, str(TESTS / "dispatching_child.py"), database_url, "memory://",
               str(provider)]  # fmt: skip
    places = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    child = Process(command, env=places, stderr=DEVNULL)
    planner = threading.Thread(target=plan_all, args=(engine, planning))
    planner.start()
    wrong, planned, looks, killed = [], set(), 0, False
    until = time.monotonic() + 60
    while looks < READS or planner.is_alive() or not killed or _lines(provider) < 300:
        assert time.monotonic() < until
        with reading(engine) as conn:
            found = health.sums(conn)
        wrong += [each for each in found if each.planned != each.counted]
        planned.add(sum(each.planned for each in found))
        looks += 1
        if not killed and _lines(provider) > 60:
            killed = True
            child.send_signal(signal.SIGKILL)
            child.wait()
            _sweep(engine)
        if child.poll() is not None:  # killed, or so slow that its short lease ran out
            child = Process(command, env=places, stderr=DEVNULL)
    planner.join()
    child.kill()
    child.wait()

    assert wrong == []
    assert max(planned) == RUNS * CUSTOMERS
    assert states(engine)["sent"] > 0


def _lines(path: Path) -> int:
    return path.read_text().count("\n")


def _sweep(engine: Engine) -> None:
    """Free what the killed worker had, as another one would."""
    with reading(engine) as conn:
        ids = list(conn.execute(select(workers.c.id)).scalars())
    for id_ in ids:
        kill(engine, id_)
    sweep(engine, make_shift(engine).rulebook)


def test_a_row_that_is_lost_or_too_many_is_noticed(
    engine: Engine, planning: dict[int, Ruling]
) -> None:
    plan_all(engine, planning)
    with writing(engine) as conn:
        conn.exec_driver_sql("DELETE FROM deliveries WHERE id = (SELECT min(id) FROM deliveries)")

    with reading(engine) as conn:
        wrong = [each for each in health.sums(conn) if each.planned != each.counted]

    assert [(each.planned, each.counted) for each in wrong] == [(CUSTOMERS, CUSTOMERS - 1)]
