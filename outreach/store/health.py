"""How the work stands: sums that must agree, and how old the oldest open work is; by run."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, literal_column, or_, select

from outreach.clock import Instants
from outreach.store.approvals import is_for_approval
from outreach.store.dialect import database_clock
from outreach.store.runs import is_stranded
from outreach.store.tables import campaigns, deliveries, runs, workers
from outreach.vocabulary import RunState, State

ALIVE = (RunState.PLANNING, RunState.RUNNING, RunState.HELD, RunState.PAUSED)
RETRY = "retry"  # those whose pause after a temporary answer has passed; by the real clock
LOOKED_AT = timedelta(days=7)
RECENT_RUNS = 20  # of those that have ended; a scan over all deliveries would take too long


@dataclass(frozen=True, slots=True)
class Sum:
    """A run's number of planned deliveries, and how many there are."""

    run_id: int
    planned: int
    counted: int


@dataclass(frozen=True, slots=True)
class Age:
    """How many deliveries wait for one thing (a state, or `retry`), and the oldest since when."""

    name: str
    deliveries: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that does not go on by itself, why it is held, and how many of its deliveries wait.

    `for_approval`: nothing but an approval lets it go.
    """

    run_id: int
    campaign: str
    state: RunState
    reason: str | None
    waiting: int
    for_approval: bool = False


def stopped(conn: Connection) -> list[Stopped]:
    """Every run that is held or paused, or done though something of it waits, by their ids."""
    row = runs.c
    waiting = (
        select(func.count()).where(deliveries.c.run_id == row.id, deliveries.c.ready)
    ).scalar_subquery()
    query = (
        select(row.id, campaigns.c.name, row.state, row.reason, waiting, row.params)
        .join(campaigns, campaigns.c.id == row.campaign_id)
        .where(or_(row.state.in_((RunState.HELD, RunState.PAUSED)), is_stranded()))
        .order_by(row.id)
    )
    return [
        Stopped(id_, name, RunState(state), reason, count, is_for_approval(RunState(state), params))
        for id_, name, state, reason, count, params in conn.execute(query)
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


def ages(conn: Connection, at: Instants) -> list[Age]:
    """Deliveries that wait: for a worker, their hold's end, a retry, an answer, or a person.

    What is `unknown` for longer than `LOOKED_AT` is left out: somebody saw it, or nobody will.
    """
    row = deliveries.c
    found = _ready(conn, at)
    for state in (State.CLAIMED, State.HANDING):
        held = select(func.count(), func.min(row.claimed_at)).where(
            row.worker_id.is_not(None), row.state == state
        )
        found.append(Age(state.value, *conn.execute(held).one()))
    is_unknown = row.state == literal_column("'unknown'")  # as its index has it
    unknown = select(func.count(), func.min(row.claimed_at)).where(
        is_unknown, row.claimed_at > at.now - LOOKED_AT
    )
    return [*found, Age(State.UNKNOWN.value, *conn.execute(unknown).one())]


def _ready(conn: Connection, at: Instants) -> list[Age]:
    """What is due, held beyond its instant, or to be tried again, in runs that go on."""
    row = deliveries.c
    alive = select(runs.c.id).where(runs.c.state.in_((RunState.PLANNING, RunState.RUNNING)))
    plain = row.retry_at.is_(None)
    kinds = {
        State.DUE.value: (and_(row.state == State.DUE, plain), row.due_at),
        State.HELD.value: (and_(row.state == State.HELD, plain), row.due_at),
        RETRY: (row.retry_at <= at.real_now, row.retry_at),
    }
    columns = [
        column
        for of, since in kinds.values()
        for column in (func.count(case((of, 1))), func.min(case((of, since))))
    ]
    query = select(*columns).where(row.run_id.in_(alive), row.ready, row.due_at <= at.now)
    values = list(conn.execute(query).one())
    return [Age(name, values[2 * place], values[2 * place + 1]) for place, name in enumerate(kinds)]


def workers_alive(conn: Connection) -> int:
    """How many worker processes hold a lease."""
    clock = database_clock(conn)
    alive = workers.c.swept_at.is_(None) & (workers.c.alive_until > clock)
    return int(conn.execute(select(func.count()).where(alive)).scalar_one())
