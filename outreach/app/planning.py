"""Plan a campaign: who would get it and why the others would not; nothing is written."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from outreach.app.approvals import lack
from outreach.app.arms import SampleSize
from outreach.app.brakes import Before, audience_before, held_back
from outreach.app.context import Context
from outreach.app.cost import (
    SegmentsTaken,
    cost_of,
    priced_regions,
    region_number,
    segments_taken,
)
from outreach.app.later_costs import LaterCost, later_cost, later_steps
from outreach.app.load import Load, loads, time_left
from outreach.app.occasion import REPEAT, Turn, turn_of
from outreach.app.rulings import pinned, ruling_of
from outreach.app.sample import sample_of_plan
from outreach.app.unlocks import Unlock, unlocks_of
from outreach.audience.check import is_staged
from outreach.audience.names import names_in
from outreach.campaign.model import Branch, Campaign
from outreach.campaign.occurrences import CUSTOMER
from outreach.decisions.asking import Question
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.decisions.winners import winner_due_at, with_journey_winner
from outreach.planning.occasion import Occasion
from outreach.planning.plan import count, rows
from outreach.planning.spread import Spread, spread_of
from outreach.reports.rows import DecidedRow, write_rows
from outreach.settings.company import Company
from outreach.store.approvals import approvals_of, revision_with
from outreach.store.engine import reading, reading_together
from outreach.store.marks import facts_for
from outreach.store.revisions import digest_of
from outreach.store.tables import customers
from outreach.vocabulary import Decision, Reason, Status

MOST_HANDS = 4  # connections that count a large base together
DAY = timedelta(days=1)
LARGE = 50_000  # customers: under it one is done sooner than two are ready
STATES = {Decision.SEND: "due", Decision.HOLD: "held", Decision.SKIP: "skipped"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What the messages would cost; `total` counts those with a price only."""

    currency: str
    total: Decimal
    channels: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign's plan; audience = send + hold + Σ skip."""

    campaign: str
    revision: str
    occurrence: datetime  # aware UTC, or the wall clock of the customers' own zones
    audience: int
    send: int
    hold: int
    held: dict[Reason, int]
    skip: dict[Reason, int]
    channels: dict[str, int]
    variants: dict[str, int]
    locales: dict[str, int]
    cost: Cost
    when: str  # `occurrence` as people say it
    held_until: tuple[datetime, datetime] | None  # the earliest and the latest
    segments: SegmentsTaken | None  # of text messages; None where there would be none
    over: bool  # the schedule has no time to come: no further run is made by itself
    status: Status  # only `active` goes out
    held_back: list[str]  # why the run would be held for a person before it begins
    sample: SampleSize | None  # what its arms can show; None where nothing is compared
    stages_as_of: date | None  # where stages are asked for an occurrence more than a day ahead
    load: list[Load]  # how long it takes at the rate limits
    stages: dict[str, int] | None = None  # of those sent or held, as are domains; asked closely
    domains: dict[str, int] | None = None  # of mails
    unlocks: list[Unlock] | None = None  # whom one rule alone keeps out
    trigger: str | None = None  # planned as if it came to all the audience: `on_event` …
    step: str | None = None  # of several: the message that is planned, the first
    branched: bool = False  # a branch stands before it: planned as if all took the way to it
    later: list[LaterCost] = field(default_factory=list)  # of later messages that have a price
    unnamed: dict[str, int] = field(default_factory=dict)  # who reads files that name no language


def plan_campaign(
    context: Context,
    name: str,
    at: str | None = None,
    rows_to: Path | None = None,
    *,
    closely: bool = False,
) -> Plan:
    """The plan of a campaign for `at`, else its next occurrence; its rows as CSV if asked for.

    `closely`: also by stage and domain, and what each rule alone keeps out: two more passes.
    """
    with reading_together(context.engine, _hands(context.engine)) as (conn, *more):
        question, turn = question_of(context, conn, name, at, over_as_sent=True)
        company, campaign = context.company(), question.ruling.campaign
        regions = priced_regions(company, question.ruling.channels)
        funnel = count(conn, question, more, region_number(regions) if regions else None)
        texts = funnel.channels.get("sms", 0)
        taken = segments_taken(context, conn, question, texts, closely=closely) if texts else None
        spread, unlocks = _closely(conn, question) if closely else (None, None)
        sample = sample_of_plan(conn, more, question, funnel.variants, context.now())
        digest = digest_of(pinned(context, name))
        later = _later(context, conn, more, name, at)
        lacks, last = _looked_at(conn, question.ruling, digest, funnel.audience)
        if rows_to is not None:
            write_rows(rows_to, _rows(conn, question))
    total, channels = cost_of(company, campaign.steps[0].channels, funnel, regions, taken)
    cost, occasion = Cost(company.brand.currency, total, channels), turn.occasion
    left = _time_left(campaign, company, occasion)
    return Plan(
        campaign=name,
        revision=digest[:12],
        occurrence=occasion.local_at or occasion.first_at,
        audience=funnel.audience,
        send=funnel.send,
        hold=funnel.hold,
        held=funnel.held,
        skip=funnel.skip,
        channels=funnel.channels,
        variants=funnel.variants,
        locales=funnel.locales,
        cost=cost,
        when=said_when(occasion, campaign, company),
        held_until=on_clock(funnel.held_until, campaign, company),
        segments=taken,
        over=turn.is_over,
        status=campaign.status,
        held_back=[*lacks, *held_back(campaign, cost.currency, total, funnel.audience, last)],
        sample=sample,
        stages_as_of=_stages_as_of(context, campaign, occasion),
        load=loads(company, funnel.channels, None if spread is None else spread.domains, left),
        stages=None if spread is None else spread.stages,
        domains=None if spread is None else spread.domains,
        unlocks=unlocks,
        trigger=campaign.schedule.kind.value if campaign.schedule.is_triggered else None,
        step=campaign.steps[0].id if len(campaign.stops) > 1 else None,
        branched=isinstance(campaign.stops[0].what, Branch),
        later=later,
        unnamed=funnel.unnamed,
    )


def _closely(conn: Connection, question: Question) -> tuple[Spread, list[Unlock]]:
    return spread_of(conn, question), unlocks_of(conn, question)


def _time_left(campaign: Campaign, company: Company, occasion: Occasion) -> timedelta:
    local = occasion.local_at or occasion.first_at.astimezone(_zone(campaign, company))
    return time_left(campaign.schedule, local.replace(tzinfo=None))


def _later(
    context: Context, conn: Connection, more: list[Connection], name: str, at: str | None
) -> list[LaterCost]:
    """What later messages cost at most, of those that have a price."""
    return [
        later_cost(context, conn, more, question_of(context, conn, name, at, step=step)[0])
        for step in later_steps(context, name)
    ]


def _looked_at(
    conn: Connection, ruling: Ruling, digest: str, audience: int
) -> tuple[list[str], Before | None]:
    """What of approvals the files of a digest lack, and the audience that the next is beside."""
    revision_id = revision_with(conn, ruling.campaign.name, digest)
    found = [] if revision_id is None else approvals_of(conn, revision_id)
    said = lack(ruling.campaign, ruling.company, found, audience)
    return ([said] if said else []), audience_before(conn, ruling.campaign_id, revision_id, None)


def _stages_as_of(context: Context, campaign: Campaign, occasion: Occasion) -> date | None:
    """Today by company time, where stages are asked for that many may have left by then."""
    now, company = context.now(), context.company()
    asked = (campaign.audience, campaign.exclude, *(step.when for step in campaign.steps))
    names = names_in(company, campaign)
    if occasion.first_at <= now + DAY or not any(each and is_staged(each, names) for each in asked):
        return None
    return now.astimezone(ZoneInfo(company.brand.timezone)).date()


def _hands(engine: Engine) -> int:
    """How many connections count the base."""
    with reading(engine) as conn:
        last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    return 1 if last < LARGE else min(MOST_HANDS, os.cpu_count() or 1)


def said_when(occasion: Occasion, campaign: Campaign, company: Company) -> str:
    """When it is on the clock the campaign goes by."""
    if occasion.local_at is not None:
        return f"{occasion.local_at:%A %Y-%m-%d %H:%M} by each customer's own clock"
    zone = _zone(campaign, company)
    return f"{occasion.first_at.astimezone(zone):%A %Y-%m-%d %H:%M} {zone}"


def _zone(campaign: Campaign, company: Company) -> ZoneInfo:
    """The campaign's own clock; company time where it goes by the customers'."""
    zone = campaign.schedule.timezone
    return ZoneInfo(company.brand.timezone if zone == CUSTOMER else zone)


def on_clock(
    span: tuple[datetime, datetime] | None, campaign: Campaign, company: Company
) -> tuple[datetime, datetime] | None:
    """Two instants in the zone of the campaign's own clock."""
    zone = _zone(campaign, company)
    return None if span is None else (span[0].astimezone(zone), span[1].astimezone(zone))


def question_of(
    context: Context,
    conn: Connection,
    name: str,
    at: str | None,
    *,
    over_as_sent: bool = False,
    step: str | None = None,
    **scope: Any,
) -> tuple[Question, Turn]:
    """The chain over the whole base for a campaign's turn; `scope` narrows it, as in Scope.

    With `over_as_sent` a schedule that has no time to come is asked as `send` asks, which leaves
    out who got it within 24 hours. Of a later `step` it is asked as if all who come in were there
    now, and met its `when`.
    """
    ruling = ruling_of(context, conn, name, step)
    if step is not None:
        there = replace(ruling.campaign, steps=(replace(ruling.step, when=None),))
        ruling = replace(ruling, campaign=there)
    turn, now = turn_of(context, conn, ruling, at), context.now()
    asked = turn.instants
    if over_as_sent and turn.is_over:
        scope["repeats_within"] = now - REPEAT
    facts = facts_for(
        conn, min([now, *(each for id_, each in asked.items() if id_ not in turn.past)])
    )
    occasion = turn.occasion
    made = Scope(
        run_at=occasion.first_at, local_at=occasion.local_at, seen_at=now, facts=facts,
        past=turn.past, winner_at=winner_due_at(ruling, asked, turn.past), **scope,
    )  # fmt: skip
    made = with_journey_winner(conn, ruling, made)
    return ask_base(conn, ruling, made, asked), turn


def _rows(conn: Connection, question: Question) -> Iterator[DecidedRow]:
    campaign, step = question.ruling.campaign.name, question.ruling.step.id
    row = row_maker(campaign, step)
    return (row(key, verdict) for key, verdict in rows(conn, question))


def row_maker(campaign: str, step: str) -> Callable[[str, Verdict], DecidedRow]:
    """Makes the line of one customer's verdict."""

    def row(key: str, verdict: Verdict) -> DecidedRow:
        return DecidedRow(
            key=key,
            campaign=campaign,
            step=step,
            channel=verdict.channel or "",
            variant=verdict.variant or "",
            locale=verdict.locale or "",
            planned_at=verdict.asked_at,
            decision=verdict.decision,
            reason=verdict.reason or "",
            until=verdict.until,
            state=STATES[verdict.decision],
        )

    return row
