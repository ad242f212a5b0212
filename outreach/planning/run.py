"""Carries a run's plan out: rows of deliveries, by ranges of customers, resumable at any range."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Select

from outreach.decisions.asking import Question
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import winner_due_at, with_winner
from outreach.planning.hands import decided_by, hands_for
from outreach.planning.occasion import come, occasion_of_run, past
from outreach.planning.rows import delivery_rows
from outreach.planning.tenure import tenure
from outreach.store import runs
from outreach.store.dialect import insert
from outreach.store.engine import begin_write, let_others_write, pace_on
from outreach.store.runs import Run
from outreach.store.tables import deliveries
from outreach.store.winners import expect_winner
from outreach.vocabulary import RunState

FIRST_RANGE, MOST = 5_000, 20_000  # rows a transaction
Written = Callable[[Select[Any]], Select[Any]]  # makes of the rows decided those that are written


def as_decided(rows: Select[Any]) -> Select[Any]:
    """The rows as they are: workers will send them."""
    return rows


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over a run's due places did."""

    planned: int
    complete: bool  # every place has had its turn


def plan_run(
    engine: Engine,
    run: Run,
    ruling: Ruling,
    scope: Scope,
    planner: str,
    now: datetime,
    written: Written = as_decided,
    told: Callable[[], None] = lambda: None,
) -> Pass | None:
    """Plan the run's places whose instant has come; None while another planner is at it.

    Where the turn is past already everyone of the audience is `expired`: counted, and not written to.
    A planner that dies leaves its cursor; the next one decides the rest and goes on there. Of
    customers' own local times more places have come due by then: it begins with the first
    customer, and who has a row keeps it. A run that is stopped meanwhile stays so. `told` is called
    whenever more rows are there to be sent.
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
                _write(
                    conn,
                    run,
                    ask_base(conn, ruling, scope, asked, instants),
                    planner,
                    written,
                    told,
                )
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
    written: Written,
    told: Callable[[], None],
) -> tuple[int, bool]:
    """Write the rows; how many, and whether all: another may have stopped or taken over the run."""
    total, pace = 0, pace_on(conn.engine, FIRST_RANGE, MOST)
    after = run.cursor if run.local_at is None else 0
    with decided_by(conn, question, hands_for(conn, question)) as parts:
        for part in parts:
            while (last := part.last_of(after, pace.rows)) is not None:
                part.conn.rollback()
                with begin_write(part.conn, pace):
                    source = delivery_rows(run, question.ruling, part).where(
                        part.table.c.id > after, part.table.c.id <= last
                    )
                    rows = part.conn.execute(_insert(part.conn, written(source))).rowcount
                    if not runs.advance(part.conn, run.id, planner, cursor=last, planned=rows):
                        part.conn.rollback()
                        return total, False
                total, after = total + rows, last
                told()
                let_others_write(conn.engine)
            part.conn.rollback()
    return total, True


def _insert(conn: Connection, source: Select[Any]) -> Insert:
    names = [column.name for column in source.selected_columns]
    made = insert(conn, deliveries).from_select(names, source)
    return made.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
