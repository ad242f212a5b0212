"""How far customers are in a journey, and how many of those who came in reached its goal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, literal, select
from sqlalchemy.sql import ColumnElement

from outreach.audience.compile import compile_expression
from outreach.audience.names import names_in
from outreach.audience.row import Row
from outreach.campaign.model import Campaign, Goal
from outreach.settings.company import Company
from outreach.store.dialect import shift
from outreach.store.enrolments import started_by
from outreach.store.spelling import earliest
from outreach.store.tables import campaigns, customers, deliveries, enrolments
from outreach.store.types import Instant
from outreach.vocabulary import Ending, Reason, State

e, d = enrolments.c, deliveries.c


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
    """Of so many how many reached the goal; those whose time for it is not over among them."""

    customers: int
    reached: int


@dataclass(frozen=True, slots=True)
class GoalReached:
    """The goal of those who were written to or came in, and of those held out for comparison."""

    within: timedelta
    reached: Reached
    holdout: Reached


def journeyed(conn: Connection, campaign: str) -> Journeyed | None:
    """The enrolments of a campaign by how they ended; None where there never was one."""
    query = select(e.ended_as, func.count()).where(e.campaign_id == _number(campaign))
    found: dict[str | None, int] = dict(conn.execute(query.group_by(e.ended_as)).all())
    if not found:
        return None
    ended = {each.value: found.get(each.value, 0) for each in Ending}
    return Journeyed(sum(found.values()), found.get(None, 0), **ended)


def goal_reached(
    conn: Connection, company: Company, campaign: Campaign, now: datetime
) -> GoalReached | None:
    """What a campaign's goal measures, by events up to `now`; None where it has none."""
    goal = campaign.goal
    if goal is None:
        return None
    query = _of_journey if campaign.is_journey else _of_deliveries
    rows = query(company, campaign, goal, now).subquery().c
    reached = func.count(case((rows.reached, 1)))
    groups = select(rows.held_out, func.count(), reached).group_by(rows.held_out)
    counted = {bool(each): Reached(*numbers) for each, *numbers in conn.execute(groups)}
    nobody = Reached(0, 0)
    return GoalReached(goal.within, counted.get(False, nobody), counted.get(True, nobody))


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
    query = _counted(row, goal, held_out).select_from(joined)
    return query.where(e.campaign_id == _number(campaign.name), e.entered_at <= now)


def _of_deliveries(company: Company, campaign: Campaign, goal: Goal, now: datetime) -> Select[Any]:
    held_out = func.coalesce(d.reason, "") == Reason.HOLDOUT.value
    row = Row(
        customers.c, _until(d.planned_at, goal, now), now.date(), names_in(company, campaign),
        entered_at=d.planned_at, facts="as_of",
    )  # fmt: skip
    joined = deliveries.join(customers, customers.c.id == d.customer_id)
    query = _counted(row, goal, held_out).select_from(joined)
    left_out = and_(d.state == State.SKIPPED.value, d.reason != Reason.HOLDOUT.value)
    return query.where(d.campaign_id == _number(campaign.name), d.planned_at <= now, ~left_out)


def _counted(row: Row, goal: Goal, held_out: ColumnElement[bool]) -> Select[Any]:
    reached: ColumnElement[Any] = compile_expression(goal.when, row).label("reached")
    return select(held_out.label("held_out"), reached)


def _until(entered_at: ColumnElement[datetime], goal: Goal, now: datetime) -> ColumnElement[Any]:
    return earliest(shift(entered_at, goal.within), literal(now, Instant()))


def _number(campaign: str) -> ColumnElement[int]:
    return select(campaigns.c.id).where(campaigns.c.name == campaign).scalar_subquery()
