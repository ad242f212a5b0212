"""How a delivery ends that is not sent now, where an earlier attempt of it may have gone out.

Then it is in doubt: it never ends as though nothing had gone out, and its slot is not free.
"""

from sqlalchemy import ColumnElement, case, null

from outreach.store.tables import deliveries
from outreach.vocabulary import State

d = deliveries.c


def ended(state: State | ColumnElement[str]) -> ColumnElement[str]:
    """The state in which it ends: `unknown` where it is in doubt."""
    return case((d.doubt, State.UNKNOWN.value), else_=state)


def slot_once_ended() -> ColumnElement[object]:
    """The cadence slot that it keeps: none, unless it is in doubt."""
    return case((d.doubt, d.slot_at), else_=null())
