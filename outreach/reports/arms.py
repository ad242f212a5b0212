"""What became of each variant: how many messages arrived, and how many readers did what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
    true,
)

from outreach.campaign.experiment import Measure
from outreach.reports.funnel import which
from outreach.store.journey_winners import Trial
from outreach.store.spelling import number_in
from outreach.store.tables import (
    deliveries,
    enrolments,
    events,
    journey_winners,
    reactions,
    winners,
)
from outreach.vocabulary import ReactionKind, State

ARRIVED = (State.SENT, State.DELIVERED, State.COMPLAINED)  # as far as anybody knows
REPLY = "reply"
_e = enrolments.alias("e_tried")
IS_TRIED = not_(  # or nothing is tried: a journey keeps a variant only where a winner is chosen
    exists(
        select(_e.c.id)
        .where(_e.c.id == deliveries.c.enrolment_id, _e.c.variant.is_not(None))
        .where(_e.c.tried_in.is_(None))
        .correlate(deliveries)
    )
)


@dataclass(frozen=True, slots=True)
class Counted:
    """One variant's messages that can be compared, and whom they reached.

    `of` so many who got one or more of them `reached` what is measured, each counted once.
    """

    sent: int
    of: int
    reached: Mapping[Measure, int] = field(default_factory=dict)


def counted(
    conn: Connection,
    campaign: str | None = None,
    run_id: int | None = None,
    until: datetime | None = None,
    step: str | None = None,
    each: ColumnElement[int] = deliveries.c.customer_id,
    trial: str | None = None,
) -> dict[str, Counted]:
    """By variant, of one run, one campaign, a `step` or a journey's `trial` of it.

    What was done `until` an instant, by it.

    `each`: what counts once. Messages to one customer are no independent readers, so of several runs
    or steps only customers can be compared; messages tell what one run would bring.
    What went out once a winner was chosen is not compared: it is of one variant, and of later. Nor
    is what went in a journey to those on whom its variants were not tried.
    Who reached the goal is told by `journeys.goal_reached`.
    """
    d = deliveries.c
    compared = and_(
        which(campaign, run_id),
        true() if step is None else d.step == step,
        d.variant.is_not(None),
        d.state.in_([state.value for state in ARRIVED]),
        or_(winners.c.chosen_at.is_(None), d.claimed_at < winners.c.chosen_at),
        IS_TRIED if trial is None else _is_tried_in(trial),
    )
    base = deliveries.outerjoin(winners, winners.c.run_id == d.run_id)
    query = select(d.variant, func.count(), func.count(each.distinct())).select_from(base)
    sent = conn.execute(query.where(compared).group_by(d.variant)).all()
    reached = {
        Measure.CLICKED: _clicked(conn, compared, until, each),
        Measure.REPLIED: _replied(conn, compared, until, each),
    }
    return {
        variant: Counted(
            messages, of, {kind: found.get(variant, 0) for kind, found in reached.items()}
        )
        for variant, messages, of in sent
    }


def _is_tried_in(trial: str) -> ColumnElement[bool]:
    """The message is one of a journey by whose customer this test is made."""
    e = enrolments.alias()
    theirs = select(e.c.id).where(e.c.id == deliveries.c.enrolment_id, e.c.tried_in == trial)
    return exists(theirs.correlate(deliveries))


def first_sent(conn: Connection, trial: Trial) -> datetime | None:
    """When the first message of a journey's test went out; None: none did yet."""
    d, e = deliveries.c, enrolments.c
    query = select(func.min(d.claimed_at)).join(enrolments, e.id == d.enrolment_id)
    theirs = (e.campaign_id == trial.campaign_id, e.tried_in == trial.trial)
    went = d.state.in_([state.value for state in ARRIVED])
    return conn.execute(query.where(*theirs, went)).scalar()


def after_winner(
    conn: Connection,
    campaign: str | None = None,
    run_id: int | None = None,
    trial: str | None = None,
) -> dict[str, int]:
    """By variant, how many messages went out once it had been chosen; in a journey by its `trial`."""
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
    of_runs = _by_variant(conn, query)
    if trial is None:
        return of_runs
    return {**_by_variant(conn, _since_chosen(campaign, run_id, trial)), **of_runs}


def _since_chosen(campaign: str | None, run_id: int | None, trial: str) -> Select[Any]:
    """The same of journeys: messages to those who came in since."""
    d, e, w = deliveries.c, enrolments.c, journey_winners.c
    chosen = select(w.trial).where(w.campaign_id == e.campaign_id, w.chosen_at <= e.entered_at)
    chosen = chosen.where(w.trial == trial)
    query = select(d.variant, func.count()).join(enrolments, e.id == d.enrolment_id)
    query = query.where(
        which(campaign, run_id),
        d.state.in_([state.value for state in ARRIVED]),
        e.variant.is_not(None),
        e.tried_in.is_(None),
        exists(chosen.correlate(enrolments)),
    )
    return query.group_by(d.variant)


def _by_variant(conn: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(query)}


def _clicked(
    conn: Connection,
    compared: ColumnElement[bool],
    until: datetime | None,
    each: ColumnElement[int],
) -> dict[str, int]:
    d, r = deliveries.c, reactions.c
    query = (
        select(d.variant, func.count(each.distinct()))
        .select_from(reactions)
        .join(deliveries, d.id == r.delivery_id)
        .outerjoin(winners, winners.c.run_id == d.run_id)
        .where(compared, r.kind == ReactionKind.CLICKED.value)
        .group_by(d.variant)
    )
    query = query if until is None else query.where(r.at <= until)
    return _by_variant(conn, query)


def _replied(
    conn: Connection,
    compared: ColumnElement[bool],
    until: datetime | None,
    each: ColumnElement[int],
) -> dict[str, int]:
    d, e = deliveries.c, events.c
    query = (
        select(d.variant, func.count(each.distinct()))
        .select_from(deliveries)
        .outerjoin(winners, winners.c.run_id == d.run_id)
        .join(events, and_(e.customer_id == d.customer_id, e.kind == REPLY))
        .where(compared, number_in(e.data, "delivery") == d.id)
        .group_by(d.variant)
    )
    query = query if until is None else query.where(e.at <= until)
    return _by_variant(conn, query)
