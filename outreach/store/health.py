"""How the work stands: sums that must agree, and how old the oldest open work is; by run."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from outreach.store.dialect import database_clock
from outreach.store.tables import campaigns, deliveries, runs, workers
from outreach.vocabulary import RunState, State

ALIVE = (RunState.PLANNING, RunState.RUNNING, RunState.HELD, RunState.PAUSED)
RECENT_RUNS = 20  # of those that have ended; a scan over all deliveries would take too long


@dataclass(frozen=True, slots=True)
class Sum:
    """A run's number of planned deliveries, and how many there are."""

    run_id: int
    planned: int
    counted: int


@dataclass(frozen=True, slots=True)
class Age:
    """How many deliveries are in a state, and since when the oldest of them waits."""

    state: State
    deliveries: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that is held or paused, why it is held, and how many of its deliveries wait for it."""

    run_id: int
    campaign: str
    state: RunState
    reason: str | None
    waiting: int


def stopped(conn: Connection) -> list[Stopped]:
    """Every run that does not go on by itself, in order of their ids."""
    row = runs.c
    waiting = (
        select(func.count()).where(deliveries.c.run_id == row.id, deliveries.c.ready)
    ).scalar_subquery()
    query = (
        select(row.id, campaigns.c.name, row.state, row.reason, waiting)
        .join(campaigns, campaigns.c.id == row.campaign_id)
        .where(row.state.in_((RunState.HELD, RunState.PAUSED)))
        .order_by(row.id)
    )
    return [
        Stopped(id_, name, RunState(state), reason, count)
        for id_, name, state, reason, count in conn.execute(query)
    ]


def sums(conn: Connection) -> list[Sum]:
    """Of every run that is alive, and of the latest others, the latest first."""
    ended = select(runs.c.id).where(runs.c.state.not_in(ALIVE)).order_by(runs.c.id.desc())
    wanted = runs.c.state.in_(ALIVE) | runs.c.id.in_(ended.limit(RECENT_RUNS))
    counted = (
        select(func.count()).where(deliveries.c.run_id == runs.c.id).correlate(runs)
    ).scalar_subquery()
    query = select(runs.c.id, runs.c.planned, counted.label("counted")).where(wanted)
    return [
        Sum(row.id, row.planned, row.counted)
        for row in conn.execute(query.order_by(runs.c.id.desc()))
    ]


def ages(conn: Connection, now: datetime) -> list[Age]:
    """Deliveries that wait for a worker or an answer: due by `now`, claimed, handing, unknown."""
    row = deliveries.c
    alive = select(runs.c.id).where(runs.c.state.in_((RunState.PLANNING, RunState.RUNNING)))
    due = select(func.count(), func.min(row.due_at)).where(
        row.run_id.in_(alive), row.ready, row.due_at <= now
    )
    found = [Age(State.DUE, *conn.execute(due).one())]
    for state in (State.CLAIMED, State.HANDING):
        held = select(func.count(), func.min(row.claimed_at)).where(
            row.worker_id.is_not(None), row.state == state
        )
        found.append(Age(state, *conn.execute(held).one()))
    return found


def workers_alive(conn: Connection) -> int:
    """How many worker processes hold a lease."""
    clock = database_clock(conn)
    alive = workers.c.swept_at.is_(None) & (workers.c.alive_until > clock)
    return int(conn.execute(select(func.count()).where(alive)).scalar_one())
