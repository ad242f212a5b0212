"""What came of a campaign, of one run, or of everything: counts, cost, rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from outreach.app.arms import (
    Arm,
    Chosen,
    Share,
    arms_of,
    chosen_in,
    chosen_in_journey,
    goal_of_arms,
)
from outreach.app.context import Context
from outreach.app.cost import links_of, price_of
from outreach.app.planning import Cost
from outreach.app.runs import run_with
from outreach.campaign.experiment import Measure
from outreach.campaign.model import Campaign
from outreach.campaign.trials import trial_of
from outreach.decisions.loading import Rulings
from outreach.dispatch.letters import add_events
from outreach.documents import did_you_mean
from outreach.errors import ProblemsFound, UsageError
from outreach.rendering import Recipient, RenderError, build_context, segments
from outreach.rendering.links import Tracking, tracking_of
from outreach.reports.accepted import destinations, latest_accepted
from outreach.reports.falling import FellOver, fell_over
from outreach.reports.funnel import Report, report
from outreach.reports.journeys import Journeyed, Reached, goal_reached, journeyed
from outreach.reports.reactions import Reacted, reacted
from outreach.reports.rows import decided_rows, write_rows
from outreach.store.activity import activities
from outreach.store.customers import contexts
from outreach.store.engine import reading
from outreach.vocabulary import ReactionKind, State

SAMPLE = 50  # text messages rendered again to learn how many segments they took


@dataclass(frozen=True, slots=True)
class GoalTold:
    """A campaign's goal: of those who were written to or came in, of those held out, by variant."""

    within: timedelta
    reached: Reached
    holdout: Reached
    arms: dict[str, Share]


@dataclass(frozen=True, slots=True)
class Reported:
    """A report; `opened` and `clicked` are None where nothing measures them.

    Messages are counted, not clicks; `links` by the address that was followed. `scanned`: messages
    of which a machine followed links, whether its reader did as well or not.

    `sent` is all that a provider accepted, whatever came after: `planned` is the sum of it, of
    `failed` to `unknown` and of all that is `skipped`; `arms` are the variants that
    one campaign or run compares. `cost` is about: SMS by the average segments of a sample; None
    where nothing that was sent has a price.
    """

    planned: int
    sent: int
    delivered: int
    bounced: int
    complained: int
    failed: int
    expired: int
    cancelled: int
    due: int
    claimed: int
    handing: int
    held: int
    unknown: int
    opened: int | None
    clicked: int | None
    scanned: int | None
    links: dict[str, int]
    skipped: dict[str, int]
    arms: dict[str, Arm]
    winner: Chosen | None  # of one run that has a test, or of a journey
    cost: Cost | None
    fell_over: tuple[FellOver, ...] = ()  # what failed for good on a channel, by where it went
    journey: Journeyed | None = None  # of one campaign: how far those are who came in
    goal: GoalTold | None = None  # of one campaign that has one
    steps: dict[str, dict[str, Arm]] = field(default_factory=dict)  # arms, of several that differ


def report_on(
    context: Context,
    campaign: str | None = None,
    run_id: int | None = None,
    rows_to: Path | None = None,
) -> Reported:
    """The report of one run, else of a campaign, else of everything; its rows as CSV if asked for.

    UsageError where there is no such run or campaign.
    """
    with reading(context.engine) as conn:
        _check(context, conn, campaign, run_id)
        found = report(conn, campaign, run_id)
        reactions = reacted(conn, campaign, run_id)
        arms, winner = _compared(context, conn, campaign, run_id)
        cost = cost_of_sent(context, conn, campaign, run_id)
        if rows_to is not None:
            write_rows(rows_to, decided_rows(conn, campaign, run_id))
        tracked = _tracked(context, campaign)
        fallen = tuple(fell_over(conn, campaign, run_id))
        told = _reported(found, reactions, tracked, cost)
        told = replace(told, arms=arms, winner=winner, fell_over=fallen)
        if run_id is not None:
            return replace(told, goal=_goal_of_run(context, conn, run_id))
        if campaign is None:
            return told
        return replace(told, **_of_campaign(context, conn, campaign))


def _goal_of_run(context: Context, conn: Connection, run_id: int) -> GoalTold | None:
    """The goal of one run's variants, where it decides which of them wins."""
    campaign = context.loaded.campaigns.get(run_with(conn, run_id).campaign)
    if campaign is None or campaign.winner is None or campaign.winner.by is not Measure.GOAL:
        return None
    return _goal(context, conn, campaign, run_id)


def _goal(
    context: Context, conn: Connection, campaign: Campaign, run_id: int | None = None
) -> GoalTold | None:
    found = goal_reached(conn, context.company(), campaign, context.now(), run_id=run_id)
    if found is None:
        return None
    arms = goal_of_arms([each.name for each in campaign.variants], found.arms)
    return GoalTold(found.within, found.reached, found.holdout, arms)


def _of_campaign(context: Context, conn: Connection, name: str) -> dict[str, Any]:
    """How far its journey and its goal are, by the campaign's file as it stands."""
    campaign, goal = context.loaded.campaigns.get(name), None
    steps: dict[str, dict[str, Arm]] = {}
    if campaign is not None:
        order = [each.name for each in campaign.variants]
        goal = _goal(context, conn, campaign)
        clicks = _tracked(context, name).links
        for step in _differing(context, campaign) if len(campaign.steps) > 1 else ():
            told = arms_of(conn, order, name, None, clicks=clicks, step=step)
            steps |= {step: told} if told else {}
    return {"journey": journeyed(conn, name), "goal": goal, "steps": steps}


def _differing(context: Context, campaign: Campaign) -> Iterator[str]:
    """The steps whose variants have files of their own."""
    for step in campaign.steps:
        folders = tuple(f"templates/{step.template}/{each.name}/" for each in campaign.variants)
        if any(path.startswith(folders) for path in context.files.contents):
            yield step.id


def _compared(
    context: Context, conn: Connection, campaign: str | None, run_id: int | None
) -> tuple[dict[str, Arm], Chosen | None]:
    """The variants of one campaign or run, and the winner of a run or a journey; of everything none."""
    if run_id is not None:
        campaign = run_with(conn, run_id).campaign
    if campaign is None:
        return {}, None
    known = context.loaded.campaigns.get(campaign)
    order = [] if known is None else [each.name for each in known.variants]
    winner = None if run_id is None else chosen_in(conn, run_id)
    if run_id is None and known is not None:
        winner = chosen_in_journey(conn, known)
    clicks = _tracked(context, campaign).links
    trial = None if known is None else trial_of(known)
    return arms_of(conn, order, campaign, run_id, clicks=clicks, trial=trial), winner


def _check(context: Context, conn: Connection, campaign: str | None, run_id: int | None) -> None:
    if campaign is not None:
        known = activities(conn).keys() | context.loaded.campaigns.keys()
        if campaign not in known:
            hint = did_you_mean(campaign, known, listing="there are") or "see campaigns/"
            raise UsageError(f"there is no campaign `{campaign}`", hint)
    if run_id is not None:
        run = run_with(conn, run_id)
        if campaign not in (None, run.campaign):
            raise UsageError(f"run {run_id} is one of `{run.campaign}`", "leave the campaign out")


def _tracked(context: Context, campaign: str | None) -> Tracking:
    """What is counted now of a campaign, or of any."""
    company = context.company()
    known = context.loaded.campaigns
    asked = known.values() if campaign is None else filter(None, [known.get(campaign)])
    found = [
        tracking_of(each, company, channel)
        for each in asked
        for step in each.steps
        for channel in step.channels
        if context.public_url  # else links can not lead to us
    ]
    return Tracking(any(each.links for each in found), any(each.opens for each in found))


def _reported(found: Report, reactions: Reacted, tracked: Tracking, cost: Cost | None) -> Reported:
    def number(state: State) -> int:
        return found.states.get(state, 0)

    def measured(kind: ReactionKind, counted: bool) -> int | None:
        return reactions.messages.get(kind, 0 if counted else None)

    return Reported(
        planned=found.planned,
        sent=found.sent,
        delivered=number(State.DELIVERED),
        bounced=number(State.BOUNCED),
        complained=number(State.COMPLAINED),
        failed=number(State.FAILED),
        expired=number(State.EXPIRED),
        cancelled=number(State.CANCELLED),
        due=number(State.DUE),
        claimed=number(State.CLAIMED),
        handing=number(State.HANDING),
        held=number(State.HELD),
        unknown=number(State.UNKNOWN),
        opened=measured(ReactionKind.OPENED, tracked.opens),
        clicked=measured(ReactionKind.CLICKED, tracked.links),
        scanned=measured(ReactionKind.SCANNED, tracked.links),
        links=dict(reactions.links),
        skipped=found.skipped,
        arms={},
        winner=None,
        cost=cost,
    )


def cost_of_sent(
    context: Context,
    conn: Connection,
    campaign: str | None = None,
    run_id: int | None = None,
    since: datetime | None = None,
) -> Cost | None:
    """What accepted messages of one run, of one campaign, or all cost; None: nothing has a price.

    `since`: only what was sent from then on.
    """
    company = context.company()
    prices = {name: each.price for name, each in company.channels.items() if each.price}
    found: dict[str, Decimal] = {}
    segments_of: dict[str, Decimal] = {}  # by campaign: one's texts are not as long as another's
    for each in destinations(conn, prices, campaign, run_id, since):
        of, price = each.campaign, price_of(prices[each.channel], each.country) * each.messages
        if each.channel == "sms":
            if of not in segments_of:
                segments_of[of] = _segments_each(context, conn, of, run_id)
            price *= segments_of[of]
        found[each.channel] = found.get(each.channel, Decimal(0)) + price
    if not found:
        return None
    rounded = {name: value.quantize(Decimal("0.01")) for name, value in sorted(found.items())}
    return Cost(company.brand.currency, sum(rounded.values(), Decimal(0)), rounded)


def _segments_each(
    context: Context, conn: Connection, campaign: str, run_id: int | None
) -> Decimal:
    """How many segments a text of a campaign, or run, took, on average of the latest.

    1 where none can be made again.
    """
    rulings, counts = Rulings(), []
    for each in latest_accepted(conn, "sms", SAMPLE, campaign, run_id):
        try:
            ruling = rulings.load(conn, each.revision_id, each.step)
            about = contexts(conn, [each.customer_id], ruling.company.attributes)
            add_events(conn, about, ruling.compiled, context.now())
            customer, now = about[each.customer_id], context.now()
            made = build_context(customer, ruling.company, ruling.campaign, now)
            recipient = Recipient(
                0, "", each.address, "", "<report@outreach.invalid>", links=links_of(context)
            )
            message = ruling.compiled.of(each.variant).render("sms", made, recipient)
            counts.append(segments(message.text).segments)
        except (ProblemsFound, RenderError):
            continue
    return Decimal(sum(counts)) / len(counts) if counts else Decimal(1)
