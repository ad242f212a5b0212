"""What is decided as rows of deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, cast, false, func, literal, null, select, true
from sqlalchemy import Text as TextType
from sqlalchemy.sql import ColumnElement

from outreach.decisions.order import CODES
from outreach.decisions.ruling import Ruling
from outreach.planning.decided import Decided
from outreach.store.lanes import lane_for
from outreach.store.runs import Run
from outreach.store.types import BigId, Instant
from outreach.vocabulary import State


def delivery_rows(
    run: Run,
    ruling: Ruling,
    decided: Decided,
    planned_at: ColumnElement[datetime] | None = None,
) -> Select[Any]:
    """The deliveries of a run as the answers say; `planned_at` where it is not the instant asked."""
    row = decided.table.c
    free = row.code.is_(None)
    due_at = due_at_of_row(row)
    code = func.coalesce(row.code, row.why)
    state = case(
        (row.code.is_not(None), State.SKIPPED.value),
        (row.why.is_not(None), State.HELD.value),
        else_=State.DUE.value,
    )
    return select(
        literal(run.id, BigId).label("run_id"),
        literal(run.occurrence_at, Instant()).label("run_at"),
        literal(run.campaign_id, BigId).label("campaign_id"),
        literal(ruling.step.id).label("step"),
        row.id.label("customer_id"),
        literal(ruling.campaign.topic).label("topic"),
        literal(ruling.campaign.priority).label("priority"),
        case(
            *((row.number == number, name) for number, name in enumerate(ruling.channels)),
            else_=null(),
        ).label("channel"),
        lane_of_row(ruling, row).label("lane"),
        case((free, row.address), else_=cast(null(), TextType)).label("address"),
        row.locale.label("locale"),
        variant_of_row(ruling, row).label("variant"),
        state.label("state"),
        case(*((code == each, reason.value) for reason, each in CODES.items())).label("reason"),
        (row.asked_at if planned_at is None else planned_at).label("planned_at"),
        due_at.label("due_at"),
        case((and_(free, row.why.is_not(None)), row.opens_at)).label("until"),
        case(
            *((and_(free, row.why == each), reason.value) for reason, each in CODES.items())
        ).label("held_for"),
        row.late_at.label("late_at"),
        due_at.label("slot_at"),
        case((free, true()), else_=false()).label("ready"),
        case((free, row.consent_id)).label("consent_id"),
    )


def due_at_of_row(row: Any) -> ColumnElement[datetime | None]:
    """When each row's message is to go; null: never."""
    free = row.code.is_(None)
    return case((and_(free, row.why.is_not(None)), row.opens_at), (free, row.asked_at))


def variant_of_row(ruling: Ruling, row: Any) -> ColumnElement[str | None]:
    """The name of each row's variant; null where nothing is compared, or none is chosen yet."""
    if not ruling.variants:
        return cast(null(), TextType)
    return case(*((row.variant == number, name) for number, name in enumerate(ruling.variants)))


def lane_of_row(ruling: Ruling, row: Any) -> ColumnElement[str]:
    """What a rate limit will hold each row back in."""
    limits = {number: ruling.company.limits(name) for number, name in enumerate(ruling.channels)}
    parted = {number: each for number, each in limits.items() if each.per_domain}
    if not parted:
        return literal("")
    whens = ((row.number == number, lane_for(each, row.address)) for number, each in parted.items())
    return case(*whens, else_="")
