"""Messages of campaigns as rows of the past: what a base that is made up begins with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from outreach.store.tables import campaigns, customers, deliveries, revisions, runs
from outreach.vocabulary import RunKind, RunState, State

_DAY = timedelta(days=1)
_ADDRESSES = {"email": customers.c.email, "sms": customers.c.phone}


@dataclass(frozen=True, slots=True)
class PastTouch:
    """A message that went out at an instant, or, `open`, waits to go then."""

    customer_id: int
    campaign: str
    channel: str
    topic: str
    priority: int
    at: datetime
    open: bool = False
    step: str = "message"
    enrolment_id: int | None = None  # whose step it was; None: of no journey


def campaign_id(conn: Connection, name: str) -> int:
    """The id of the campaign of this name, made when it is not there."""
    found = conn.execute(select(campaigns.c.id).where(campaigns.c.name == name)).scalar()
    if found is not None:
        return int(found)
    made = insert(campaigns).values(name=name).returning(campaigns.c.id)
    return int(conn.execute(made).scalar_one())


def add_past(conn: Connection, touch: PastTouch) -> int:
    """Add a message as a run of its own left it; the id of its delivery."""
    run_id, owner = _run(conn, touch), campaign_id(conn, touch.campaign)
    address = _ADDRESSES.get(touch.channel, customers.c.key)
    to = conn.execute(select(address).where(customers.c.id == touch.customer_id)).scalar()
    gone = None if touch.open else touch.at
    made = (
        insert(deliveries)
        .values(
            run_id=run_id,
            run_at=touch.at,
            campaign_id=owner,
            step=touch.step,
            enrolment_id=touch.enrolment_id,
            customer_id=touch.customer_id,
            topic=touch.topic,
            priority=touch.priority,
            channel=touch.channel,
            address=to,
            state=State.DUE if touch.open else State.SENT,
            planned_at=touch.at,
            due_at=touch.at,
            late_at=touch.at + _DAY,
            slot_at=touch.at,
            firm=not touch.open,
            ready=touch.open,
            claimed_at=gone,
            sent_at=gone,
        )
        .returning(deliveries.c.id)
    )
    return int(conn.execute(made).scalar_one())


def _run(conn: Connection, touch: PastTouch) -> int:
    """A run of its own, of a revision without files."""
    owner = campaign_id(conn, touch.campaign)
    same = select(revisions.c.id).where(revisions.c.campaign_id == owner, revisions.c.digest == "")
    revision_id = conn.execute(same).scalar()
    if revision_id is None:
        revision = insert(revisions).values(campaign_id=owner, digest="", files={}, at=touch.at)
        revision_id = conn.execute(revision.returning(revisions.c.id)).scalar_one()
    made = insert(runs).values(
        campaign_id=owner,
        revision_id=revision_id,
        kind=RunKind.MANUAL,
        occurrence_at=touch.at,
        state=RunState.RUNNING if touch.open else RunState.DONE,
        rank=touch.priority,
        params={},
        created_at=touch.at,
    )
    return int(conn.execute(made.returning(runs.c.id)).scalar_one())
