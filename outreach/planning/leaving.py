"""Customers leave journeys for good: those for whom `exit` holds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.decisions.entrants import those_for_whom
from outreach.decisions.ruling import Ruling
from outreach.store.dialect import is_any_of
from outreach.store.enrolments import BEFORE_EXIT, end
from outreach.store.tables import deliveries
from outreach.vocabulary import Ending, State

d = deliveries.c


def leave(conn: Connection, ruling: Ruling, ids: Sequence[int], now: datetime) -> int:
    """End the journey of those for whom `exit` holds; how many."""
    if ruling.campaign.exit is None or not ids:
        return 0
    over = those_for_whom(conn, ruling, ruling.campaign.exit, list(ids), now)
    return len(end(conn, over, Ending.EXITED, now))


def leave_unasked(
    conn: Connection, ruling: Ruling, step: str, ids: Sequence[int], now: datetime
) -> int:
    """The same of those whose message was left out by a rule that is asked before `exit` is."""
    if ruling.campaign.exit is None:
        return 0
    theirs = (is_any_of(conn, d.enrolment_id, ids), d.step == step)
    unasked = [reason.value for reason in BEFORE_EXIT]
    left_out = (d.state == State.SKIPPED.value, d.reason.in_(unasked))
    found = conn.execute(select(d.enrolment_id).where(*theirs, *left_out)).scalars()
    return leave(conn, ruling, list(found), now)
