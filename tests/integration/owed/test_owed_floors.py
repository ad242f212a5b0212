"""Looks at floors that are made at once, broken off and begun anew, and what they read."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from makers import make_customers, make_deliveries
from sqlalchemy import Engine, delete, func, select, update

from outreach.owed import floors
from outreach.owed.floors import end_touched, look_at_floors
from outreach.owed.rounds import go_round
from outreach.settings.company import Brand, Company, Escalation, Floor, Picked, TaskRules
from outreach.store.engine import reading, writing
from outreach.store.tables import customers, marks, tasks
from outreach.store.tasks import listed
from outreach.vocabulary import TaskState

DAY = timedelta(days=1)
COMPANY = Company(
    brand=Brand(name="Sample"),
    owners={"mei": {"name": "Mei"}},
    tasks=TaskRules(per_owner=10),
    floors=(Floor(days=30, audience=Picked(tier=("A",))), Floor(days=60)),
)
KEYS = [f"c{number:03}" for number in range(60)]


@pytest.fixture
def people(engine: Engine, now: datetime) -> list[int]:
    """Sixty customers of Mei's, every other one of tier A; nobody was ever in touch."""
    with writing(engine) as conn:
        ids = make_customers(conn, KEYS)
        conn.execute(update(customers).values(owner="mei"))
        conn.execute(update(customers).where(customers.c.id % 2 == 0).values(tier="A"))
    return ids


def numbers(engine: Engine) -> tuple[int, int]:
    """How many tasks there are, and about how many customers."""
    count = select(func.count(), func.count(tasks.c.customer_id.distinct()))
    with reading(engine) as conn:
        all_, about = conn.execute(count).one()
        return all_, about


def test_of_looks_made_at_once_each_customer_has_one_task(
    engine: Engine, now: datetime, people: list[int]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: look_at_floors(engine, COMPANY, now, now), range(4)))

    assert sum(made) == 60
    assert numbers(engine) == (60, 60)


def test_a_look_that_was_broken_off_is_made_anew(
    engine: Engine, now: datetime, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floors, "MOST", 7)
    monkeypatch.setattr(floors, "AMONG", 20)
    look_at_floors(engine, COMPANY, now, now)
    with writing(engine) as conn:  # as it was in the middle: some tasks, and the look is not noted
        conn.execute(delete(tasks).where(tasks.c.customer_id > people[24]))
        conn.execute(delete(marks))

    again = look_at_floors(engine, COMPANY, now, now)

    assert again == 35
    assert numbers(engine) == (60, 60)


def test_the_same_day_is_looked_at_once(engine: Engine, now: datetime, people: list[int]) -> None:
    look_at_floors(engine, COMPANY, now, now)
    with writing(engine) as conn:
        conn.execute(delete(tasks))

    assert look_at_floors(engine, COMPANY, now, now + DAY / 2) == 0
    assert look_at_floors(engine, COMPANY, now + DAY, now + DAY) == 60


def test_those_that_wait_are_ended_in_the_morning_after_a_touch(
    engine: Engine, now: datetime, people: list[int]
) -> None:
    look_at_floors(engine, COMPANY, now, now)
    assert go_round(engine, COMPANY, now).given == 10
    with writing(engine) as conn:
        make_deliveries(conn, people, "sent", at=now + DAY)

    assert end_touched(engine, COMPANY, now + DAY) == 10
    assert look_at_floors(engine, COMPANY, now + DAY, now + DAY) == 0
    with reading(engine) as conn:
        assert not listed(conn, TaskState.OPEN)
        assert not listed(conn, TaskState.WAITING)


def test_a_task_that_is_long_overdue_is_told_to_somebody_else(
    engine: Engine, now: datetime, people: list[int]
) -> None:
    rules = TaskRules(per_owner=10, escalation=Escalation(after=DAY, to="tom"))
    company = COMPANY.model_copy(update={"tasks": rules})
    look_at_floors(engine, company, now, now)
    go_round(engine, company, now)

    assert go_round(engine, company, now + 7 * DAY).escalated == 0
    assert go_round(engine, company, now + 8 * DAY).escalated == 60
