"""What a plan says is what its run then does, claimed as a worker claims: on random worlds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from database_world import arms, fill, question_of, undone, verdicts
from hypothesis import HealthCheck, given, settings
from makers import make_run, make_worker
from sqlalchemy import Connection, insert, select
from world import Verdict, World
from worlds import random_world

from outreach.clock import Instants
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling
from outreach.dispatch.claim import Claimer
from outreach.planning.decided import Decided
from outreach.planning.rows import delivery_rows
from outreach.store.runs import run_by_id
from outreach.store.tables import customers, deliveries, runs
from outreach.vocabulary import Decision, Reason, State

FAR = datetime(2100, 1, 1, tzinfo=UTC)  # a worker lives by the database's clock
AT_ONCE = 3  # claimed together: fewer than there are customers
DECISIONS = {State.CLAIMED: Decision.SEND, State.HELD: Decision.HOLD, State.SKIPPED: Decision.SKIP}


class TheChain:
    """The rulebook of a claim: the chain alone."""

    recheck = staticmethod(recheck)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=random_world(arms))
def test_a_run_sends_puts_off_and_skips_what_its_plan_says(conn: Connection, world: World) -> None:
    with undone(conn):
        ruling, _ = fill(conn, world)
        planned = verdicts(conn, world, ruling)

        assert dict(carried_out(conn, world, ruling)) == planned


def carried_out(conn: Connection, world: World, ruling: Ruling) -> Iterator[tuple[str, Verdict]]:
    """Each customer's verdict as the run's rows and claims at the same instant have it."""
    run = make_run(conn, ruling.campaign.name, occurrence_at=world.run_at, state="running")
    write(conn, world, ruling, run)
    claim_all(conn, world, ruling, run)
    d = deliveries.c
    rows = select(customers.c.key, d.state, d.reason, d.held_for, d.until, d.channel)
    for row in conn.execute(
        rows.join(customers, customers.c.id == d.customer_id).where(d.run_id == run)
    ):
        decision = DECISIONS[State(row.state)]
        skipped = decision is Decision.SKIP
        reason = row.reason if skipped else row.held_for
        yield (
            row.key,
            Verdict(
                decision,
                Reason(reason) if reason and decision is not Decision.SEND else None,
                row.until if decision is Decision.HOLD else None,
                None if skipped else row.channel,
            ),
        )


def write(conn: Connection, world: World, ruling: Ruling, run_id: int) -> None:
    """The run's rows, by the statement that plans a run."""
    run = run_by_id(conn, run_id)
    assert run is not None
    decided = Decided(conn, question_of(conn, world, ruling))
    source = delivery_rows(run, ruling, decided)
    names = [column.name for column in source.selected_columns]
    conn.execute(insert(deliveries).from_select(names, source))
    decided.drop()


def claim_all(conn: Connection, world: World, ruling: Ruling, run_id: int) -> None:
    """Claim what is due of the run, on every channel, until a claim brings nothing."""
    rulebook: Any = TheChain()
    claimer = Claimer(make_worker(conn, alive_until=FAR), rulebook, AT_ONCE)
    at = Instants(world.asked_at, world.asked_at)
    run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
    for channel in ruling.channels * len(ruling.channels):
        while not claimer.claim(conn, run, ruling, channel, at).is_empty():
            pass
