"""A run is done when nothing of it waits or is in anybody's hands, and goes on where something does."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from dispatching import make_due
from makers import NOW, make_run
from sqlalchemy import Connection, Engine, select

from outreach.store import custody, deliveries, health, lapses, workers
from outreach.store.custody import Settlement
from outreach.store.deliveries import Claim
from outreach.store.engine import reading, writing
from outreach.store.lapses import Lapse
from outreach.store.runs import finish_runs
from outreach.store.tables import runs
from outreach.vocabulary import State


class Frozen:
    """A delivery that its worker, taken for dead, was handing over: it is unknown."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with writing(engine) as conn:
            self.run_id = make_run(conn, planned=1)
            [self.id] = make_due(conn, self.run_id, 1)
            worker_id = workers.register(conn, "w", timedelta(minutes=5))
            claim = Claim(self.id, 0, "k0@example.com", None, None)
            deliveries.claim(conn, worker_id, [claim], NOW)
            custody.hand(conn, worker_id, [(self.id, 1, "<m@example.com>")])
            lapses.lapse(conn, [worker_id])

    def run(self) -> tuple[str, bool]:
        """The run's state, and whether it has an end."""
        with reading(self.engine) as conn:
            row = conn.execute(select(runs.c.state, runs.c.finished_at)).one()
        return row.state, row.finished_at is not None

    def late_answer(self, conn: Connection) -> None:
        """What the worker reads when it goes on: the address is to be tried again."""
        later = Settlement(self.id, 1, State.DUE, None, retry_at=NOW, tries=1)
        assert custody.settle(conn, [later]) == {self.id: State.DUE}

    def not_begun(self, conn: Connection) -> None:
        """It goes on before it has begun, and never does."""
        custody.settle(conn, [Settlement(self.id, 1, State.DUE, None, begun=False)])

    def again(self, conn: Connection) -> None:
        """A person, or the campaign, says that it may be repeated."""
        lapses.send_again(conn, [Lapse(self.id, self.run_id, 1, State.UNKNOWN)])


@pytest.fixture
def frozen(engine: Engine) -> Frozen:
    return Frozen(engine)


WAITS_AGAIN = [Frozen.late_answer, Frozen.not_begun, Frozen.again]


@pytest.mark.parametrize("waits_again", WAITS_AGAIN)
def test_a_run_that_had_ended_goes_on_where_something_waits_again(
    frozen: Frozen, waits_again: Callable[[Frozen, Connection], None]
) -> None:
    with writing(frozen.engine) as conn:
        assert finish_runs(conn, NOW) == [frozen.run_id]

    with writing(frozen.engine) as conn:
        waits_again(frozen, conn)
        assert health.stopped(conn) == []

    assert frozen.run() == ("running", False)


def at_once(engine: Engine, *works: Callable[[Connection], object]) -> None:
    """Two transactions, each begun while those before it are not committed yet."""
    first, second = works

    def other() -> None:
        with writing(engine) as conn:
            second(conn)

    thread = threading.Thread(target=other)
    with writing(engine) as conn:
        first(conn)
        thread.start()
        thread.join(0.3)  # it gets as far as it can without what the first has locked
    thread.join(30)
    assert not thread.is_alive()


def test_an_answer_that_comes_while_its_run_is_being_ended_lets_it_go_on(frozen: Frozen) -> None:
    at_once(frozen.engine, lambda conn: finish_runs(conn, NOW), frozen.late_answer)

    assert frozen.run() == ("running", False)


def test_a_run_is_not_ended_while_such_an_answer_is_being_written(frozen: Frozen) -> None:
    at_once(frozen.engine, frozen.late_answer, lambda conn: finish_runs(conn, NOW))

    assert frozen.run() == ("running", False)


@pytest.mark.parametrize("in_hands", [False, True])
def test_a_run_is_not_done_while_a_worker_has_something_of_it(
    engine: Engine, in_hands: bool
) -> None:
    with writing(engine) as conn:
        [id_] = make_due(conn, make_run(conn), 1)
        worker_id = workers.register(conn, "w", timedelta(minutes=5))
        deliveries.claim(conn, worker_id, [Claim(id_, 0, "k0@example.com", None, None)], NOW)
        if in_hands:
            custody.hand(conn, worker_id, [(id_, 1, "<m@example.com>")])

        assert finish_runs(conn, NOW) == []
