"""Promises and answers that are owed: looked after by the scheduler's tick."""

from outreach.app.context import Context
from outreach.app.stages import refresh_touched
from outreach.logger import Logger
from outreach.owed.rounds import go_round

log = Logger(__name__)


def look_after_owed(context: Context) -> bool:
    """Let events that came give out tasks or end them, and tell of what is overdue; whether any did.

    Facts and stages follow where a promise was missed.
    """
    found = go_round(context.engine, context.company(), context.now())
    if found.given or found.escalated:
        log.info("tasks given out", tasks=found.given, escalated=found.escalated)
    refresh_touched(context, sorted(found.missed))
    return bool(found)
