"""Plan a campaign: who would get it and why the others would not; nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.cost import cost_of
from outreach.app.occasion import occasion_of
from outreach.app.rulings import pinned, ruling_of
from outreach.decisions.asking import Question, ask_base
from outreach.decisions.candidate import Scope
from outreach.decisions.localities import localities
from outreach.decisions.verdict import Verdict
from outreach.planning.occasion import Occasion
from outreach.planning.plan import Funnel, count, rows
from outreach.reports.rows import DecidedRow, write_rows
from outreach.store.engine import reading
from outreach.store.marks import facts_for
from outreach.store.revisions import digest_of
from outreach.vocabulary import Decision, Reason

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


def plan_campaign(
    context: Context, name: str, at: str | None = None, rows_to: Path | None = None
) -> Plan:
    """The plan of a campaign for `at`, else its next occurrence; its rows as CSV if asked for."""
    with reading(context.engine) as conn:
        question, occasion = question_of(context, conn, name, at)
        funnel = count(conn, question)
        total, channels = cost_of(context, conn, question)
        if rows_to is not None:
            write_rows(rows_to, _rows(conn, question))
    return _plan(context, name, occasion, funnel, total, channels)


def question_of(
    context: Context, conn: Connection, name: str, at: str | None, **scope: object
) -> tuple[Question, Occasion]:
    """The chain over the whole base for a campaign's occasion."""
    ruling = ruling_of(context, conn, name)
    occasion = occasion_of(context, ruling.campaign, at)
    asked = occasion.instants(ruling.grid, localities(conn))
    now = context.now()
    facts = facts_for(conn, min([now, *asked.values()]))
    made = Scope(run_at=occasion.first_at, seen_at=now, facts=facts, **scope)  # type: ignore[arg-type]
    return ask_base(conn, ruling, made, asked), occasion


def _plan(
    context: Context,
    name: str,
    occasion: Occasion,
    funnel: Funnel,
    total: Decimal,
    channels: dict[str, Decimal],
) -> Plan:
    return Plan(
        campaign=name,
        revision=digest_of(pinned(context, name))[:12],
        occurrence=occasion.local_at or occasion.first_at,
        audience=funnel.audience,
        send=funnel.send,
        hold=funnel.hold,
        held=funnel.held,
        skip=funnel.skip,
        channels=funnel.channels,
        variants={},
        locales=funnel.locales,
        cost=Cost(context.company().brand.currency, total, channels),
    )


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
            variant="",
            locale=verdict.locale or "",
            planned_at=verdict.asked_at,
            decision=verdict.decision,
            reason=verdict.reason or "",
            until=verdict.until,
            state=STATES[verdict.decision],
        )

    return row
