"""Two records of one person become one."""

from dataclasses import dataclass

from outreach.app.context import Context
from outreach.app.person import person
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.errors import UsageError
from outreach.store.acknowledgement import all_acknowledged
from outreach.store.engine import writing
from outreach.store.merging import merge


@dataclass(frozen=True, slots=True)
class MergedCustomers:
    """What came of a merge."""

    closed: str  # the key that stands for nobody any more
    key: str  # the one that stays
    cancelled: int  # messages of the closed one that had not begun
    events: int  # that went over
    withdrawn: int  # consents of the one that stays, for the closed one had said no


def merge_customers(context: Context, closed: str, kept: str) -> MergedCustomers:
    """Close one customer in favour of another; facts and stages follow.

    Returns when no message to the closed one begins any more, nor one against a no that came
    over. UsageError where either can not be meant.
    """
    save_rules(context)
    with writing(context.engine) as conn:
        found = merge(conn, closed, kept, person() or "", context.now())
    if found.refused:
        raise UsageError(found.refused, "see `outreach customers show KEY`")
    all_acknowledged(context.engine)
    refresh_touched(context, [found.customer_id])
    return MergedCustomers(closed, kept, found.cancelled, found.events, found.withdrawn)
