"""What is late expires, also where nobody claims it."""

from datetime import timedelta

import pytest
from dispatching import make_due, rows, states
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Engine, event

from outreach.dispatch.expiry import Expiry
from outreach.store import lateness
from outreach.store.engine import writing

LATE = NOW + timedelta(hours=24, seconds=1)


@pytest.mark.parametrize("state", ["paused", "held", "running"])
def test_what_is_late_expires_though_its_run_is_stopped(engine: Engine, state: str) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn, state=state)
        make_due(conn, run_id, 3)

    expired = Expiry()(engine, LATE)

    assert expired == 3
    assert {(row.reason, row.slot_at) for row in rows(engine).values()} == {("expired", None)}


def test_what_is_in_time_or_in_a_worker_s_hands_does_not_expire(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn, state="paused")
        make_due(conn, run_id, 1)
        make_due(conn, run_id, 1, first=1, late_at=LATE + timedelta(hours=1))
        make_delivery(conn, make_customer(conn), "unknown", run_id=run_id)

    Expiry()(engine, LATE)

    assert states(engine) == {"expired": 1, "due": 1, "unknown": 1}


def test_all_of_a_long_list_expires_in_several_transactions(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn, state="paused")
        make_due(conn, run_id, 5)
    with writing(engine) as conn:
        assert lateness.expire(conn, run_id, LATE, 2) == 2

    assert Expiry()(engine, LATE) == 3


def test_a_run_is_not_read_again_before_anything_of_it_can_be_late(engine: Engine) -> None:
    with writing(engine) as conn:
        make_due(conn, make_run(conn, state="paused"), 1, late_at=NOW + timedelta(minutes=5))
    look = Expiry()
    look(engine, NOW)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    quiet = look(engine, NOW + timedelta(minutes=4))
    reads = sum("late_at" in each for each in asked)
    then = look(engine, NOW + timedelta(minutes=6))

    assert (quiet, reads, then) == (0, 0, 1)


def test_a_clock_that_was_put_back_stops_no_look(engine: Engine) -> None:
    look = Expiry()
    with writing(engine) as conn:
        run_id = make_run(conn, state="paused")
    look(engine, NOW + timedelta(days=400))
    with writing(engine) as conn:
        make_due(conn, run_id, 1, late_at=NOW)

    assert look(engine, NOW + timedelta(hours=1)) == 1
