"""Carries a run's plan out: rows of deliveries, by ranges of customers, resumable at any range."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Insert,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy import Text as TextType
from sqlalchemy.sql import ColumnElement

from outreach.decisions.asking import Question
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.order import CODES
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import winner_due_at, with_winner
from outreach.planning.decided import Decided
from outreach.planning.occasion import come, occasion_of_run, past
from outreach.planning.tenure import tenure
from outreach.store import runs
from outreach.store.dialect import insert
from outreach.store.engine import begin_write, let_others_write
from outreach.store.lanes import lane_for
from outreach.store.pace import Pace
from outreach.store.runs import Run
from outreach.store.tables import deliveries
from outreach.store.types import BigId, Instant
from outreach.store.winners import expect_winner
from outreach.vocabulary import RunState, State

FIRST_RANGE, MOST = 5_000, 20_000  # rows a transaction


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over a run's due places did."""

    planned: int
    complete: bool  # every place has had its turn


def plan_run(
    engine: Engine, run: Run, ruling: Ruling, scope: Scope, planner: str, now: datetime
) -> Pass | None:
    """Plan the run's places whose instant has come; None while another planner is at it.

    Where the turn is past already everyone of the audience is `expired`: counted, and not written to.
    A planner that dies leaves its cursor; the next one decides the rest and goes on there. Of
    customers' own local times more places have come due by then: it begins with the first
    customer, and who has a row keeps it. A run that is stopped meanwhile stays so.
    """
    with engine.connect() as conn:
        with begin_write(conn):
            if not runs.take_planning(conn, run.id, planner):
                return None
            run = runs.run_by_id(conn, run.id) or run  # as it stands now that it is ours
        occasion = occasion_of_run(run)
        instants = occasion.instants(ruling.grid, localities(conn))
        conn.rollback()
        asked = come(instants, run.planned_until, now)
        over = past(instants, ruling.campaign.schedule.late, now, run.active_since)
        scope = _with_winner(conn, run, ruling, replace(scope, past=over), instants)
        with tenure(engine, run.id, planner):
            planned, whole = (
                _write(conn, run, ask_base(conn, ruling, scope, asked, instants), planner)
                if asked
                else (0, True)
            )
        complete = whole and (run.local_at is None or occasion.last_at <= now)
        with begin_write(conn):
            if whole:
                state = RunState.RUNNING if complete else RunState.PLANNING
                runs.end_pass(conn, run.id, planner, now, state)
            runs.leave_planning(conn, run.id, planner)
    return Pass(planned, complete)


def _with_winner(
    conn: Connection, run: Run, ruling: Ruling, scope: Scope, instants: Mapping[int, datetime]
) -> Scope:
    """The scope with the run's test, which begins with its first place's turn."""
    due_at = winner_due_at(ruling, instants, scope.past)
    if due_at is None:
        return scope
    with begin_write(conn):
        expect_winner(conn, run.id, due_at)
    scope = with_winner(conn, ruling, run.id, scope)
    conn.rollback()
    return scope


def _write(
    conn: Connection,
    run: Run,
    question: Question,
    planner: str,
) -> tuple[int, bool]:
    """Write the rows; how many, and whether all: another may have stopped or taken over the run."""
    decided = Decided(conn, question)
    conn.commit()
    after = run.cursor if run.local_at is None else 0
    total, pace = 0, Pace(FIRST_RANGE, MOST)
    try:
        while (last := decided.last_of(after, pace.rows)) is not None:
            conn.rollback()
            with begin_write(conn, pace):
                rows = conn.execute(
                    _insert(conn, run, question.ruling, decided, after, last)
                ).rowcount
                if not runs.advance(conn, run.id, planner, cursor=last, planned=rows):
                    conn.rollback()
                    return total, False
            total, after = total + rows, last
            let_others_write(conn.engine)
    finally:
        decided.drop()
        conn.commit()
    return total, True


def _insert(
    conn: Connection, run: Run, ruling: Ruling, decided: Decided, after: int, last: int
) -> Insert:
    source = _rows(run, ruling, decided).where(
        decided.table.c.id > after, decided.table.c.id <= last
    )
    names = [column.name for column in source.selected_columns]
    made = insert(conn, deliveries).from_select(names, source)
    return made.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _rows(run: Run, ruling: Ruling, decided: Decided) -> Select[Any]:
    row = decided.table.c
    free = row.code.is_(None)
    due_at = case((and_(free, row.why.is_not(None)), row.opens_at), (free, row.asked_at))
    code = func.coalesce(row.code, row.why)
    state = case(
        (row.code.is_not(None), State.SKIPPED.value),
        (row.why.is_not(None), State.HELD.value),
        else_=State.DUE.value,
    )
    return select(
        literal(run.id, BigId).label("run_id"),
        literal(run.occurrence_at, Instant()).label("run_at"),
        literal(run.campaign_id, BigId).label("campaign_id"),
        literal(ruling.step.id).label("step"),
        row.id.label("customer_id"),
        literal(ruling.campaign.topic).label("topic"),
        literal(ruling.campaign.priority).label("priority"),
        case(
            *((row.number == number, name) for number, name in enumerate(ruling.channels)),
            else_=null(),
        ).label("channel"),
        _lane(ruling, row).label("lane"),
        case((free, row.address), else_=cast(null(), TextType)).label("address"),
        row.locale.label("locale"),
        _variant(ruling, row).label("variant"),
        state.label("state"),
        case(*((code == each, reason.value) for reason, each in CODES.items())).label("reason"),
        row.asked_at.label("planned_at"),
        due_at.label("due_at"),
        case((and_(free, row.why.is_not(None)), row.opens_at)).label("until"),
        case(
            *((and_(free, row.why == each), reason.value) for reason, each in CODES.items())
        ).label("held_for"),
        row.late_at.label("late_at"),
        due_at.label("slot_at"),
        case((free, true()), else_=false()).label("ready"),
        case((free, row.consent_id)).label("consent_id"),
    )


def _variant(ruling: Ruling, row: Any) -> ColumnElement[str | None]:
    """The name of each row's variant; null where nothing is compared, or none is chosen yet."""
    if not ruling.variants:
        return cast(null(), TextType)
    return case(*((row.variant == number, name) for number, name in enumerate(ruling.variants)))


def _lane(ruling: Ruling, row: Any) -> ColumnElement[str]:
    """What a rate limit will hold each row back in."""
    limits = {number: ruling.company.limits(name) for number, name in enumerate(ruling.channels)}
    parted = {number: each for number, each in limits.items() if each.per_domain}
    if not parted:
        return literal("")
    whens = ((row.number == number, lane_for(each, row.address)) for number, each in parted.items())
    return case(*whens, else_="")
