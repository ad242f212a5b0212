"""What is owed to customers, looked after by the scheduler's tick: promises, answers, a touch at times."""

from datetime import datetime

from outreach.app.company_clock import last_morning
from outreach.app.context import Context
from outreach.app.stages import refresh_touched
from outreach.decisions.ruling import Ruling
from outreach.logger import Logger
from outreach.owed.floors import end_touched, look_at_floors, owed_by_campaign
from outreach.owed.rounds import go_round
from outreach.planning.entering import enter_owed
from outreach.store.engine import reading, writing
from outreach.store.marks import floors_looked_at, note_floors

log = Logger(__name__)


def look_after_owed(context: Context) -> bool:
    """Let events that came give out tasks or end them, and tell of what is overdue; whether any did.

    Facts and stages follow where a promise was missed. Once a day who had no touch for too long
    becomes a task.
    """
    now = context.now()
    touched = _look_after_floors(context, now)
    found = go_round(context.engine, context.company(), now)
    if found.given or found.escalated:
        log.info("tasks given out", tasks=found.given, escalated=found.escalated)
    refresh_touched(context, sorted(found.missed))
    return touched or bool(found)


def let_owed_in(context: Context, ruling: Ruling) -> int:
    """Let those into a campaign whom a floor gives to it, once a day; how many came in."""
    campaign, company, now = ruling.campaign.name, context.company(), context.now()
    if not any(floor.by == campaign for floor in company.floors):
        return 0
    engine, at = context.engine, last_morning(context, now)
    with reading(engine) as conn:
        looked_at = floors_looked_at(conn, campaign)
    if looked_at is not None and looked_at >= at:
        return 0
    theirs = (ruling.campaign_id, campaign)
    owed = owed_by_campaign(engine, company, theirs, at, now)
    entered = sum(enter_owed(engine, ruling, ids, at, now) for ids in owed)
    with writing(engine) as conn:
        note_floors(conn, at, campaign)
    if entered:
        log.info("customers are owed a touch", campaign=campaign, customers=entered)
    return entered


def _look_after_floors(context: Context, now: datetime) -> bool:
    engine, company = context.engine, context.company()
    ended = end_touched(engine, company, now)
    new = 0
    if company.floors:
        new = look_at_floors(engine, company, last_morning(context, now), now)
        if new:
            log.info("customers are owed a touch", tasks=new)
    return bool(ended or new)
