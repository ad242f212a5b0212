"""Histories that chance seldom makes: two claims at once, an answer that comes back later."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from dispatching import rows
from fleet import Fleet
from fleet_base import Base
from sqlalchemy import Engine

from outreach.dispatch.sweep import sweep
from outreach.store.acknowledgement import all_acknowledged
from outreach.store.consents import Word, record_consents
from outreach.store.endings import cancel_open
from outreach.store.engine import writing
from outreach.store.runs import move_run
from outreach.vocabulary import ConsentState, RunState


@pytest.fixture
def fleet(engine: Engine) -> Iterator[Fleet]:
    made = Fleet(Base(engine))
    yield made
    made.close()


@pytest.fixture
def on_postgres(postgres_engine: Engine) -> Iterator[Fleet]:
    """SQLite has one writer at a time."""
    made = Fleet(Base(postgres_engine))
    yield made
    made.close()


def states_of(fleet: Fleet, run_id: int) -> list[str]:
    return sorted(row.state for row in rows(fleet.engine).values() if row.run_id == run_id)


@pytest.mark.parametrize(("first", "second"), [("a", "a"), ("b", "c")])
def test_a_claim_not_committed_yet_keeps_the_customer_and_all_at_the_address_from_others(
    on_postgres: Fleet, first: str, second: str
) -> None:
    """The second stands before the first in the order, so no reservation would stop it."""
    fleet = on_postgres
    one, other, *_ = fleet.workers
    two_run = fleet.plan("two", first)
    fleet.claim(one, two_run, 4, stay_open=True)
    one_run = fleet.plan("one", second)

    fleet.claim(other, one_run, 4)
    assert states_of(fleet, one_run) == ["due"]

    fleet.commit(one)
    fleet.claim(other, one_run, 4)
    assert states_of(fleet, two_run) == ["claimed"]
    assert states_of(fleet, one_run) == ["skipped"]


def test_an_answer_that_is_written_again_moves_nothing_of_a_later_claim(fleet: Fleet) -> None:
    first, second, third = fleet.workers
    run_id = fleet.plan("one", "a")
    fleet.claim(first, run_id, 1)
    fleet.hand(first, 1, confirmed=True)
    fleet.talk(first, 1, "later")
    fleet.settle(first, fate="unconfirmed")
    fleet.real_now += timedelta(hours=5)
    fleet.claim(second, run_id, 1)
    fleet.hand(second, 1, confirmed=True)
    fleet.talk(second, 1, "accepted")

    fleet.settle(first, fate="committed")
    fleet.claim(third, run_id, 1)

    assert states_of(fleet, run_id) == ["handing"]
    assert third.claimed == {}
    fleet.settle(second, fate="committed")
    assert states_of(fleet, run_id) == ["sent"]


def test_a_claim_whose_worker_is_dead_can_not_be_handed_by_it_once_another_has_it(
    fleet: Fleet,
) -> None:
    slow, other, _ = fleet.workers
    run_id = fleet.plan("one", "a")
    fleet.claim(slow, run_id, 1)
    fleet.lapse(slow)
    sweep(fleet.engine, fleet.base.rulebook)
    fleet.claim(other, run_id, 1)

    assert fleet.hand(slow, 1, confirmed=True) == []
    assert len(fleet.hand(other, 1, confirmed=True)) == 1


def test_a_withdrawal_frees_nothing_of_a_run_that_was_cancelled(fleet: Fleet) -> None:
    """What was claimed when its run was cancelled waited for ever."""
    worker = fleet.workers[0]
    run_id = fleet.plan("one", "a")
    fleet.claim(worker, run_id, 1)
    with writing(fleet.engine) as conn:
        move_run(conn, run_id, RunState.CANCELLED, [RunState.RUNNING])
        cancel_open(conn, run_id, 10)
    no = Word(fleet.people["a"], "email", "greetings", ConsentState.WITHDRAWN, fleet.now, "form")

    with writing(fleet.engine) as conn:
        record_consents(conn, [no], fleet.now)
    all_acknowledged(fleet.engine, begin_seconds=0)

    assert states_of(fleet, run_id) == ["cancelled"]
