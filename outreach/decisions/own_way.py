"""What expressions know of a customer's own way through a campaign."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from outreach.decisions.ruling import Ruling
from outreach.store.enrolments import started_by


def own_way(
    ruling: Ruling,
    customer_id: ColumnElement[int],
    asked_at: ColumnElement[datetime],
    mine: FromClause | None,
    enrolment: FromClause | None,
) -> dict[str, Any]:
    """Values of a `Row`; as if the journey began, where there is no enrolment.

    `mine`: the delivery that is decided again, if any.
    """
    campaign = ruling.campaign
    if not campaign.is_journey:
        planned_at = asked_at if mine is None else mine.c.planned_at
        return {} if campaign.goal is None else {"entered_at": planned_at}
    e = None if enrolment is None else enrolment.c
    kind = campaign.schedule.on_event.kind if campaign.schedule.on_event else None
    return {
        "entered_at": asked_at if e is None else e.entered_at,
        "event_id": started_by(customer_id, asked_at, kind, e),
        "enrolment_id": None if e is None else e.id,
        "timed_out": None if e is None else e.timed_out,
    }
