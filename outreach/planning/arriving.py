"""Where a customer stands who comes to a stop of a journey: the columns that say so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, cast, exists, false, null, select, true
from sqlalchemy.sql import ColumnElement

from outreach.campaign.model import Stop, Wait
from outreach.store.dialect import shift
from outreach.store.tables import enrolments, revisions
from outreach.store.types import Instant
from outreach.vocabulary import Ending


def arrived(stops: Sequence[Stop], position: int, since: ColumnElement[datetime]) -> dict[str, Any]:
    """Values of an enrolment that comes to a stop at `since`; behind the last it is over.

    A wait for a span begins at once: nothing is to be asked. All else is looked at next.
    """
    if position >= len(stops):
        return {
            "position": position, "begun": false(), "run_id": null(),
            "next_at": cast(null(), Instant()),
            "ended_at": since, "ended_as": Ending.FINISHED.value,
        }  # fmt: skip
    what = stops[position].what
    if isinstance(what, Wait) and what.span is not None:
        until = shift(since, what.span)
        return {"position": position, "begun": true(), "next_at": until, "run_id": null()}
    return {"position": position, "begun": false(), "next_at": since, "run_id": null()}


def going_revisions(campaign_id: int) -> Select[Any]:
    """Versions of a campaign's file by which anybody is under way."""
    row = enrolments.c
    going = exists(
        select(row.id).where(row.revision_id == revisions.c.id, row.next_at.is_not(None))
    )
    return select(revisions.c.id).where(revisions.c.campaign_id == campaign_id, going)
