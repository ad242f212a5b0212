"""A withdrawal is confirmed when what was being handed over has begun, or never will."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from makers import make_customer, make_delivery, make_run
from sqlalchemy import Engine, update

from outreach.store import custody, workers
from outreach.store.acknowledgement import acknowledged, all_acknowledged, run_acknowledged
from outreach.store.engine import writing
from outreach.store.tables import deliveries

FOR_EVER = 600.0  # seconds: a test that waits for them hangs


@pytest.fixture
def handing(engine: Engine) -> int:
    """A customer to whose address a message is being handed over, in run 1."""
    with writing(engine) as conn:
        customer = make_customer(conn, "a", email="both@example.com", shares=True)
        make_delivery(
            conn,
            customer,
            "handing",
            run_id=make_run(conn),
            worker_id=1,
            address="both@example.com",
        )
        return customer


def settle(engine: Engine, **values: object) -> None:
    with writing(engine) as conn:
        conn.execute(update(deliveries).values(worker_id=None, **values))


def waits_until_settled(engine: Engine, confirm: Callable[[], None], **values: object) -> bool:
    """Whether it does not return before the message is settled, and does then."""
    thread = threading.Thread(target=confirm, daemon=True)
    thread.start()
    thread.join(0.3)
    waited = thread.is_alive()
    settle(engine, **values)
    thread.join(20)
    return waited and not thread.is_alive()


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_it_waits_for_the_customers_own_message(engine: Engine, handing: int, state: str) -> None:
    def confirm() -> None:
        acknowledged(engine, [handing], "email", FOR_EVER)

    assert waits_until_settled(engine, confirm, state=state)


def test_it_waits_for_a_message_to_who_shares_the_address(engine: Engine, handing: int) -> None:
    with writing(engine) as conn:
        other = make_customer(conn, "b", email="both@example.com", shares=True)

    def confirm() -> None:
        acknowledged(engine, [other], "email", FOR_EVER)

    assert waits_until_settled(engine, confirm, state="sent")


def test_a_message_that_is_handed_over_anew_is_another_one(engine: Engine, handing: int) -> None:
    """It was decided after the withdrawal, under a higher fence."""

    def confirm() -> None:
        acknowledged(engine, [handing], "email", FOR_EVER)

    thread = threading.Thread(target=confirm, daemon=True)
    thread.start()
    thread.join(0.3)
    with writing(engine) as conn:
        conn.execute(update(deliveries).values(fence=deliveries.c.fence + 1))
    thread.join(20)

    assert not thread.is_alive()


def test_files_and_runs_wait_too(engine: Engine, handing: int) -> None:
    assert waits_until_settled(engine, lambda: all_acknowledged(engine, FOR_EVER), state="sent")


def test_a_run_that_is_stopped_waits_for_its_own(engine: Engine, handing: int) -> None:
    run_acknowledged(engine, 99, FOR_EVER)

    assert waits_until_settled(engine, lambda: run_acknowledged(engine, 1, FOR_EVER), state="sent")


def test_a_run_that_is_stopped_waits_for_a_handing_over_that_is_not_committed_yet(
    postgres_engine: Engine,
) -> None:
    """It has read the run's state before the run was stopped."""
    engine = postgres_engine
    with writing(engine) as conn:
        run_id = make_run(conn)
        worker_id = workers.register(conn, "w", timedelta(minutes=5))
        customer = make_customer(conn, "a", email="a@example.com")
        id_ = make_delivery(conn, customer, "claimed", run_id=run_id, worker_id=worker_id, fence=1)
    with engine.connect() as conn:
        custody.begin_handing(conn)
        assert custody.hand(conn, worker_id, [(id_, 1, "<m@example.com>")]) == {id_}
        stopping = threading.Thread(target=run_acknowledged, args=(engine, run_id, FOR_EVER))
        stopping.start()
        stopping.join(0.3)
        assert stopping.is_alive()
        conn.commit()
    stopping.join(0.3)
    assert stopping.is_alive()  # now for the message to be begun

    settle(engine, state="sent")
    stopping.join(20)

    assert not stopping.is_alive()


def test_it_waits_for_nobody_else_and_no_other_channel(engine: Engine, handing: int) -> None:
    with writing(engine) as conn:
        other = make_customer(conn, "c", email="own@example.com")

    acknowledged(engine, [other], "email", FOR_EVER)
    acknowledged(engine, [handing], "sms", FOR_EVER)


def test_what_has_not_begun_in_time_never_does(engine: Engine, handing: int) -> None:
    acknowledged(engine, [handing], "email", begin_seconds=0.0)
