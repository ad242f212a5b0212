"""How far customers are in a journey, and how many of those who came in reached its goal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql import ColumnElement

from outreach.audience.compile import compile_expression
from outreach.audience.names import names_in
from outreach.audience.row import Row
from outreach.campaign.model import Campaign, Goal
from outreach.reports.arms import ARRIVED, IS_TRIED
from outreach.settings.company import Company
from outreach.store.dialect import shift
from outreach.store.enrolments import started_by
from outreach.store.spelling import earliest
from outreach.store.tables import campaigns, customers, deliveries, enrolments, winners
from outreach.store.types import Instant
from outreach.vocabulary import Ending, Reason, State

e, d = enrolments.c, deliveries.c
_OF_RUN = winners.c.run_id == d.run_id
_COMPARED = and_(
    d.state.in_([state.value for state in ARRIVED]),
    or_(winners.c.chosen_at.is_(None), d.claimed_at < winners.c.chosen_at),
    IS_TRIED,
)


@dataclass(frozen=True, slots=True)
class Journeyed:
    """Who came in: `entered` is the sum of all others."""

    entered: int
    under_way: int
    finished: int
    exited: int
    erased: int
    stopped: int


@dataclass(frozen=True, slots=True)
class Reached:
    """Of so many how many reached the goal, each counted once, however often they were written to.

    Those whose time for it is not over are among them.
    """

    customers: int
    reached: int


@dataclass(frozen=True, slots=True)
class GoalReached:
    """The goal of those who were written to or came in, and of those held out for comparison.

    `arms`: of those who got a variant that is compared, by its name; who got the winner is not.
    """

    within: timedelta
    reached: Reached
    holdout: Reached
    arms: Mapping[str, Reached]


def journeyed(conn: Connection, campaign: str) -> Journeyed | None:
    """The enrolments of a campaign by how they ended; None where there never was one."""
    query = select(e.ended_as, func.count()).where(e.campaign_id == _number(campaign))
    found: dict[str | None, int] = dict(conn.execute(query.group_by(e.ended_as)).all())
    if not found:
        return None
    ended = {each.value: found.get(each.value, 0) for each in Ending}
    return Journeyed(sum(found.values()), found.get(None, 0), **ended)


def goal_reached(
    conn: Connection, company: Company, campaign: Campaign, now: datetime, *,
    run_id: int | None = None, trial: str | None = None, among: ColumnElement[bool] | None = None,
) -> GoalReached | None:  # fmt: skip
    """What a campaign's goal measures, by events up to `now`; None where it has none.

    Of all who were written to or came in; of a campaign of one message also of one run, of a
    journey of those on whom a `trial` was made. `among` narrows a journey's enrolments, of any
    other campaign deliveries.
    """
    goal = campaign.goal
    if goal is None:
        return None
    asked = _of_journey if campaign.is_journey else _of_deliveries
    query = asked(company, campaign, goal, now)
    query = query if run_id is None else query.where(d.run_id == run_id)
    query = query if trial is None else query.where(e.tried_in == trial)
    query = query if among is None else query.where(among)
    sums = {False: Reached(0, 0), True: Reached(0, 0)}
    arms: dict[str, Reached] = {}
    for held_out, variant, *numbers in conn.execute(_by_customer(query)):
        if variant is None:
            sums[bool(held_out)] = Reached(*numbers)
        else:
            arms[variant] = Reached(*numbers)
    return GoalReached(goal.within, sums[False], sums[True], arms)


def _by_customer(query: Select[Any]) -> CompoundSelect[Any]:
    """Customers and how many of them reached the goal once or more: all (no variant), and by arm."""
    asked = query.subquery().c
    keys = asked.customer_id, asked.held_out, asked.variant
    once = select(*keys, func.max(case((asked.reached, 1), else_=0)).label("reached"))
    row = once.group_by(*keys).cte("customers_once").c
    reached = case((row.reached == 1, row.customer_id))
    numbers = func.count(row.customer_id.distinct()), func.count(reached.distinct())
    arms = select(row.held_out, row.variant, *numbers).where(
        row.variant.is_not(None), ~row.held_out
    )
    return union_all(
        select(row.held_out, literal(None, Text()), *numbers).group_by(row.held_out),
        arms.group_by(row.held_out, row.variant),
    )


def _of_journey(company: Company, campaign: Campaign, goal: Goal, now: datetime) -> Select[Any]:
    held_out = exists(
        select(d.id).where(d.enrolment_id == e.id, d.reason == Reason.HOLDOUT.value)
    ).correlate(enrolments)
    kind = campaign.schedule.on_event.kind if campaign.schedule.on_event else None
    row = Row(
        customers.c, _until(e.entered_at, goal, now), now.date(), names_in(company, campaign),
        entered_at=e.entered_at, facts="as_of", enrolment_id=e.id, timed_out=e.timed_out,
        event_id=started_by(customers.c.id, now, kind, e),
    )  # fmt: skip
    joined = enrolments.join(customers, customers.c.id == e.customer_id)
    theirs = select(func.max(d.variant)).join_from(deliveries, winners, _OF_RUN, isouter=True)
    theirs = theirs.where(d.enrolment_id == e.id, _COMPARED).correlate(enrolments)
    query = _counted(row, goal, held_out, theirs.scalar_subquery()).select_from(joined)
    return query.where(e.campaign_id == _number(campaign.name), e.entered_at <= now)


def _of_deliveries(company: Company, campaign: Campaign, goal: Goal, now: datetime) -> Select[Any]:
    held_out = func.coalesce(d.reason, "") == Reason.HOLDOUT.value
    row = Row(
        customers.c, _until(d.planned_at, goal, now), now.date(), names_in(company, campaign),
        entered_at=d.planned_at, facts="as_of",
    )  # fmt: skip
    joined = deliveries.join(customers, customers.c.id == d.customer_id)
    joined = joined.outerjoin(winners, _OF_RUN)
    variant = case((_COMPARED, d.variant))
    query = _counted(row, goal, held_out, variant).select_from(joined)
    left_out = and_(d.state == State.SKIPPED.value, d.reason != Reason.HOLDOUT.value)
    return query.where(d.campaign_id == _number(campaign.name), d.planned_at <= now, ~left_out)


def _counted(
    row: Row, goal: Goal, held_out: ColumnElement[bool], variant: ColumnElement[str | None]
) -> Select[Any]:
    reached: ColumnElement[Any] = compile_expression(goal.when, row).label("reached")
    return select(
        customers.c.id.label("customer_id"), held_out.label("held_out"), variant.label("variant"), reached
    )  # fmt: skip


def _until(entered_at: ColumnElement[datetime], goal: Goal, now: datetime) -> ColumnElement[Any]:
    return earliest(shift(entered_at, goal.within), literal(now, Instant()))


def _number(campaign: str) -> ColumnElement[int]:
    return select(campaigns.c.id).where(campaigns.c.name == campaign).scalar_subquery()
