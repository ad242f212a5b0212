"""Rounds that are made at once, and one after the other while events come in any order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import make_customer
from sqlalchemy import Engine, func, select

from outreach.owed.rounds import Round, go_round
from outreach.settings.company import Brand, Company, TaskRules
from outreach.store import tasks
from outreach.store.engine import reading, writing
from outreach.store.events import Event, add_events
from outreach.store.tables import events
from outreach.store.tables import tasks as table
from outreach.vocabulary import PROMISE_MISSED, TaskState

DAY = timedelta(days=1)
COMPANY = Company(
    brand=Brand(name="Sample"),
    owners={"mei": {"name": "Mei"}},
    tasks=TaskRules(service_levels={"reply": DAY}, per_customer=50, per_owner=10_000),
)


def test_of_rounds_made_at_once_each_task_comes_from_one(engine: Engine, now: datetime) -> None:
    with writing(engine) as conn:
        ann = make_customer(conn, "a", owner="mei")
        came = [Event(ann, "reply", now, external_id=f"r-{number}") for number in range(20)]
        came += [
            Event(ann, "promise", now - DAY, external_id=f"p-{number}", due_at=now)
            for number in range(20)
        ]
        add_events(conn, came, now)

    with ThreadPoolExecutor(4) as pool:
        rounds = list(pool.map(lambda _: go_round(engine, COMPANY, now), range(4)))

    with reading(engine) as conn:
        assert len(tasks.listed(conn, TaskState.OPEN)) == 40
        missed = select(func.count()).where(events.c.kind == PROMISE_MISSED)
        assert conn.execute(missed).scalar_one() == 20
    assert sum(each.looked for each in rounds) == 40
    assert go_round(engine, COMPANY, now) == Round(0, frozenset(), 0, 0)


KINDS = st.sampled_from(["promise", "promise_kept", "reply", "call"])
CAME = st.tuples(KINDS, st.integers(0, 9), st.integers(-3, 12), st.integers(0, 5))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(came=st.lists(CAME, max_size=7), order=st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_order_events_come(
    sqlite_engine: Engine, now: datetime, came: list[tuple[str, int, int, int]], order: Random
) -> None:
    key = uuid4().hex
    with writing(sqlite_engine) as conn:
        at_once, by_and_by = (make_customer(conn, f"{key}-{each}", owner="mei") for each in "ab")
        add_events(conn, events_of(at_once, came, now), now)
    go_round(sqlite_engine, COMPANY, now)

    later = events_of(by_and_by, came, now)
    for event in order.sample(later, len(later)):
        with writing(sqlite_engine) as conn:
            add_events(conn, [event], now)
        go_round(sqlite_engine, COMPANY, now)

    assert stands(sqlite_engine, by_and_by) == stands(sqlite_engine, at_once)


def events_of(
    customer_id: int, came: list[tuple[str, int, int, int]], now: datetime
) -> list[Event]:
    """One for each: its kind, how many hours ago, when it is due, which it names (0: none)."""
    return [
        Event(
            customer_id, kind, now - timedelta(hours=ago, seconds=number), None,
            f"{customer_id}-{number + 1}",
            {"what": str(number), "promise": f"{customer_id}-{names}" if names else None},
            now - timedelta(hours=due) if kind == "promise" else None,
        )
        for number, (kind, ago, due, names) in enumerate(came)
    ]  # fmt: skip


def stands(engine: Engine, customer_id: int) -> tuple[set[tuple[str, str]], int]:
    """Tasks with their states, and how many promises were missed."""
    e, t = events.c, table.c
    with reading(engine) as conn:
        found = conn.execute(select(t.title, t.state).where(t.customer_id == customer_id))
        missed = select(func.count()).where(e.customer_id == customer_id, e.kind == PROMISE_MISSED)
        return {(row.title, row.state) for row in found}, conn.execute(missed).scalar_one()
