"""Once a day by company time: facts and stages brought up to date."""

from datetime import datetime

from sqlalchemy import select

from outreach.app.company_clock import last_morning
from outreach.app.context import Context
from outreach.app.stages import refresh_stages, refresh_touched
from outreach.logger import Logger
from outreach.store.engine import reading
from outreach.store.facts import heard_of
from outreach.store.marks import refreshed_at
from outreach.store.tables import customers

log = Logger(__name__)


def refresh_daily(context: Context, now: datetime) -> bool:
    """Bring facts and stages up to 00:05 company time where it has passed since; whether it did.

    Moves carry that instant, however late the tick is. Alone on a copy nobody else adds events: once
    all facts were made anew, only who has an event since then gets others.
    """
    at = last_morning(context, now)
    with reading(context.engine) as conn:
        known = refreshed_at(conn)
        if known is not None and known >= at:
            return False
        if conn.execute(select(customers.c.id).limit(1)).first() is None:
            return False
    log.info("stages are refreshed")
    if known is not None and context.has_sound_facts:
        with reading(context.engine) as conn:
            heard = heard_of(conn, known, at)
        refresh_touched(context, heard, at=at)
    refresh_stages(context, at=at, stored=context.has_sound_facts)
    context.has_sound_facts = context.is_rehearsal
    return True
