"""Where a customer stands who comes to a stop of a journey: the columns that say so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, case, cast, exists, false, literal, null, select, true
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


def gone_on(
    stops: Sequence[Stop], position: int, since: ColumnElement[datetime], now: datetime
) -> dict[str, Any]:
    """As `arrived`; whose wait for a span there is over by `now` is at the stop behind it already."""
    waits = arrived(stops, position, since)
    what = stops[position].what if position < len(stops) else None
    if not isinstance(what, Wait) or what.span is None:
        return waits
    until = shift(since, what.span)
    behind = arrived(stops, stops[position].then, until)
    is_over = until <= literal(now, Instant())
    none = {"ended_at": cast(null(), Instant()), "ended_as": cast(null(), Text())}
    return {
        name: value if name == "run_id" else case((is_over, value), else_=(none | waits)[name])
        for name, value in behind.items()
    }


def going_revisions(campaign_id: int) -> Select[Any]:
    """Versions of a campaign's file by which anybody is under way."""
    row = enrolments.c
    going = exists(
        select(row.id).where(row.revision_id == revisions.c.id, row.next_at.is_not(None))
    )
    return select(revisions.c.id).where(revisions.c.campaign_id == campaign_id, going)
