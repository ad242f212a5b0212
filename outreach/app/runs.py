"""Runs as people ask for them: what they are for, how far they are, how their messages stand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from outreach.app.company_clock import company_clock
from outreach.app.context import Context
from outreach.app.person import person
from outreach.errors import UsageError
from outreach.reports.funnel import Waiting, report, waiting_in
from outreach.reports.states import states_of_runs
from outreach.store import custody, endings, health, lapses, run_answers, runs, unknowns
from outreach.store.acknowledgement import run_acknowledged
from outreach.store.approvals import awaits_approval
from outreach.store.brakes import release
from outreach.store.channel_holds import ChannelHold, waiting
from outreach.store.custody import Settlement
from outreach.store.engine import database_now, reading, writing
from outreach.store.journal import record
from outreach.store.runs import Run
from outreach.vocabulary import RunKind, RunState, State

GOING_ON = (RunState.PLANNING, RunState.RUNNING)
STOPPED = (RunState.PAUSED, RunState.HELD)
HIGHEST_ID = 2**63 - 1  # databases fail beyond
BATCH = 5_000  # deliveries cancelled in one transaction


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
    held: dict[str, int]  # by reason; of one run only
    held_until: tuple[datetime, datetime] | None  # the earliest and the latest, company time
    channels_held: list[ChannelHold]  # that open messages of it wait for
    params: dict[str, object]  # what a run by hand was asked for
    created_at: datetime
    step: str | None = None  # of a journey: the message that customers came to


def list_runs(context: Context, campaign: str | None, limit: int) -> list[RunShown]:
    """The newest runs, held and paused ones before all others."""
    with reading(context.engine) as conn:
        found = runs.latest_runs(conn, limit, campaign)
        ids = [run.id for run in found]
        states, held = states_of_runs(conn, ids), waiting(conn, ids)
    nothing = Waiting({}, None)
    return [_one(run, states[run.id], {}, held[run.id], nothing) for run in found]


def show_run(context: Context, run_id: int) -> RunShown:
    """One run; UsageError where there is none."""
    with reading(context.engine) as conn:
        run = run_with(conn, run_id)
        counted = report(conn, run_id=run_id)
        held = waiting(conn, [run_id])[run_id]
        waits = held_in(context, conn, run_id)
    return _one(run, counted.states, counted.skipped, held, waits)


def held_in(context: Context, conn: Connection, run_id: int) -> Waiting:
    """Why messages of a run are held, and until when: by company time, if that can be read."""
    found = waiting_in(conn, run_id)
    if found.until is None:
        return found
    zone = company_clock(context)
    first, last = (each.astimezone(zone) for each in found.until)
    return Waiting(found.held, (first, last))


def pause_run(context: Context, run_id: int) -> RunShown:
    """Stop a run: nothing more of it is handed over. UsageError where it is not going on.

    Returns when no message of it begins any more, which takes up to two seconds.
    """
    _move(context, run_id, RunState.PAUSED, GOING_ON)
    run_acknowledged(context.engine, run_id)
    return show_run(context, run_id)


def resume_run(context: Context, run_id: int) -> RunShown:
    """Let a paused or held run go on, where it stopped; nothing is repeated.

    Its refusals are counted anew. One that is done though something of it waits goes on too.
    """
    with reading(context.engine) as conn:
        stopped = [one.state for one in health.stopped(conn) if one.run_id == run_id]
    _move(context, run_id, RunState.PLANNING, stopped or STOPPED)
    return show_run(context, run_id)


def cancel_run(context: Context, run_id: int, over: Collection[RunState] = ()) -> RunShown:
    """End a run for good: what went out stays, what is due or held is cancelled and its slot free.

    One that is cancelled already is cancelled once more: what was left open then is ended.
    `over`: states of runs that had ended, which are cancelled too.
    """
    _move(context, run_id, RunState.CANCELLED, (*GOING_ON, *STOPPED, RunState.CANCELLED, *over))
    while True:
        with writing(context.engine) as conn:
            if not endings.cancel_open(conn, run_id, BATCH):
                break
    run_acknowledged(context.engine, run_id)
    return show_run(context, run_id)


def settle_unknown(context: Context, run_id: int, again: bool) -> RunShown:
    """Settle a run's unknown messages on a person's word: all went out, or all go out `again`.

    Only where no provider can be asked any more is that a person's to say. What waits again is
    decided about again, and a run that had ended goes on.
    """
    settled, left = 0, True
    while left:
        with writing(context.engine) as conn:
            run = run_with(conn, run_id)
            if again and run.state is RunState.CANCELLED:
                raise UsageError(f"run {run_id} is cancelled", "nothing of it is sent any more")
            rows = unknowns.of_run(conn, run_id, BATCH)
            (_wait_again if again else _went_out)(conn, rows)
            settled, left = settled + len(rows), len(rows) == BATCH
            if not left and settled:
                _note(context, conn, "unknown sent again" if again else "unknown sent", run_id)
    if not settled:
        hint = f"see `outreach runs show {run_id}`"
        raise UsageError(f"run {run.id} has no unknown messages", hint)
    return show_run(context, run_id)


def _wait_again(conn: Connection, rows: Sequence[Row[Any]]) -> None:
    found = [lapses.Lapse(row.id, row.run_id, row.fence, State.UNKNOWN) for row in rows]
    lapses.send_again(conn, found)


def _went_out(conn: Connection, rows: Sequence[Row[Any]]) -> None:
    now = database_now(conn)
    custody.settle(conn, [
        Settlement(row.id, row.fence, State.SENT, now,
                   sent_at=row.claimed_at, provider_id=row.provider_id)
        for row in rows
    ])  # fmt: skip


def _move(context: Context, run_id: int, to: RunState, among: Collection[RunState]) -> None:
    with writing(context.engine) as conn:
        run = run_with(conn, run_id)
        if to is RunState.PLANNING and awaits_approval(run):
            hint = f"`outreach approve {run.campaign} --as PERSON` lets it go, or cancel it"
            raise UsageError(f"run {run_id} waits for an approval, not to be resumed", hint)
        if not runs.move_run(conn, run_id, to, among):
            hint = f"only one that is {' or '.join(each.value for each in among)} can be"
            raise UsageError(f"run {run_id} is {run.state.value}", hint)
        if to is RunState.PLANNING:
            release(conn, run)
            run_answers.begin_anew(conn, run_id)
        _note(context, conn, f"run {to.value}", run_id)


def _note(context: Context, conn: Connection, action: str, run_id: int) -> None:
    record(conn, context.now(), person() or "", action, run_id)


def run_with(conn: Connection, run_id: int) -> Run:
    """The run of this id; UsageError where there is none."""
    run = runs.run_by_id(conn, run_id) if 1 <= run_id <= HIGHEST_ID else None
    if run is None:
        raise UsageError(f"there is no run {run_id}", "see `outreach runs`")
    return run


def _one(
    run: Run,
    states: dict[State, int],
    skipped: dict[str, int],
    held: list[ChannelHold],
    waits: Waiting,
) -> RunShown:
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
        held=waits.held,
        held_until=waits.until,
        channels_held=held,
        params=dict(run.params),
        created_at=run.created_at,
        step=run.step,
    )
