"""A campaign sent by hand: planned here and now, sent by workers."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from outreach.app.admission import problems_on_trial
from outreach.app.approvals import lack
from outreach.app.context import Context
from outreach.app.occasion import REPEAT
from outreach.app.person import person
from outreach.app.planning import on_clock
from outreach.app.project import campaign_named, save_rules
from outreach.app.questions import questions_of
from outreach.app.ringing import bell
from outreach.app.rulings import pinned
from outreach.app.running import plan_pass, planner_name
from outreach.app.runs import held_in, run_with
from outreach.audience.check import check
from outreach.audience.names import names_of
from outreach.campaign.approval import is_counted
from outreach.campaign.model import Campaign, Expression, Place
from outreach.decisions.asking import Question
from outreach.decisions.loading import Rulings
from outreach.decisions.order import CODES
from outreach.errors import ProblemsFound, SetupError, UsageError
from outreach.planning.funnel import Funnel, together
from outreach.planning.plan import count, in_turn, reaches_anyone
from outreach.planning.tick import Candidate, rank_of
from outreach.reports.funnel import Waiting, report
from outreach.settings.company import Company
from outreach.store import runs, workers
from outreach.store.approvals import approvals_of, revision_with
from outreach.store.customers import by_keys
from outreach.store.engine import reading, writing
from outreach.store.repeats import Earlier, earlier_messages, summed
from outreach.store.revisions import digest_of, is_known_revision, save_revision
from outreach.store.runs import NewRun, Run
from outreach.store.tables import deliveries
from outreach.vocabulary import Reason, RunKind, RunState, State, Status

LOOK_SECONDS = 0.1  # between two looks at a run that another process plans
OPTION = Place("--where", 1, 1)
MOMENT = timedelta(microseconds=1)  # the smallest between two instants


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for by hand: `to` and `where` only narrow the campaign's audience."""

    campaign: str
    to: tuple[str, ...] = ()  # keys
    where: str | None = None
    again: bool = False  # also to who got it within 24 hours

    @property
    def expression(self) -> Expression | None:
        """`where` as an expression of the command line."""
        return None if self.where is None else Expression(self.where, OPTION)


@dataclass(frozen=True, slots=True)
class Sent:
    """A run made by hand; its messages are on their way as soon as a worker is alive.

    `run` is None where nobody would get it: none is made.
    """

    run: int | None
    send: int
    hold: int
    skip: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlanByHand:
    """Whom a run by hand would reach; `earlier` tells who of `duplicate` has it how."""

    funnel: Funnel
    held_until: tuple[datetime, datetime] | None  # the earliest and the latest, campaign's clock
    earlier: tuple[Earlier, ...]


def plan_by_hand(context: Context, asked: Asked) -> PlanByHand:
    """Whom the campaign would reach now, narrowed as asked; nothing is written.

    UsageError where the campaign is not active, a customer is unknown or `where` can not be read.
    """
    _active(context, asked.campaign)
    now = context.now()
    with reading(context.engine) as conn:
        questions = _questions(context, conn, asked)
        funnel, campaign = _counted(conn, questions), questions[0].ruling.campaign
        _must_be_approved(context, conn, campaign, funnel.audience)
        earlier: list[Earlier] = []
        if Reason.DUPLICATE in funnel.skip and not asked.again:
            for question in in_turn(conn, questions):
                rows = question.filled().subquery().c
                who = select(rows.id).where(rows.code == CODES[Reason.DUPLICATE])
                campaign_id = question.ruling.campaign_id
                earlier += earlier_messages(conn, campaign_id, now - REPEAT, who)
            earlier = summed(earlier)
        until = on_clock(funnel.held_until, campaign, context.company())
        return PlanByHand(funnel, until, tuple(earlier))


def _questions(context: Context, conn: Connection, asked: Asked) -> list[Question]:
    """The chain over whom was asked for; files, keys and `where` are checked first."""
    _check(context, conn, asked)
    now = context.now()
    return questions_of(
        context,
        conn,
        asked.campaign,
        now.isoformat(),
        to=asked.to,
        where=asked.expression,
        repeats_within=None if asked.again else now - REPEAT,
    ).questions


def _counted(conn: Connection, questions: Sequence[Question]) -> Funnel:
    return together([count(conn, each) for each in in_turn(conn, questions)])


def waiting_of_run(context: Context, run_id: int) -> Waiting:
    """Why messages of a run are held, and until when, by company time."""
    with reading(context.engine) as conn:
        return held_in(context, conn, run_id)


def earlier_of_run(context: Context, run_id: int) -> tuple[Earlier, ...]:
    """How those have the message already whom a run by hand left out as `duplicate`."""
    with reading(context.engine) as conn:
        run = run_with(conn, run_id)
        if run.params.get("again"):
            return ()
        who = select(deliveries.c.customer_id).where(
            deliveries.c.run_id == run_id, deliveries.c.reason == Reason.DUPLICATE.value
        )
        since = run.created_at - REPEAT
        return tuple(earlier_messages(conn, run.campaign_id, since, who, run_id))


def send_by_hand(context: Context, asked: Asked) -> Sent:
    """Make a run of the campaign now and plan it; workers are woken to send it.

    None is made where nobody would get it.
    """
    campaign = _active(context, asked.campaign)
    save_rules(context)
    with reading(context.engine) as conn:
        # Templates at fault are told before a run is made, too.
        questions = _questions(context, conn, asked)
        is_asked = is_counted(campaign, context.company())
        audience = _counted(conn, questions).audience if is_asked else 0
        _must_be_approved(context, conn, campaign, audience)
        if not any(reaches_anyone(conn, each) for each in in_turn(conn, questions)):
            skip = _counted(conn, questions).skip
            return Sent(None, 0, 0, {reason.value: number for reason, number in skip.items()})
    _admit(context, campaign)
    run_id = _make(context, campaign, asked)
    with bell(context) as ring:
        plan_wholly(context, run_id, ring)
        if campaign.is_journey:
            context.journeys.advance(context.engine, campaign.name, context.now())
    with reading(context.engine) as conn:
        found = report(conn, run_id=run_id)
    skipped, held = sum(found.skipped.values()), found.states.get(State.HELD, 0)
    return Sent(run_id, found.planned - skipped - held, held, found.skipped)


def _admit(context: Context, campaign: Campaign) -> None:
    """Files that no run had before are rendered on trial first; ProblemsFound with what is wrong."""
    candidate = Candidate(campaign, pinned(context, campaign.name))
    with reading(context.engine) as conn:
        known = is_known_revision(conn, campaign.name, candidate.files)
    problems = [] if known else problems_on_trial(context, candidate)
    if problems:
        raise ProblemsFound(problems)


def is_anyone_sending(context: Context) -> bool:
    """Whether a worker is alive."""
    with reading(context.engine) as conn:
        return workers.any_alive(conn)


def _active(context: Context, name: str) -> Campaign:
    campaign = campaign_named(context, name)
    if campaign.status is not Status.ACTIVE:
        message = f"campaign `{name}` is not active: its status is `{campaign.status}`"
        raise UsageError(message, f"write `status: active` in {campaign.file}")
    return campaign


def _must_be_approved(
    context: Context, conn: Connection, campaign: Campaign, audience: int
) -> None:
    revision_id = revision_with(conn, campaign.name, digest_of(pinned(context, campaign.name)))
    found = [] if revision_id is None else approvals_of(conn, revision_id)
    if said := lack(campaign, context.company(), found, audience):
        what, _, hint = said.partition(": ")
        raise UsageError(f"campaign `{campaign.name}` may not go out: {what}", hint)


def _check(context: Context, conn: Connection, asked: Asked) -> None:
    unknown = _unknown(conn, asked.to)
    if unknown:
        shown = ", ".join(f"`{key}`" for key in unknown[:5])
        raise UsageError(f"there is no customer {shown}", "see the keys in the imported file")
    if asked.expression is not None:
        problems = check(asked.expression, names_of(context.company()))
        if problems:
            raise UsageError(f"--where: {problems[0].message}", problems[0].hint)


def _unknown(conn: Connection, keys: Sequence[str]) -> list[str]:
    known = by_keys(conn, keys) if keys else {}
    return [key for key in keys if key not in known]


def _make(context: Context, campaign: Campaign, asked: Asked) -> int:
    now, files = context.now(), pinned(context, campaign.name)
    params = {"to": list(asked.to), "where": asked.where, "again": asked.again}
    with writing(context.engine) as conn:
        return make_by_hand(conn, Candidate(campaign, files), context.company(), params, now)


def make_by_hand(
    conn: Connection, of: Candidate, company: Company, params: Mapping[str, Any], now: datetime
) -> int:
    """Make a run by hand, of this instant; its id. Of a moment before where one is of it already."""
    revision, at = save_revision(conn, of.campaign.name, of.files, now), now
    while True:
        new = NewRun(
            campaign_id=revision.campaign_id,
            revision_id=revision.id,
            kind=RunKind.MANUAL,
            occurrence_at=at,
            rank=rank_of(of.campaign, company),
            created_at=now,
            params=params,
            created_by=person(),
            channels=of.campaign.steps[0].channels,
        )
        run_id = runs.make_run(conn, new)
        if run_id is not None:
            return run_id
        at -= MOMENT


def plan_wholly(context: Context, run_id: int, told: Callable[[], None]) -> None:
    """Plan the run wholly; a scheduler that is quicker does it instead, and is waited for.

    `told` is called whenever more of it is there to be sent.
    """
    rulings, planner = Rulings(), planner_name()
    while (run := _run(context, run_id)).state is RunState.PLANNING:
        plan_pass(context, run, rulings, planner, told=told)
        if _run(context, run_id).state is RunState.PLANNING:
            time.sleep(LOOK_SECONDS)
    if run.state is RunState.HELD:
        raise SetupError(
            f"run {run_id} is held: {run.reason}", f"see `outreach runs show {run_id}`"
        )


def _run(context: Context, run_id: int) -> Run:
    with reading(context.engine) as conn:
        run = runs.run_by_id(conn, run_id)
    if run is None:
        raise SetupError(f"run {run_id} is gone")
    return run
