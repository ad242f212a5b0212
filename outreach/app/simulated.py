"""A project on a copy of its base under a clock that is put forward: production, sending nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select

from outreach.app.company_clock import next_morning
from outreach.app.context import Context
from outreach.app.running import channels_of, do_what_is_due, finish, plan_pass, take_over
from outreach.app.stages import refresh_touched
from outreach.app.watching import WatchedProject
from outreach.clock import MovingClock
from outreach.decisions.loading import Rulings
from outreach.decisions.ruling import Ruling
from outreach.dispatch.expiry import Expiry
from outreach.dispatch.held import Held
from outreach.dispatch.letters import ProjectRulebook, Signer
from outreach.planning.journeys import goes
from outreach.planning.tick import Candidate
from outreach.simulation.assumptions import Assumptions
from outreach.simulation.at_once import AtOnce, is_last, open_channels
from outreach.simulation.behaving import Behaviour
from outreach.simulation.counting import Since, begin
from outreach.simulation.serving import Serving, let_go
from outreach.simulation.under_way import stirs_at
from outreach.simulation.waking import wakes_at
from outreach.store import workers
from outreach.store.engine import reading, writing
from outreach.store.runs import Run
from outreach.store.scratch import scratch_copy

PLANNER = "simulation"
LEASE = timedelta(days=365)  # of the one worker there is


@dataclass(slots=True)
class Simulated:
    """A copy at work; `context` is the project there, `since` where its own deliveries begin."""

    context: Context
    clock: MovingClock
    since: Since
    campaigns: Sequence[Candidate]
    _rulings: Rulings
    _expiry: Expiry
    _serving: Serving
    behaviour: Behaviour | None = None
    faulty: Mapping[str, str] = field(default_factory=dict)  # campaigns that can not run, and why
    naps: bool = True  # whether looks at which nothing can come due are left out
    _looked_at: datetime | None = None
    _before: datetime | None = None  # the look before this one
    _went: bool = False  # whether anything went at this one as it was planned
    _wakes_at: datetime | None = None  # nothing can come due before; None: not known

    def step(self, at: datetime) -> None:
        """Put the clock to an instant and do all that comes due there, until nothing is left."""
        self._before, self._looked_at = self._looked_at, at
        self.clock.at, self._went = at, False
        acted = [] if self.behaviour is None else self.behaviour.act(at)
        refresh_touched(self.context, acted)
        if not acted and self.is_asleep(at):
            return
        served, busy = 0, True
        while busy:
            done = do_what_is_due(self.context, self.campaigns, self._plan, self._expiry)
            now_served = self._serving(at, self._before)
            busy = any([done.anything, now_served > 0, finish(self.context)])
            served += now_served
        self._wakes_at = self._next(at) if self.naps else None  # the last look found nothing
        if self.behaviour is not None and (served or self._went):
            self.behaviour.note(at)

    def is_asleep(self, at: datetime) -> bool:
        """Whether nothing but what customers do can come due at an instant."""
        return self._wakes_at is not None and at < self._wakes_at

    def _next(self, at: datetime) -> datetime:
        """When to look again, after a look at which nothing was to be done."""
        context, morning = self.context, next_morning(self.context, at)
        with reading(context.engine) as conn:
            return wakes_at(conn, self.campaigns, context.company(), self._rulings, at, morning)

    def _plan(self, run: Run) -> bool:
        return plan_pass(self.context, run, self._rulings, PLANNER, partial(self._written, run))

    def _written(self, run: Run, rows: Select[Any]) -> Select[Any]:
        """What of a run is written: as sent, where nothing else can matter before it goes."""
        at_once = self._at_once(run)
        if at_once is None:
            return rows
        self._went = True
        return at_once(rows)

    def _at_once(self, run: Run) -> AtOnce | None:
        now, before = self.clock.at, self._before
        if before is None or self._serving.tell is not None:
            return None
        journeys = [each.campaign for each in self.campaigns if goes(each.campaign)]
        with reading(self.context.engine) as conn:
            stirs = stirs_at(conn, journeys, self._rulings, now)
            if not is_last(conn, self._rulings, run, now) or any(at <= now for at in stirs):
                return None
            return AtOnce(open_channels(conn, self._serving.channels), before, now)


@contextmanager
def simulated(
    context: Context,
    start: datetime,
    assumptions: Assumptions | None = None,
    seed: int = 0,
    only: Collection[int] | None = None,
    tell: Callable[[Context, Ruling, Sequence[Held]], None] | None = None,
    project: Callable[[list[Candidate]], list[Candidate]] = lambda them: them,
    prepare: Callable[[Connection], None] = lambda _: None,
) -> Iterator[Simulated]:
    """The project on a copy of its base as it stands now; the copy goes with the block.

    With assumptions customers do what they say, as chance by `seed` has it. `only`: the customers
    of these ids are all there are. `tell` hears of messages as they go, with the project then.
    `project` makes of its campaigns those that run, `prepare` does something to the copy first.
    ProblemsFound where the company's rules are at fault.
    """
    clock = MovingClock(start)
    # A test's winner is chosen so long after the first place's turn, wherever that is.
    everywhere = any(each.winner is not None for each in context.loaded.campaigns.values())
    state = context.environment.state
    with scratch_copy(context.engine, state, only, everywhere=everywhere) as engine:
        there = context.on(engine, clock)
        watched = WatchedProject(there)
        campaigns = project(watched.candidates)
        with writing(engine) as conn:
            let_go(conn)
            prepare(conn)
        take_over(there, watched.names)
        with writing(engine) as conn:
            since = begin(conn, start)
            worker_id = workers.register(conn, PLANNER, LEASE)
        rulings = Rulings()
        rulebook = ProjectRulebook(rulings.load, Signer((), ""))
        channels = channels_of(context.company())
        heard = None if tell is None else partial(tell, there)
        serving = Serving(engine, rulebook, worker_id, channels, heard)
        behaviour = None
        if assumptions is not None:
            topics = there.company().topics
            ordered = frozenset(name for name, topic in topics.items() if topic.transactional)
            behaviour = Behaviour(engine, assumptions, seed, ordered, start)
            behaviour.prepare()
        yield Simulated(
            there, clock, since, campaigns, rulings, Expiry(), serving, behaviour, watched.faulty
        )
