"""Replay: what a campaign would have done over days that are past, and what came without it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from outreach.app.context import Context
from outreach.app.project import campaign_named
from outreach.app.rulings import ruling_of
from outreach.app.simulated import Simulated, simulated
from outreach.app.stages import lifecycles_of, refresh_touched
from outreach.campaign.model import ScheduleKind
from outreach.errors import UsageError
from outreach.planning.tick import Candidate
from outreach.reports.rows import check_place, decided_rows, write_rows
from outreach.simulation import counting
from outreach.simulation.honest import Sample, Visible, interval, samples, visible
from outreach.simulation.rewinding import came_back, reached_goal, reveal, rewind
from outreach.simulation.span import HOUR, instants
from outreach.store.engine import reading, writing
from outreach.store.facts import heard_of
from outreach.store.tables import deliveries
from outreach.vocabulary import Status

ORDER, MONTH = "order", timedelta(days=30)
Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """What is to be replayed; a customer comes back by an event of `kind` within a span.

    None: by the campaign's own goal, within its own span; where it has none, an order in 30 days.
    """

    campaign: str
    start: datetime
    end: datetime
    kind: str | None = None
    within: timedelta | None = None
    rows_to: Path | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many came back anyway, of those whose time for it is over; `likely` 95 of 100 times.

    Either by an event of `kind`, or by the `goal`, as it is written.
    """

    kind: str | None
    goal: str | None
    within: timedelta
    customers: int
    came_back: int
    share: float | None  # None: nobody's time is over
    likely: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What would have come of a campaign."""

    campaign: str
    start: datetime
    end: datetime
    timezone: str  # company time
    messages: int
    customers: int  # distinct ones who would have been written to
    channels: dict[str, int]
    skip: dict[str, int]
    baseline: Baseline
    samples: list[Sample]
    visible: list[Visible]


def replay(context: Context, asked: AskedAgain, tell: Tell = lambda _: None) -> Replayed:
    """Let a campaign run over past days on a copy; customers, consents and suppressions are today's.

    `tell` hears how many hours are done. ProblemsFound where its files are at fault; UsageError
    where it can not be replayed.
    """
    _check(context, asked)
    with reading(context.engine) as conn:
        ruling_of(context, conn, asked.campaign)  # ProblemsFound before anything is copied
    given = lifecycles_of(context).main is None

    tell(0)

    def prepare(conn: Connection) -> None:
        rewind(conn, asked.campaign, asked.start, given=given)

    with simulated(context, asked.start, project=_alone(asked.campaign), prepare=prepare) as sim:
        before, sim.naps = asked.start, False  # what was then comes to light at each hour
        for at in instants(asked.start, asked.end):
            _catch_up(sim, before, at)
            sim.step(at)
            before = at
            tell((at - asked.start) // HOUR)
        with writing(sim.context.engine) as conn:
            reveal(conn, before, context.now())  # who came back later counts
        with reading(sim.context.engine) as conn:
            found = _replayed(sim, conn, asked, context.now())
            if asked.rows_to is not None:
                write_rows(asked.rows_to, decided_rows(conn, only=sim.since.own))
    return found


def _check(context: Context, asked: AskedAgain) -> None:
    campaign = campaign_named(context, asked.campaign)
    if campaign.schedule.kind is ScheduleKind.MANUAL:
        message = f"campaign `{asked.campaign}` goes out by hand alone"
        raise UsageError(message, "give it a schedule to be replayed by, `at` for example")
    if asked.end > context.now():
        raise UsageError("--to is yet to come", "replay what is past; `simulate` looks ahead")
    if asked.start >= asked.end:
        raise UsageError("--from is not before --to", "write the earlier day first")
    if asked.rows_to is not None:
        check_place(asked.rows_to)


def _alone(name: str) -> Callable[[list[Candidate]], list[Candidate]]:
    """The one campaign, as if it was active: it may be a draft."""

    def alone(project: list[Candidate]) -> list[Candidate]:
        return [
            replace(each, campaign=replace(each.campaign, status=Status.ACTIVE))
            for each in project
            if each.campaign.name == name
        ]

    return alone


def _catch_up(sim: Simulated, after: datetime, until: datetime) -> None:
    """What happened between two looks is known at the second."""
    with writing(sim.context.engine) as conn:
        reveal(conn, after, until)
        heard = heard_of(conn, after, until)
    sim.clock.at = until
    refresh_touched(sim.context, heard)


def _replayed(sim: Simulated, conn: Connection, asked: AskedAgain, now: datetime) -> Replayed:
    channels: Counter[str] = Counter()
    skip: Counter[str] = Counter()
    for each in counting.counted(counting.fates(conn, sim.since)):
        if each.outcome == "send":
            channels[each.channel] += each.deliveries
        elif each.outcome == "skip":
            skip[each.reason] += each.deliveries
    d = deliveries.c
    people = select(func.count(d.customer_id.distinct())).where(
        sim.since.own, d.sent_at.is_not(None)
    )
    customers = conn.execute(people).scalar_one()
    baseline = _baseline(sim, conn, asked, now)
    return Replayed(
        asked.campaign,
        asked.start,
        asked.end,
        sim.context.company().brand.timezone,
        sum(channels.values()),
        customers,
        dict(sorted(channels.items())),
        dict(skip.most_common()),
        baseline,
        [] if baseline.share is None else samples(baseline.share),
        [] if baseline.share is None else visible(baseline.share, customers),
    )


def _baseline(sim: Simulated, conn: Connection, asked: AskedAgain, now: datetime) -> Baseline:
    """Who came back without it, by what was asked for, else by the campaign's own goal."""
    [campaign] = (each.campaign for each in sim.campaigns)
    goal = campaign.goal if asked.kind is None else None
    if goal is not None:
        goal = replace(goal, within=asked.within or goal.within)
        came, of = reached_goal(conn, sim.context.company(), campaign, goal, asked.start, now)
        kind, said, within = None, goal.when.source, goal.within
    else:
        kind, said, within = asked.kind or ORDER, None, asked.within or MONTH
        came, of = came_back(conn, asked.campaign, asked.start, kind, within, now)
    return Baseline(kind, said, within, of, came, came / of if of else None, interval(came, of))
