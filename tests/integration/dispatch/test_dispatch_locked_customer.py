"""Somebody else has a customer's row while an answer says that their address does not exist.

On PostgreSQL alone: a write transaction of SQLite has the whole file.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import pytest
from dispatching import LIMITS, make_due, make_shift, rows
from makers import NOW, make_run
from sqlalchemy import Engine, select
from waiting import wait_for

from outreach.channels.adapter import Outcome
from outreach.channels.email.answers import Stage, classify
from outreach.dispatch.claim import Claimer
from outreach.dispatch.exchange import Exchange
from outreach.dispatch.held import Held
from outreach.dispatch.settle import Answered, Ledger
from outreach.store import custody
from outreach.store.acknowledgement import run_acknowledged
from outreach.store.dialect import lock_customers
from outreach.store.engine import reading, writing
from outreach.store.runs import move_run
from outreach.store.tables import runs, suppressions
from outreach.vocabulary import RunState

TOGETHER = replace(LIMITS, answer_seconds=0.3, hand_seconds=0.3)  # all of a test in one flush
SOON = 10.0  # seconds: on a busy machine, and far below what a lock here is kept for


class Desk(NamedTuple):
    """A worker's exchange, and three of its messages: two handed over, one claimed."""

    engine: Engine
    exchange: Exchange
    run_id: int
    refused: Held
    accepted: Held
    next: Held


@pytest.fixture
def desk(postgres_engine: Engine) -> Iterator[Desk]:
    engine = postgres_engine
    shift = make_shift(engine, limits=TOGETHER)
    with writing(engine) as conn:
        run_id = make_run(conn)
        make_due(conn, run_id, 3)
        run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
        ruling = shift.rulebook.ruling(conn, run.revision_id)
        claimer = Claimer(shift.worker_id, shift.rulebook, 3)
        refused, accepted, last = claimer.claim(conn, run, ruling, "email", shift.instants()).held
    with writing(engine) as conn:
        custody.begin_handing(conn)
        custody.hand(conn, shift.worker_id, [handing(refused), handing(accepted)])
    shift.places.take(shift.places.most, 0)  # more is in flight: the exchange waits for it
    exchange = Exchange(shift, Ledger(shift.worker_id, "email", "told", LIMITS.backoff))
    yield Desk(engine, exchange, run_id, refused, accepted, last)
    exchange.close()


def handing(held: Held) -> tuple[int, int, str]:
    return held.id, held.fence, f"<{held.id}@example.com>"


def answered(held: Held, stage: Stage, words: str) -> Answered:
    """What a server said of a message."""
    answer, fault = classify(stage, int(words[:3]), words)
    return Answered(held, Outcome(held.id, answer, fault, stage.value, words[:3]), NOW)


@contextmanager
def locked(desk: Desk, held: Held) -> Iterator[None]:
    """A block in which another connection has the row of a message's customer."""
    with desk.engine.connect() as other:
        lock_customers(other, [held.customer_id])
        yield
        other.rollback()


def state(desk: Desk, held: Held) -> str:
    return str(rows(desk.engine)[held.id].state)


def test_a_refusal_that_waits_for_its_customer_keeps_nobody_from_handing_over_or_pausing(
    desk: Desk,
) -> None:
    with ThreadPoolExecutor(2) as pool, locked(desk, desk.refused):
        desk.exchange.put(answered(desk.refused, Stage.RCPT, "550 5.1.1 no such user"))
        desk.exchange.put(answered(desk.accepted, Stage.DOT, "250 2.0.0 queued"))
        ours, _ = pool.submit(desk.exchange.hand, [handing(desk.next)]).result(SOON)
        wait_for(lambda: state(desk, desk.accepted) == "sent", SOON)

        with writing(desk.engine) as conn:
            move_run(conn, desk.run_id, RunState.PAUSED, [RunState.RUNNING])
        pool.submit(run_acknowledged, desk.engine, desk.run_id, begin_seconds=0).result(SOON)

        assert ours == {desk.next.id}
        assert (state(desk, desk.next), state(desk, desk.refused)) == ("handing", "handing")
    wait_for(lambda: state(desk, desk.refused) == "failed", SOON)
    with reading(desk.engine) as conn:
        assert conn.execute(select(suppressions.c.address)).scalars().all() == [
            desk.refused.address
        ]
