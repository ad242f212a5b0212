"""Why a journey does not take a customer, in words."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.campaign.model import Branch, Step, Stop
from outreach.campaign.triggers import ReentryKind
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.store.tables import enrolments


def before(
    conn: Connection, ruling: Ruling, verdict: Verdict, local: Callable[[datetime], str]
) -> str:
    """Where they are in it, or when they came in last and may come again."""
    e, reentry = enrolments.c, ruling.campaign.reentry
    query = select(enrolments).where(
        e.campaign_id == ruling.campaign_id, e.customer_id == verdict.customer_id
    )
    row = conn.execute(query.order_by(e.ended_at.is_(None).desc(), e.entered_at.desc())).first()
    if row is None:
        return ""
    came_in = f"came in {local(row.entered_at)}"
    if row.ended_at is None:
        at = ""
        if row.revision_id == ruling.revision_id or not ruling.revision_id:
            at = _at(ruling.campaign.stops, row.position)
        return f"is in it: {came_in}{at}"
    if reentry.kind is ReentryKind.AFTER:
        return f"{came_in}, may come in again from {local(row.entered_at + reentry.span)}"
    return f"{came_in}, and may not come in again"


def _at(stops: tuple[Stop, ...], position: int) -> str:
    if position >= len(stops):
        return ""
    what = stops[position].what
    if isinstance(what, Branch):
        return ", is at a branch"
    return f", is at `{what.id}`" if isinstance(what, Step) else f", is waiting ({what.id})"
