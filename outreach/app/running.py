"""The scheduler's tick: rules saved, stages refreshed, runs made and planned, workers woken."""

import os
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from outreach import queue
from outreach.app.admission import is_admitted
from outreach.app.approvals import hold_unapproved, lack_of_run, let_approved_go, may_start
from outreach.app.brakes import why_held
from outreach.app.context import Context
from outreach.app.daily import refresh_daily
from outreach.app.occasion import REPEAT
from outreach.app.owing import let_owed_in, look_after_owed
from outreach.app.project import save_rules
from outreach.app.watching import WatchedProject
from outreach.app.winners import choose_winners
from outreach.campaign.model import Expression, Place
from outreach.clock import Instants, SystemClock
from outreach.decisions.candidate import Scope
from outreach.decisions.loading import Rulings
from outreach.decisions.localities import localities
from outreach.dispatch.expiry import Expiry
from outreach.dispatch.highwater import HighWater
from outreach.dispatch.trouble import DatabaseTrouble
from outreach.errors import OutreachError, ProblemsFound
from outreach.logger import Logger
from outreach.planning.enrolling import enrol_run
from outreach.planning.occasion import come, occasion_of_run, past
from outreach.planning.run import Written, as_decided, plan_run
from outreach.planning.tick import Candidate, make_due_runs
from outreach.settings.company import Company
from outreach.settings.rules_file import BUILT_IN_CHANNELS
from outreach.store import activity, deliveries, runs, schema
from outreach.store.engine import reading, writing
from outreach.store.marks import facts_for
from outreach.store.runs import Run
from outreach.store.schema import head
from outreach.vocabulary import RunKind, RunState

log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What one look did."""

    anything: bool
    expired: int  # deliveries


def do_what_is_due(
    context: Context,
    project: Sequence[Candidate],
    plan: Callable[[Run], bool],
    expiry: Expiry,
) -> Done:
    """All that an instant asks of the database before messages go: the simulator's steps as well.

    `plan` makes a pass over a run that is to be planned, and says whether there was anything.
    """
    now = context.now()
    asked = (
        refresh_daily(context, now), look_after_owed(context), choose_winners(context),
        let_approved_go(context),
    )  # fmt: skip
    busy = any(asked)
    made = make_due_runs(
        context.engine,
        context.company(),
        project,
        now,
        partial(is_admitted, context),
    )
    for run_id in made:
        log.info("run made", run=run_id)
    with reading(context.engine) as conn:
        open_runs = runs.runs_in(conn, RunState.PLANNING)
    planned = [plan(run) for run in open_runs]
    moved = context.journeys(
        context.engine, project, now, partial(is_admitted, context), partial(may_start, context),
        partial(let_owed_in, context), {floor.by for floor in context.company().floors},
    )  # fmt: skip
    expired = expiry(context.engine, now)
    return Done(any([busy, bool(made), *planned, moved, bool(expired)]), expired)


class Tick:
    """One look at what has come due; call it again and again, from several processes if you like."""

    def __init__(self, context: Context, planner: str = "") -> None:
        """`planner` names this process to others; ProblemsFound where the rules are at fault."""
        self.planner = planner or planner_name()
        self.rulings = context.rulings
        self._project = WatchedProject(context)
        self._rules_saved = False
        self._schema = head()
        self._high_water: HighWater | None = None
        self._trouble = DatabaseTrouble()
        self._expiry = Expiry()
        self.expired = 0  # deliveries, by all ticks so far

    @property
    def context(self) -> Context:
        """The project as its files last stood without a fault."""
        return self._project.context

    def __call__(self) -> bool:
        """Do what has come due; whether anything was done, or another planner is at it.

        A database that is away is told, and is no error: the next tick finds the same work.
        OtherSchema where it was brought up to date meanwhile: this process must end.
        """
        try:
            busy = self._tick()
        except SQLAlchemyError as error:
            if not self._trouble.failed(error):
                name = type(getattr(error, "orig", None) or error).__name__
                log.warning("tick failed", error=name)
            return True
        self._trouble.over()
        return busy

    def _look_at_database(self) -> None:
        """Whether it is the one that this process knows: of its schema, not older than before."""
        engine = self.context.engine
        with reading(engine) as conn:
            schema.require(conn, self._schema)
        if self._high_water is None:
            self._high_water = HighWater(engine, self.context.environment.state)
        self._high_water.compare()

    def _tick(self) -> bool:
        self._look_at_database()
        self._read_files()
        done = do_what_is_due(self.context, self._project.candidates, self._planned, self._expiry)
        self.expired += done.expired
        wake(self.context)
        return any([done.anything, finish(self.context)])

    def _planned(self, run: Run) -> bool:
        try:
            return plan_pass(self.context, run, self.rulings, self.planner)
        except (OperationalError, InterfaceError) as error:  # the others may still be planned
            self._trouble.failed(error)
            return True

    def _read_files(self) -> None:
        if not self._project.look() and self._rules_saved:
            return
        take_over(self.context, self._project.names)
        self._rules_saved = True


def take_over(context: Context, names: Collection[str]) -> None:
    """Put the rules into the database; campaigns that have no file any more are not active.

    `names` are those of the project's campaigns, sound or not.
    """
    save_rules(context)
    with reading(context.engine) as conn:
        known = activity.activities(conn)
    gone = [
        name for name, each in known.items() if each.active_since is not None and name not in names
    ]
    if gone:
        with writing(context.engine) as conn:
            for name in gone:  # a file that comes back looks forward only
                activity.deactivate(conn, name)


def planner_name() -> str:
    """This process, as others know it that plan."""
    return f"{socket.gethostname()}:{os.getpid()}"


def plan_pass(
    context: Context, run: Run, rulings: Rulings, planner: str, written: Written = as_decided,
    told: Callable[[], None] = lambda: None,
) -> bool:  # fmt: skip
    """Plan the places of a run whose time has come; whether there were any.

    `told` is called whenever more rows are there to be sent. A run that can not be planned is held with the reason, and others go on. OperationalError and
    InterfaceError where the database is at fault: whoever tries again goes on where it stopped.
    """
    try:
        return _plan(context, run, rulings, planner, written, told)
    except (OperationalError, InterfaceError):
        raise
    except ProblemsFound as found:
        _hold(context, run, str(found.problems[0]))
    except OutreachError as error:
        _hold(context, run, error.message)
    except Exception as error:
        log.exception("run can not be planned", run=run.id)
        _hold(context, run, f"a fault of outreach: {type(error).__name__}")
    return True


def _plan(
    context: Context, run: Run, rulings: Rulings, planner: str, written: Written,
    told: Callable[[], None],
) -> bool:  # fmt: skip
    now = context.now()
    if run.kind is RunKind.JOURNEY:  # it goes on again: who comes to its step is planned at once
        with writing(context.engine) as conn:
            runs.move_run(conn, run.id, RunState.RUNNING, (RunState.PLANNING,))
        return True
    with reading(context.engine) as conn:
        ruling = rulings.load(conn, run.revision_id, run.step)
        occasion = occasion_of_run(run)
        instants = occasion.instants(ruling.grid, localities(conn))
        asked = come(instants, run.planned_until, now)
        if not asked and occasion.last_at > now:
            return False  # other places come later; this tick has nothing to write
        late = ruling.campaign.schedule.late
        over = past(asked, late, now, run.active_since)
        facts = facts_for(conn, min([now, *(at for id_, at in asked.items() if id_ not in over)]))
        scope = scope_of(run, now, facts)
        rest = replace(scope, past=over)
        lacks = lack_of_run(context, conn, run, ruling, rest, instants)
        load = partial(rulings.load, conn, run.revision_id)
        held = "" if lacks else why_held(context, conn, run, load, rest, instants)
    if lacks:
        hold_unapproved(context, run, lacks)
        return True
    if held:
        _hold(context, run, held)
        return True
    if ruling.campaign.is_journey:
        entered = enrol_run(context.engine, run, ruling, scope, planner, now)
        log.info("run enrolled", run=run.id, entered=entered)
        return True
    done = plan_run(context.engine, run, ruling, scope, planner, now, written, told)
    if done is not None:
        log.info("run planned", run=run.id, planned=done.planned, complete=done.complete)
    return True


def scope_of(run: Run, now: datetime, facts: str = "stored") -> Scope:
    """Whom a run is about: its audience, by hand narrowed as it was asked for."""
    asked = run.params
    where = asked.get("where")
    return Scope(
        run_at=run.occurrence_at,
        run_id=run.id,
        local_at=run.local_at,
        seen_at=now,
        to=tuple(asked.get("to", ())),
        where=Expression(where, Place("--where", 1, 1)) if where else None,
        repeats_within=None if asked.get("again", True) else run.created_at - REPEAT,
        facts=facts,
    )


def _hold(context: Context, run: Run, reason: str) -> None:
    log.error("run is held", run=run.id, campaign=run.campaign, why=reason)
    with writing(context.engine) as conn:
        deliveries.hold_run(conn, run.id, reason)


def wake(context: Context) -> None:
    """Ring for every channel that has something to send now."""
    at = Instants(context.now(), SystemClock().now())
    with reading(context.engine) as conn:
        waiting = deliveries.channels_with_work(conn, channels_of(context.company()), at)
    for channel in waiting:
        queue.wake(channel)


def channels_of(company: Company) -> list[str]:
    """Every channel that may have something to send."""
    return sorted(BUILT_IN_CHANNELS | company.channels.keys())


def finish(context: Context) -> bool:
    """End the runs that have nothing open any more; whether there were any."""
    with reading(context.engine) as conn:
        if not runs.runs_in(conn, RunState.RUNNING):
            return False
    with writing(context.engine) as conn:
        ended = runs.finish_runs(conn, context.now())
    for run_id in ended:
        log.info("run done", run=run_id)
    return bool(ended)
