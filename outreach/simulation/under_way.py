"""When anything can happen in journeys: what those wait for who are under way, and who may come in."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from outreach.campaign.model import Campaign, Wait
from outreach.decisions.loading import Rulings
from outreach.planning.arriving import going_revisions
from outreach.store.tables import awaited_events, campaigns, enrolments, events, stage_changes

e = enrolments.c


def stirs_at(
    conn: Connection, journeys: Sequence[Campaign], rulings: Rulings, now: datetime
) -> Iterator[datetime]:
    """The next instants at which a journey can have anything to do, `now` where that is not known.

    Who is idle is found by a look at the base, and what is waited for until it is so at any look.
    """
    if not journeys:
        return
    known = {row.name: row for row in conn.execute(select(campaigns))}
    last_event = conn.execute(select(func.max(events.c.id))).scalar() or 0
    last_move = conn.execute(select(func.max(stage_changes.c.id))).scalar() or 0
    for each in journeys:
        row, schedule = known.get(each.name), each.schedule
        is_new = row is None or row.active_since is None or (row.events_until or 0) < last_event
        if row is None or is_new or schedule.idle is not None or schedule.backlog:
            yield now
            return
        if schedule.on_stage is not None and (row.moves_until or 0) < last_move:
            yield now
        yield from _waits(conn, row, rulings, now)


def _waits(
    conn: Connection, campaign: Row[Any], rulings: Rulings, now: datetime
) -> Iterator[datetime]:
    own = awaited_events.c.campaign_id == campaign.id
    found = [conn.execute(select(func.min(awaited_events.c.at)).where(own)).scalar()]
    for revision_id in conn.execute(going_revisions(campaign.id)).scalars().all():
        stops = rulings.load(conn, revision_id).campaign.stops
        for position, stop in enumerate(stops):
            for begun in (False, True):  # by both columns the index has the first one in front
                here = (e.revision_id == revision_id, e.position == position, e.begun.is_(begun))
                waiting = select(func.min(e.next_at)).where(*here, e.next_at.is_not(None))
                at = conn.execute(waiting).scalar()
                until_so = isinstance(stop.what, Wait) and stop.what.until is not None
                found.append(now if at is not None and begun and until_so else at)
    yield from (at for at in found if at is not None)
