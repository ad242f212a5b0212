"""Runs as people ask for them: what they are for, how far they are, how their messages stand."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.errors import UsageError
from outreach.reports.funnel import report
from outreach.reports.states import states_of_runs
from outreach.store import runs
from outreach.store.engine import reading
from outreach.store.runs import Run
from outreach.vocabulary import RunKind, RunState, State


@dataclass(frozen=True, slots=True)
class RunShown:
    """One run; `occurrence` is the wall clock of the customers' own zones if it has no offset."""

    id: int
    campaign: str
    kind: RunKind
    occurrence: datetime
    state: RunState
    reason: str | None  # of held and missed
    planned: int
    states: dict[State, int]  # they add up to `planned`
    skipped: dict[str, int]  # by reason; of one run only
    params: dict[str, object]  # what a run by hand was asked for
    created_at: datetime


def list_runs(context: Context, campaign: str | None, limit: int) -> list[RunShown]:
    """The newest runs first."""
    with reading(context.engine) as conn:
        found = runs.latest_runs(conn, limit, campaign)
        states = states_of_runs(conn, [run.id for run in found])
    return [_one(run, states[run.id], {}) for run in found]


def show_run(context: Context, run_id: int) -> RunShown:
    """One run; UsageError where there is none."""
    with reading(context.engine) as conn:
        run = run_with(conn, run_id)
        counted = report(conn, run_id=run_id)
    return _one(run, counted.states, counted.skipped)


def run_with(conn: Connection, run_id: int) -> Run:
    """The run of this id; UsageError where there is none."""
    run = runs.run_by_id(conn, run_id)
    if run is None:
        raise UsageError(f"there is no run {run_id}", "see `outreach runs`")
    return run


def _one(run: Run, states: dict[State, int], skipped: dict[str, int]) -> RunShown:
    return RunShown(
        id=run.id,
        campaign=run.campaign,
        kind=run.kind,
        occurrence=run.local_at or run.occurrence_at,
        state=run.state,
        reason=run.reason,
        planned=run.planned,
        states=states,
        skipped=skipped,
        params=dict(run.params),
        created_at=run.created_at,
    )
