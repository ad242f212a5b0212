"""What became of each variant: how many messages arrived, and what their readers did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from outreach.campaign.experiment import Measure
from outreach.reports.funnel import which
from outreach.store.spelling import number_in
from outreach.store.tables import deliveries, events, reactions, winners
from outreach.vocabulary import ReactionKind, State

ARRIVED = (State.SENT, State.DELIVERED, State.COMPLAINED)  # as far as anybody knows
REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Counted:
    """One variant's messages that can be compared, and how many readers did what is measured."""

    sent: int
    reached: Mapping[Measure, int] = field(default_factory=dict)


def counted(
    conn: Connection,
    campaign: str | None = None,
    run_id: int | None = None,
    until: datetime | None = None,
    step: str | None = None,
) -> dict[str, Counted]:
    """By variant, of one run, one campaign or a `step` of it; what was done `until` an instant, by it.

    What went out once a winner was chosen is not compared: it is of one variant, and of later.
    """
    d = deliveries.c
    compared = and_(
        which(campaign, run_id),
        true() if step is None else d.step == step,
        d.variant.is_not(None),
        d.state.in_([state.value for state in ARRIVED]),
        or_(winners.c.chosen_at.is_(None), d.claimed_at < winners.c.chosen_at),
    )
    base = deliveries.outerjoin(winners, winners.c.run_id == d.run_id)
    query = select(d.variant, func.count()).select_from(base).where(compared).group_by(d.variant)
    sent = _by_variant(conn, query)
    reached = {
        Measure.CLICKED: _clicked(conn, compared, until),
        Measure.REPLIED: _replied(conn, compared, until),
    }
    return {
        variant: Counted(number, {kind: each.get(variant, 0) for kind, each in reached.items()})
        for variant, number in sent.items()
    }


def after_winner(
    conn: Connection, campaign: str | None = None, run_id: int | None = None
) -> dict[str, int]:
    """By variant, how many messages went out once it had been chosen."""
    d = deliveries.c
    query = (
        select(d.variant, func.count())
        .join(winners, winners.c.run_id == d.run_id)
        .where(
            which(campaign, run_id),
            d.variant.is_not(None),
            d.state.in_([state.value for state in ARRIVED]),
            d.claimed_at >= winners.c.chosen_at,
        )
        .group_by(d.variant)
    )
    return _by_variant(conn, query)


def _by_variant(conn: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(query)}


def _clicked(
    conn: Connection, compared: ColumnElement[bool], until: datetime | None
) -> dict[str, int]:
    d, r = deliveries.c, reactions.c
    query = (
        select(d.variant, func.count(d.id.distinct()))
        .select_from(reactions)
        .join(deliveries, d.id == r.delivery_id)
        .outerjoin(winners, winners.c.run_id == d.run_id)
        .where(compared, r.kind == ReactionKind.CLICKED.value)
        .group_by(d.variant)
    )
    query = query if until is None else query.where(r.at <= until)
    return _by_variant(conn, query)


def _replied(
    conn: Connection, compared: ColumnElement[bool], until: datetime | None
) -> dict[str, int]:
    d, e = deliveries.c, events.c
    query = (
        select(d.variant, func.count(d.id.distinct()))
        .select_from(deliveries)
        .outerjoin(winners, winners.c.run_id == d.run_id)
        .join(events, and_(e.customer_id == d.customer_id, e.kind == REPLY))
        .where(compared, number_in(e.data, "delivery") == d.id)
        .group_by(d.variant)
    )
    query = query if until is None else query.where(e.at <= until)
    return _by_variant(conn, query)
