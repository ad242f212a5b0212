"""Rules of journeys: who may come in (again), and for whom the rest is over."""

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from outreach.audience.compile import compile_expression
from outreach.campaign.triggers import ReentryKind
from outreach.decisions.candidate import Candidate
from outreach.store.dialect import shift
from outreach.store.tables import enrolments
from outreach.vocabulary import Ending


def may_not_enter(candidate: Candidate) -> ColumnElement[bool] | None:
    """Is in this journey, or was in it too lately; None where nobody is about to come in."""
    campaign = candidate.ruling.campaign
    if not campaign.is_journey or candidate.mine is not None or candidate.enrolment is not None:
        return None
    before, reentry = enrolments.alias(), campaign.reentry
    blocks: list[ColumnElement[bool]] = [before.c.ended_at.is_(None)]
    if reentry.kind is ReentryKind.NEVER:
        blocks.append(true())
    elif reentry.kind is ReentryKind.AFTER:
        blocks.append(shift(before.c.entered_at, reentry.span) > candidate.zones.c.asked_at)
    theirs = and_(
        before.c.campaign_id == candidate.ruling.campaign_id,
        before.c.customer_id == candidate.customer.c.id,
    )
    found = select(before.c.id).where(theirs, or_(*blocks))
    return exists(found.correlate_except(before))


def exited(candidate: Candidate) -> ColumnElement[bool] | None:
    """The rest of the journey is over for this customer; None where there is none."""
    campaign = candidate.ruling.campaign
    if not campaign.is_journey:
        return None
    over: list[ColumnElement[bool]] = []
    if candidate.enrolment is not None:
        e = candidate.enrolment.c  # who came to the end is none: its last message is asked about
        gone = func.coalesce(e.ended_as, Ending.FINISHED.value) != Ending.FINISHED.value
        over.append(and_(gone, e.ended_at <= candidate.zones.c.asked_at))
    if campaign.exit is not None:
        over.append(compile_expression(campaign.exit, candidate.row))
    return or_(*over) if over else None
