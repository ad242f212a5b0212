"""Runs: the work done for one occurrence of a campaign."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select, update
from sqlalchemy.sql import ColumnElement

from outreach.store.dialect import insert
from outreach.store.engine import database_now
from outreach.store.tables import campaigns, deliveries, runs
from outreach.vocabulary import RunKind, RunState

PLANNER_LEASE = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `local_at` is the wall-clock time of an occurrence in the customers' own zones."""

    id: int
    campaign_id: int
    campaign: str
    revision_id: int
    kind: RunKind
    occurrence_at: datetime
    local_at: datetime | None
    state: RunState
    reason: str | None
    rank: int
    params: Mapping[str, Any]
    planned: int
    cursor: int
    planned_until: datetime | None
    created_at: datetime
    step: str | None = None  # the message that it is about; None: the campaign's first

    @property
    def active_since(self) -> datetime | None:
        """Since when its campaign was active, where places had their turn before that."""
        since = self.params.get("active_since")
        return None if since is None else datetime.fromisoformat(since)


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be made."""

    campaign_id: int
    revision_id: int
    kind: RunKind
    occurrence_at: datetime
    rank: int
    created_at: datetime
    local_at: datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    created_by: str | None = None
    step: str | None = None
    channels: tuple[str, ...] = ()  # of the message, in the file's order


def _all() -> Select[Any]:
    return select(runs, campaigns.c.name).join(campaigns, campaigns.c.id == runs.c.campaign_id)


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        campaign_id=row.campaign_id,
        campaign=row.name,
        revision_id=row.revision_id,
        kind=RunKind(row.kind),
        occurrence_at=row.occurrence_at,
        local_at=None if row.local_at is None else datetime.fromisoformat(row.local_at),
        state=RunState(row.state),
        reason=row.reason,
        rank=row.rank,
        params=row.params,
        planned=row.planned,
        cursor=row.cursor,
        planned_until=row.planned_until,
        created_at=row.created_at,
        step=row.step,
    )


def make_run(conn: Connection, new: NewRun) -> int | None:
    """Make a run; None where the occurrence has one already (two schedulers, one occurrence)."""
    key = {"campaign_id": new.campaign_id, "occurrence_at": new.occurrence_at, "kind": new.kind}
    made = (
        insert(conn, runs).values(key | _values(new)).on_conflict_do_nothing().returning(runs.c.id)
    )
    return conn.execute(made).scalar()


def run_after_all(conn: Connection, new: NewRun) -> int | None:
    """Begin the run of an occurrence that was recorded as missed; None where it was not.

    A clock that was ahead recorded it before its time. Of several who ask one begins it.
    """
    missed = (
        runs.c.campaign_id == new.campaign_id,
        runs.c.occurrence_at == new.occurrence_at,
        runs.c.kind == new.kind,
        runs.c.state == RunState.MISSED,
    )
    begun = update(runs).where(*missed).values(reason=None, **_values(new)).returning(runs.c.id)
    return conn.execute(begun).scalar()


def _values(new: NewRun) -> dict[str, Any]:
    return {
        "revision_id": new.revision_id,
        "local_at": None if new.local_at is None else new.local_at.isoformat(),
        "state": RunState.PLANNING,
        "rank": new.rank,
        "params": dict(new.params),
        "created_at": new.created_at,
        "created_by": new.created_by,
        "step": new.step,
        "channels": list(new.channels),
    }


def run_by_id(conn: Connection, run_id: int) -> Run | None:
    """One run; None where there is none of this id."""
    row = conn.execute(_all().where(runs.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def run_of(conn: Connection, campaign: str, occurrence_at: datetime) -> Run | None:
    """The run that the schedule made for an occurrence; None where there is none yet."""
    query = _all().where(
        campaigns.c.name == campaign,
        runs.c.kind == RunKind.SCHEDULE,
        runs.c.occurrence_at == occurrence_at,
    )
    return None if (row := conn.execute(query).one_or_none()) is None else _run(row)


def latest_runs(conn: Connection, limit: int, campaign: str | None = None) -> list[Run]:
    """The newest runs, those that wait for a person before all others, however old."""
    waits = runs.c.state.in_((RunState.HELD, RunState.PAUSED))
    query = _all().order_by(waits.desc(), runs.c.id.desc()).limit(limit)
    if campaign is not None:
        query = query.where(campaigns.c.name == campaign)
    return [_run(row) for row in conn.execute(query)]


def runs_in(conn: Connection, *states: RunState) -> list[Run]:
    """Runs in any of these states, those that are claimed first in front."""
    return [_run(row) for row in conn.execute(_in_states(states))]


@cache
def _in_states(states: tuple[RunState, ...]) -> Select[Any]:
    return _all().where(runs.c.state.in_(states)).order_by(runs.c.rank, runs.c.id)


def take_planning(conn: Connection, run_id: int, planner: str) -> bool:
    """Become the run's only planner for PLANNER_LEASE; False while another one is."""
    now = database_now(conn)
    free = or_(runs.c.planner.is_(None), runs.c.planner == planner, runs.c.planner_until < now)
    taken = (
        update(runs)
        .where(runs.c.id == run_id, runs.c.state == RunState.PLANNING, free)
        .values(planner=planner, planner_until=now + PLANNER_LEASE)
        .returning(runs.c.id)
    )
    return conn.execute(taken).scalar() is not None


def keep_planning(conn: Connection, run_id: int, planner: str) -> None:
    """Stay the run's planner for another PLANNER_LEASE, if it still is."""
    conn.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.planner == planner, runs.c.state == RunState.PLANNING)
        .values(planner_until=database_now(conn) + PLANNER_LEASE)
    )


def advance(conn: Connection, run_id: int, planner: str, *, cursor: int, planned: int) -> bool:
    """Note that the run is planned up to `cursor`; False: another planner took it over."""
    moved = (
        update(runs)
        .where(runs.c.id == run_id, runs.c.planner == planner, runs.c.state == RunState.PLANNING)
        .values(cursor=cursor, planned=runs.c.planned + planned)
        .returning(runs.c.id)
    )
    return conn.execute(moved).scalar() is not None


def end_pass(
    conn: Connection, run_id: int, planner: str, planned_until: datetime, state: RunState
) -> None:
    """Note that every place up to `planned_until` is planned; not of a run that was stopped."""
    conn.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.planner == planner, runs.c.state == RunState.PLANNING)
        .values(planned_until=planned_until, cursor=0, state=state)
    )


def leave_planning(conn: Connection, run_id: int, planner: str) -> None:
    """Give the planning back, so that another one may go on with it at once."""
    conn.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.planner == planner)
        .values(planner=None, planner_until=None)
    )


def set_state(conn: Connection, run_id: int, state: RunState, reason: str | None = None) -> None:
    """Put a run into a state."""
    conn.execute(update(runs).where(runs.c.id == run_id).values(state=state, reason=reason))


def move_run(
    conn: Connection,
    run_id: int,
    to: RunState,
    among: Collection[RunState],
    reason: str | None = None,
) -> bool:
    """Put a run into a state if it is in one of `among`; whether it was."""
    moved = (
        update(runs)
        .where(runs.c.id == run_id, runs.c.state.in_(among))
        .values(state=to, reason=reason)
        .returning(runs.c.id)
    )
    return conn.execute(moved).scalar() is not None


def note_reason(conn: Connection, run_id: int, state: RunState, reason: str) -> bool:
    """Note why on a run in this state, where nothing is noted yet; whether it was."""
    row = runs.c
    noted = (
        update(runs)
        .where(row.id == run_id, row.state == state, row.reason.is_(None))
        .values(reason=reason)
        .returning(row.id)
    )
    return conn.execute(noted).scalar() is not None


def _has_open() -> ColumnElement[bool]:
    return exists(select(1)).where(deliveries.c.run_id == runs.c.id, deliveries.c.ready)


def is_stranded() -> ColumnElement[bool]:
    """Whether a run is done though something of it waits, which must not be: nobody claims it."""
    return and_(runs.c.state == RunState.DONE, _has_open())


def finish_runs(conn: Connection, now: datetime) -> list[int]:
    """End the runs that are planned wholly and have nothing open or in flight; their ids."""
    row = deliveries.c
    held = exists(select(1)).where(row.worker_id.is_not(None), row.run_id == runs.c.id)
    over = and_(runs.c.state == RunState.RUNNING, ~_has_open(), ~held)
    ids = _locked(conn, over, for_update=True)
    done = (
        update(runs)
        .where(runs.c.id.in_(ids), over)  # asked again: something may have come to wait meanwhile
        .values(state=RunState.DONE, finished_at=now)
        .returning(runs.c.id)
    )
    return list(conn.execute(done).scalars()) if ids else []


def reopen(conn: Connection, run_ids: Collection[int]) -> None:
    """Let runs that had ended go on; for whoever makes deliveries of them wait, right after it.

    Whoever ends a run meanwhile is waited for, or waits and sees what waits now.
    """
    if not run_ids:
        return
    _locked(conn, runs.c.id.in_(run_ids), for_update=False)
    conn.execute(
        update(runs)
        .where(runs.c.id.in_(run_ids), runs.c.state == RunState.DONE)
        .values(state=RunState.RUNNING, finished_at=None)
    )


def _locked(conn: Connection, which: ColumnElement[bool], *, for_update: bool) -> list[int]:
    """Lock runs against being ended, or to end them, in id order; what else is written may go on."""
    chosen = select(runs.c.id).where(which).order_by(runs.c.id)
    shared = not for_update
    return list(conn.execute(chosen.with_for_update(read=shared, key_share=shared)).scalars())
