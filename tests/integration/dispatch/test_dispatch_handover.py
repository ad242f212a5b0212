"""What is accepted is settled as by the general statement, whatever a delivery's state was."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from makers import NOW, make_customers, make_deliveries, make_run
from sqlalchemy import Connection, Engine, Row, select, update

from outreach.store import custody, workers
from outreach.store.custody import Settlement
from outreach.store.engine import reading, writing
from outreach.store.handover import Desk, exchange
from outreach.store.tables import attempts, deliveries, run_answers, runs
from outreach.vocabulary import State

SOON, LATER = NOW + timedelta(seconds=1), NOW + timedelta(seconds=2)
WORDS = ("dot", "250", 'queued, as "it\\s" {name}', "q1")  # what an array's text must quote
STATES = [
    {"state": state.value, "ready": state in (State.DUE, State.HELD), "doubt": doubt}
    for state, doubt in product(State, (False, True))
]


@pytest.fixture
def held(engine: Engine) -> tuple[int, list[int]]:
    """A worker's id, and deliveries in every state in its hands."""
    with writing(engine) as conn:
        run_id = make_run(conn)
        keys = [f"k{number}" for number in range(len(STATES))]
        ids = make_deliveries(conn, make_customers(conn, keys), "claimed", run_id=run_id)
        worker_id = workers.register(conn, "w", timedelta(minutes=5))
        for id_, changes in zip(ids, STATES, strict=True):
            values = {
                "fence": 3, "worker_id": worker_id, "claimed_at": NOW, "slot_at": NOW,
                "reason": "before", "retry_at": NOW, **changes,
            }  # fmt: skip
            conn.execute(update(deliveries).where(deliveries.c.id == id_).values(values))
    return worker_id, ids


def run_of(engine: Engine) -> int:
    with reading(engine) as conn:
        return conn.execute(select(runs.c.id)).scalar_one()


def _after(engine: Engine, settle: Callable[[Connection], object]) -> list[Row[Any]]:
    """All deliveries as they would be; nothing stays."""
    with engine.connect() as conn:
        settle(conn)
        found = list(conn.execute(select(deliveries).order_by(deliveries.c.id)).all())
        conn.rollback()
    return found


def test_accepted_is_what_the_general_statement_makes_of_sent(
    engine: Engine, held: tuple[int, list[int]]
) -> None:
    worker_id, ids = held
    desk = Desk(worker_id, "email", "smtp")
    accepted = [(id_, 3, LATER, *WORDS, run_of(engine)) for id_ in ids]
    sent = [
        Settlement(id_, 3, State.SENT, LATER, sent_at=SOON, provider_id=WORDS[-1]) for id_ in ids
    ]

    general = _after(engine, lambda conn: custody.settle(conn, sent))
    at_once = _after(engine, lambda conn: exchange(conn, desk, accepted, [], SOON))

    assert at_once == general
    moved = {row.id for row in general if row.state == "sent" and row.settled_at == LATER}
    assert 0 < len(moved) < len(ids)


def test_where_all_are_handed_over_the_quick_way_makes_the_same_of_them(
    engine: Engine, held: tuple[int, list[int]]
) -> None:
    worker_id, _ = held
    desk = Desk(worker_id, "email", "smtp")
    with writing(engine) as conn:
        handing = [row.id for row in conn.execute(select(deliveries)) if row.state == "handing"]
    accepted = [(id_, 3, LATER, *WORDS, run_of(engine)) for id_ in handing]
    sent = [
        Settlement(id_, 3, State.SENT, LATER, sent_at=SOON, provider_id=WORDS[-1])
        for id_ in handing
    ]

    general = _after(engine, lambda conn: custody.settle(conn, sent))
    at_once = _after(engine, lambda conn: exchange(conn, desk, accepted, [], SOON))

    assert handing
    assert at_once == general


def test_an_attempt_is_written_and_counted_of_what_moved_alone(
    engine: Engine, held: tuple[int, list[int]]
) -> None:
    worker_id, ids = held
    desk = Desk(worker_id, "email", "smtp")
    accepted = [(id_, 3, LATER, *WORDS, run_of(engine)) for id_ in ids]
    overtaken = [(id_, 2, *row[2:]) for id_, row in zip(ids, accepted, strict=True)]

    with writing(engine) as conn:
        none, _ = exchange(conn, desk, overtaken, [], SOON)
        moved, _ = exchange(conn, desk, accepted, [], SOON)
        again, _ = exchange(conn, desk, accepted, [], SOON)
        written = conn.execute(select(attempts)).all()
        counted = conn.execute(select(run_answers.c.answers)).scalars().all()

    assert (none, again) == (set(), set())
    assert moved == {row.delivery_id for row in written} != set()
    assert {(row.stage, row.code, row.detail, row.provider_id) for row in written} == {WORDS}
    assert {(row.fence, row.channel, row.adapter, row.at) for row in written} == {
        (3, "email", "smtp", LATER)
    }
    assert counted == [len(moved)]


def test_what_goes_next_is_handed_over_in_the_same_breath(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
        customers = make_customers(conn, ["a", "b", "c"])
        ids = make_deliveries(conn, customers, "claimed", run_id=run_id)
        worker_id = workers.register(conn, "w", timedelta(minutes=5))
        conn.execute(update(deliveries).values(worker_id=worker_id, fence=1))
        conn.execute(update(deliveries).where(deliveries.c.id == ids[0]).values(state="handing"))
    desk, name = Desk(worker_id, "email", "smtp"), '<"quoted\\">@example.com>'

    with writing(engine) as conn:
        custody.begin_handing(conn)
        wanted = [(ids[1], 1, name), (ids[2], 7, "<other@fence>")]
        moved, handed = exchange(conn, desk, [(ids[0], 1, LATER, *WORDS, run_id)], wanted, SOON)
        row = conn.execute(select(deliveries).where(deliveries.c.id == ids[1])).one()

    assert (moved, handed) == ({ids[0]}, {ids[1]})
    assert (row.state, row.message_id) == ("handing", name)
