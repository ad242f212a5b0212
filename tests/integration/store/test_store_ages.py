"""Every state that waits has an age: since when the oldest of it does."""

from datetime import datetime, timedelta

from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Connection, Engine

from outreach.clock import Instants
from outreach.store import health
from outreach.store.engine import reading, writing

REAL = NOW + timedelta(days=100)  # the real clock; NOW is the decisions'


def ages(conn: Connection) -> dict[str, tuple[int, datetime | None]]:
    found = health.ages(conn, Instants(NOW, REAL))
    return {each.name: (each.deliveries, each.since) for each in found}


def test_what_waits_is_counted_under_what_it_waits_for(engine: Engine) -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    with writing(engine) as conn:
        run = make_run(conn)
        ids = [make_customer(conn, f"c{n}") for n in range(10)]

        def make(number: int, state: str, **columns: object) -> None:
            make_delivery(conn, ids[number], state, run_id=run, **columns)

        make(0, "due", due_at=NOW - hour)
        make(1, "due", due_at=NOW + hour)
        make(2, "held", due_at=NOW - 2 * hour)
        make(3, "held", due_at=NOW + hour)
        make(4, "due", due_at=NOW - hour, retry_at=REAL - minute)
        make(5, "due", due_at=NOW - 9 * hour, retry_at=REAL + minute)  # its pause is not over
        make(6, "claimed", at=NOW - minute, worker_id=1)
        make(7, "handing", at=NOW - 2 * minute, worker_id=1)
        make(8, "unknown", at=NOW - timedelta(days=2))
        make(9, "unknown", at=NOW - timedelta(days=8))  # somebody saw it, or nobody will

    with reading(engine) as conn:
        found = ages(conn)

    assert found == {
        "due": (1, NOW - hour), "held": (1, NOW - 2 * hour), "retry": (1, REAL - minute),
        "claimed": (1, NOW - minute), "handing": (1, NOW - 2 * minute),
        "unknown": (1, NOW - timedelta(days=2)),
    }  # fmt: skip


def test_what_a_stopped_run_holds_back_has_no_age(engine: Engine) -> None:
    with writing(engine) as conn:
        run = make_run(conn, state="paused")
        make_delivery(conn, make_customer(conn), "due", run_id=run, due_at=NOW - timedelta(days=1))

    with reading(engine) as conn:
        assert {count for count, _ in ages(conn).values()} == {0}


def test_unknown_is_found_by_its_index(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as conn:
        plan = conn.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT count(*), min(claimed_at) FROM deliveries"
            " WHERE state = 'unknown' AND claimed_at > 0"
        ).all()

    assert "ix_deliveries_unknown" in plan[0].detail
