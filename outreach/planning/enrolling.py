"""A run of a journey: everyone of its audience comes in, each at their instant of the occurrence."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, func, literal, select

from outreach.decisions.candidate import Scope
from outreach.decisions.entrants import entrants
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling
from outreach.planning.entering import Case, enrol, enrolled
from outreach.planning.occasion import come, occasion_of_run
from outreach.planning.tenure import tenure
from outreach.store import runs
from outreach.store.engine import begin_write, let_others_write
from outreach.store.pace import Pace
from outreach.store.runs import Run
from outreach.store.tables import customers
from outreach.store.types import BigId
from outreach.vocabulary import Origin, RunState

FIRST_RANGE, MOST = 5_000, 20_000  # customers looked at in a transaction


def enrol_run(
    engine: Engine, run: Run, ruling: Ruling, scope: Scope, planner: str, now: datetime
) -> int | None:
    """Enrol the audience in the places whose instant has come; how many; None: another one does.

    Who has come in by this run is left out, so whoever goes on where a planner died begins with
    the first customer. Where the instant was before the campaign was active nobody comes in.
    """
    with engine.connect() as conn:
        with begin_write(conn):
            if not runs.take_planning(conn, run.id, planner):
                return None
            run = runs.run_by_id(conn, run.id) or run
        occasion = occasion_of_run(run)
        instants = occasion.instants(ruling.grid, localities(conn))
        conn.rollback()
        asked = come(instants, run.planned_until, now)
        since = run.active_since
        asked = {id_: at for id_, at in asked.items() if since is None or at >= since}
        with tenure(engine, run.id, planner):
            entered, whole = _enrol(conn, run, ruling, scope, asked, planner)
        complete = whole and (run.local_at is None or occasion.last_at <= now)
        with begin_write(conn):
            if whole:
                state = RunState.RUNNING if complete else RunState.PLANNING
                runs.end_pass(conn, run.id, planner, now, state)
            runs.leave_planning(conn, run.id, planner)
    return entered


def _enrol(
    conn: Connection, run: Run, ruling: Ruling, scope: Scope,
    asked: Mapping[int, datetime], planner: str,
) -> tuple[int, bool]:  # fmt: skip
    """How many came in, and whether all: another may have stopped or taken over the run."""
    if not asked:
        return 0, True
    last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    conn.rollback()
    first, total, pace = 0, 0, Pace(FIRST_RANGE, MOST)
    while first < last:
        until = first + pace.rows
        with begin_write(conn, pace):
            found = entrants(conn, ruling, scope, asked)
            own, asked_at = found.candidate.customer.c.id, found.candidate.zones.c.asked_at
            query = select(own).select_from(found.joined()).where(own > first, own <= until)
            case = Case(Origin.RUN, literal(run.id, BigId), asked_at, asked_at)
            total += enrol(conn, enrolled(ruling, found, case, query.where(*found.may_enter())))
            if not runs.advance(conn, run.id, planner, cursor=until, planned=0):
                conn.rollback()
                return total, False
        first = until
        let_others_write(conn.engine)
    return total, True
