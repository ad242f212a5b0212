"""Plan a campaign: who would get it and why the others would not; nothing is written."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from outreach.app.approvals import lack
from outreach.app.arms import SampleSize
from outreach.app.brakes import Before, audience_before, held_back
from outreach.app.context import Context
from outreach.app.cost import (
    SegmentsTaken,
)
from outreach.app.counted import count_parts
from outreach.app.later_costs import LaterCost, later_cost, later_steps
from outreach.app.load import Load, loads, time_left
from outreach.app.questions import Asked, question_of_later, questions_of
from outreach.app.rulings import pinned
from outreach.app.sample import sample_of_plan
from outreach.app.unlocks import Unlock
from outreach.audience.check import is_staged
from outreach.audience.names import names_in
from outreach.audience.presence import is_anyone
from outreach.campaign.model import Campaign, Expression, Selection
from outreach.campaign.occurrences import CUSTOMER
from outreach.decisions.asking import Question
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.planning.occasion import Occasion
from outreach.planning.plan import in_turn, rows
from outreach.reports.rows import DecidedRow, write_rows
from outreach.settings.company import Company
from outreach.store.approvals import approvals_of, revision_with
from outreach.store.engine import reading, reading_together
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
    step: str | None = None  # of several: the message that is planned, the file's first
    steps: dict[str, int] = field(default_factory=dict)  # sent or held, where each way has its own
    later: list[LaterCost] = field(default_factory=list)  # of later messages that have a price
    unnamed: dict[str, int] = field(default_factory=dict)  # who reads files that name no language
    nobody_yet: bool = False  # there are no customers at all


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
        asked = questions_of(context, conn, name, at, over_as_sent=True)
        counted = count_parts(context, conn, more, asked.questions, asked.steps, closely=closely)
        first, company = asked.questions[0], context.company()
        sample = sample_of_plan(conn, more, asked.questions, counted.funnel.variants, context.now())
        digest = digest_of(pinned(context, name))
        later = _later(context, conn, more, name, at)
        lacks, last = _looked_at(conn, first.ruling, digest, counted.funnel.audience)
        nobody_yet = not counted.funnel.audience and not is_anyone(conn)
        if rows_to is not None:
            write_rows(rows_to, _rows(conn, asked.questions))
    funnel, spread, campaign = counted.funnel, counted.spread, first.ruling.campaign
    cost = Cost(company.brand.currency, counted.total, counted.channels)
    turn, occasion = asked.turn, asked.turn.occasion
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
        segments=counted.taken,
        over=turn.is_over,
        status=campaign.status,
        held_back=[*lacks, *held_back(campaign, cost.currency, cost.total, funnel.audience, last)],
        sample=sample,
        stages_as_of=_stages_as_of(context, asked),
        load=loads(company, funnel.channels, None if spread is None else spread.domains, left),
        stages=None if spread is None else spread.stages,
        domains=None if spread is None else spread.domains,
        unlocks=counted.unlocks,
        trigger=campaign.schedule.kind.value if campaign.schedule.is_triggered else None,
        step=campaign.steps[0].id if len(campaign.stops) > 1 else None,
        steps=counted.steps,
        later=later,
        unnamed=funnel.unnamed,
        nobody_yet=nobody_yet,
    )


def _time_left(campaign: Campaign, company: Company, occasion: Occasion) -> timedelta:
    local = occasion.local_at or occasion.first_at.astimezone(_zone(campaign, company))
    return time_left(campaign.schedule, local.replace(tzinfo=None))


def _later(
    context: Context, conn: Connection, more: list[Connection], name: str, at: str | None
) -> list[LaterCost]:
    """What later messages cost at most, of those that have a price."""
    return [
        later_cost(context, conn, more, question_of_later(context, conn, name, step, at))
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


def _stages_as_of(context: Context, planned: Asked) -> date | None:
    """Today by company time, where stages are asked for that many may have left by then."""
    now, company = context.now(), context.company()
    if planned.turn.occasion.first_at <= now + DAY:
        return None
    campaign = planned.questions[0].ruling.campaign
    asked: list[Selection | Expression | None] = [campaign.audience, campaign.exclude]
    for question in planned.questions:
        turns = (turn for route in question.scope.routes for turn in route)
        asked += [question.ruling.step.when, *(turn.when for turn in turns)]
    names = names_in(company, campaign)
    if not any(each and is_staged(each, names) for each in asked):
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


def _rows(conn: Connection, questions: Sequence[Question]) -> Iterator[DecidedRow]:
    for question in in_turn(conn, questions):
        row = row_maker(question.ruling.campaign.name, question.ruling.step.id)
        yield from (row(key, verdict) for key, verdict in rows(conn, question))


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
