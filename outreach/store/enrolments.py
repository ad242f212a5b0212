"""Enrolments: what started each, and how they end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, literal, null, or_, select, update
from sqlalchemy.sql import ColumnElement

from outreach.store.dialect import is_any_of
from outreach.store.endings import ended, restore, slot_once_ended
from outreach.store.facts import moment
from outreach.store.tables import deliveries, enrolments, events
from outreach.store.types import Instant
from outreach.vocabulary import Ending, Origin, Reason, State

e = enrolments.c
d = deliveries.c
BEFORE_EXIT = (Reason.NOT_IN_AUDIENCE, Reason.EXCLUDED)  # what is asked of a message before `exit`


def started_by(
    customer_id: ColumnElement[int],
    now: ColumnElement[datetime] | datetime,
    kind: str | None,
    enrolment: Any | None,
) -> ColumnElement[int] | None:
    """The event that started an enrolment; without one the customer's latest of the kind.

    None where no kind of event starts the campaign.
    """
    if kind is None:
        return None
    if enrolment is not None:
        return case((enrolment.origin == Origin.EVENT.value, enrolment.origin_id), else_=null())
    seen = events.alias()
    latest = (
        select(seen.c.id)
        .where(seen.c.customer_id == customer_id, seen.c.kind == kind, seen.c.at <= moment(now))
        .order_by(seen.c.at.desc(), seen.c.id.desc())
        .limit(1)
    )
    return latest.correlate_except(seen).scalar_subquery()


def still_before(conn: Connection, campaign_id: int, revision_id: int, position: int) -> int:
    """How many are under way by a version of a campaign's file, and have yet to come to a stop."""
    there = or_(e.position < position, and_(e.position == position, e.begun.is_(False)))
    query = select(func.count()).where(e.campaign_id == campaign_id, e.ended_at.is_(None), there)
    return int(conn.execute(query.where(e.revision_id == revision_id)).scalar_one())


def end(conn: Connection, ids: Sequence[int], ending: Ending, now: datetime) -> list[int]:
    """End those of the enrolments that are under way, and what waits of them; their ids.

    A message in a worker's hands is decided about again before it goes, or is out.
    """
    if not ids:
        return []
    over = (
        update(enrolments)
        .where(is_any_of(conn, e.id, ids), e.ended_at.is_(None))
        .values(ended_at=now, ended_as=ending.value, next_at=null())
    )
    done = list(conn.execute(over.returning(e.id)).scalars())
    leave_out_waiting(conn, done, Reason.ERASED if ending is Ending.ERASED else Reason.EXITED, now)
    return done


def leave_out_waiting(
    conn: Connection, enrolment_ids: Sequence[int], reason: Reason, now: datetime
) -> None:
    """Leave out the messages of enrolments that are due or held: they go no more."""
    if not enrolment_ids:
        return
    waits = and_(is_any_of(conn, d.enrolment_id, enrolment_ids), d.ready)
    left_out = conn.execute(
        update(deliveries)
        .where(waits)
        .values(
            state=ended(State.SKIPPED), reason=reason.value, ready=False, until=null(),
            slot_at=slot_once_ended(), firm=d.doubt,
            claimed_at=case((d.doubt, d.claimed_at), else_=literal(now, Instant())),
        )
        .returning(d.id, d.fell_from)
    )  # fmt: skip
    restore(conn, [row.id for row in left_out if row.fell_from is not None])


def look_again(conn: Connection, delivery_ids: Sequence[int], now: datetime) -> None:
    """Look at once after those whose message was left out at its claim where `exit` may be why.

    Else that would be seen only once the wait behind the message can be over. An enrolment that
    somebody else has locked is looked at then.
    """
    theirs = select(d.enrolment_id).where(
        is_any_of(conn, d.id, delivery_ids),
        d.state == State.SKIPPED.value,
        d.reason.in_([reason.value for reason in (*BEFORE_EXIT, Reason.EXITED)]),
    )
    waiting = select(e.id).where(e.id.in_(theirs), e.begun, e.next_at > now)
    free = list(conn.execute(waiting.with_for_update(skip_locked=True)).scalars())
    if free:
        conn.execute(update(enrolments).where(is_any_of(conn, e.id, free)).values(next_at=now))


def end_of_customer(conn: Connection, customer_id: int, now: datetime) -> None:
    """End all that a customer is in, who is erased or merged into another; deliveries apart."""
    theirs = (e.customer_id == customer_id, e.ended_at.is_(None))
    over = {"ended_at": now, "ended_as": Ending.ERASED.value, "next_at": null()}
    conn.execute(update(enrolments).where(*theirs).values(over))
