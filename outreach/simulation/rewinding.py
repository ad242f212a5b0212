"""Puts a copy back to an instant that is past: what was to come then is not known, and comes again."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from outreach.campaign.model import Campaign, Goal
from outreach.reports.journeys import goal_reached
from outreach.settings.company import Company
from outreach.store.dialect import reserve_ids, shift
from outreach.store.stages import MAIN
from outreach.store.tables import (
    awaited_events,
    campaigns,
    customer_stages,
    customers,
    deliveries,
    enrolments,
    events,
    marks,
    runs,
    stage_changes,
)
from outreach.store.types import BigId, Instant
from outreach.vocabulary import RunState

DAYS_ROUND = timedelta(days=2)  # a run is named by the earliest place's instant
d, e, c, s = deliveries.c, enrolments.c, customers.c, stage_changes.c
hidden = Table(  # touches that are yet to come
    "hidden_touches",
    MetaData(),
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("slot_at", Instant, nullable=False, index=True),
)
hidden_events = Table(
    "hidden_events",
    MetaData(),
    *(Column(each.name, each.type, primary_key=each.primary_key) for each in events.c),
    Index("ix_hidden_events_at", "at"),
)


def rewind(conn: Connection, name: str, start: datetime, *, given: bool) -> None:
    """Put the copy back to `start` for one campaign, which has never run since.

    Stages are those of then as far as moves tell, else to be placed anew; `given`: by nobody, so they
    stay. Touches and events that came later are hidden until `reveal`; what is open now is not there.
    """
    own = select(campaigns.c.id).where(campaigns.c.name == name).scalar_subquery()
    theirs = enrolments.c.campaign_id == own
    open_or_later = or_(enrolments.c.ended_at.is_(None), enrolments.c.entered_at >= start)
    conn.execute(delete(enrolments).where(theirs, open_or_later))
    conn.execute(delete(awaited_events))
    conn.execute(delete(deliveries).where(d.ready))
    conn.execute(delete(deliveries).where(d.campaign_id == own, d.planned_at >= start))
    again = runs.c.occurrence_at >= start - DAYS_ROUND
    conn.execute(delete(runs).where(runs.c.campaign_id == own, again))
    conn.execute(update(runs).values(state=RunState.DONE.value))
    conn.execute(
        update(campaigns).values(
            active_since=null(), looked_until=null(), events_until=null(), moves_until=null()
        )
    )
    hidden.create(conn)
    later = select(d.id, d.slot_at).where(d.slot_at > start)
    conn.execute(insert(hidden).from_select(["id", "slot_at"], later))
    conn.execute(update(deliveries).where(d.slot_at > start).values(slot_at=null()))
    hidden_events.create(conn)
    to_come = select(*events.c).where(events.c.at > start)
    conn.execute(insert(hidden_events).from_select(list(events.c.keys()), to_come))
    conn.execute(delete(events).where(events.c.at > start))
    _put_back_stages(conn, start, given=given)


def _put_back_stages(conn: Connection, start: datetime, *, given: bool) -> None:
    conn.execute(delete(stage_changes).where(s.at > start))
    last = (
        select(func.max(s.id))
        .where(s.customer_id == c.id, s.model == MAIN)
        .correlate(customers)
        .scalar_subquery()
    )
    moved = (select(column).where(s.id == last).scalar_subquery() for column in (s.to_stage, s.at))
    stage, since = moved
    values = {} if given else {"stage": stage, "stage_since": since}
    conn.execute(update(customers).values(facts_at=null(), **values))
    conn.execute(delete(customer_stages))
    conn.execute(delete(marks).where(marks.c.name == "facts"))


def reveal(conn: Connection, after: datetime, until: datetime) -> None:
    """Let touches and events be seen whose time has come."""
    come = select(hidden.c.slot_at).where(hidden.c.id == d.id).scalar_subquery()
    which = select(hidden.c.id).where(hidden.c.slot_at > after, hidden.c.slot_at <= until)
    conn.execute(update(deliveries).where(d.id.in_(which)).values(slot_at=come))
    h = hidden_events.c
    now_known = (h.at > after, h.at <= until)
    many = conn.execute(select(func.count()).where(*now_known)).scalar_one()
    if not many:
        return
    first = min(reserve_ids(conn, events, many))
    number = func.row_number().over(order_by=(h.at, h.id)) + (first - 1)
    row = (number, h.customer_id, h.kind, h.at, h.amount, h.data, h.at)  # recorded as it happened
    conn.execute(insert(events).from_select(list(events.c.keys()), select(*row).where(*now_known)))


def came_back(
    conn: Connection, name: str, start: datetime, kind: str, within: timedelta, now: datetime
) -> tuple[int, int]:
    """Of those whom the campaign wrote to so long ago that their time is over: how many, and how
    many of them had an event of a kind within it."""
    own = select(campaigns.c.id).where(campaigns.c.name == name).scalar_subquery()
    first = (
        select(d.customer_id, func.min(d.sent_at).label("at"))
        .where(d.campaign_id == own, d.sent_at >= start)
        .group_by(d.customer_id)
        .subquery()
    )
    over = first.c.at <= now - within
    event = (
        select(events.c.id)
        .where(
            events.c.customer_id == first.c.customer_id,
            events.c.kind == kind,
            events.c.at > first.c.at,
            events.c.at <= shift(first.c.at, within),
        )
        .exists()
    )
    of = conn.execute(select(func.count()).select_from(first).where(over)).scalar_one()
    came = conn.execute(select(func.count()).select_from(first).where(over, event)).scalar_one()
    return came, of


def reached_goal(
    conn: Connection,
    company: Company,
    campaign: Campaign,
    goal: Goal,
    start: datetime,
    now: datetime,
) -> tuple[int, int]:
    """The same by a goal of the campaign's, as a report measures it: from when they came in."""
    until = now - goal.within
    if campaign.is_journey:
        wrote = exists(select(d.id).where(d.enrolment_id == e.id, d.sent_at.is_not(None)))
        among = and_(e.entered_at.between(start, until), wrote.correlate(enrolments))
    else:
        among = and_(d.planned_at.between(start, until), d.sent_at.is_not(None))
    found = goal_reached(conn, company, replace(campaign, goal=goal), now, among=among)
    assert found is not None  # it has a goal
    return found.reached.reached, found.reached.customers
