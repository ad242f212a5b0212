"""What a batch costs is counted, not timed: statements do not grow with the messages of a batch."""

import pytest
from counting import counted
from dispatching import make_due, make_shift
from makers import NOW, make_run
from sqlalchemy import Connection, Engine, select

from outreach.channels.adapter import Outcome
from outreach.dispatch.claim import Claimer
from outreach.dispatch.held import Held
from outreach.dispatch.settle import Answered, Ledger
from outreach.dispatch.shift import Shift
from outreach.store import custody
from outreach.store.engine import begin_write, writing
from outreach.store.tables import runs
from outreach.vocabulary import Answer


def claim(conn: Connection, shift: Shift, run_id: int, most: int) -> tuple[Held, ...]:
    run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
    ruling = shift.rulebook.ruling(conn, run.revision_id)
    claimer = Claimer(shift.worker_id, shift.rulebook, most)
    return claimer.claim(conn, run, ruling, "email", shift.instants()).held


@pytest.mark.parametrize("most", [2, 60])
def test_a_batch_takes_the_same_few_statements_however_large(engine: Engine, most: int) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
        make_due(conn, run_id, 70)
    shift = make_shift(engine)

    with counted(engine) as claiming, writing(engine) as conn:
        held = claim(conn, shift, run_id, most)
    half = most // 2
    rows = [(one.id, one.fence, f"<{one.id}@example.com>") for one in held]
    ledger = Ledger(shift.worker_id, "email", "told", shift.limits.backoff)
    answers = [Answered(one, Outcome(one.id, Answer.ACCEPTED, stage="dot"), NOW) for one in held]
    with writing(engine) as conn:
        first = custody.hand(conn, shift.worker_id, rows[:half])
    with counted(engine) as exchanging, engine.connect() as conn:
        at, driven = shift.instants(), []
        if engine.dialect.name == "sqlite":
            conn.connection.driver_connection.set_trace_callback(driven.append)
            with begin_write(conn):
                _, moved, second = ledger.exchange(conn, answers[:half], rows[half:], at)
            conn.connection.driver_connection.set_trace_callback(None)
        else:
            _, moved, second = ledger.exchange_and_commit(conn, answers[:half], rows[half:], at)

    assert len(held) == most
    assert len(first) == len(moved) == len(second) == half
    assert len(claiming) <= 5
    # PostgreSQL: one round trip beside SQLAlchemy, which writes no statement. SQLite: of deliveries,
    # attempts, counts, and deliveries again one each, none of which is run once a row.
    assert not exchanging
    changes = [each for each in driven if each.split()[0] in ("UPDATE", "INSERT")]
    assert len(changes) == (4 if engine.dialect.name == "sqlite" else 0)
