"""The next instant at which anything can come due, so that looks before it need not ask the base.

Said after a look that found nothing: until then only the clock moves, and all that waits for it is
listed here. A new thing that a tick does at a time of its own belongs here too.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from outreach.campaign.occurrences import next_occurrence
from outreach.decisions.loading import Rulings
from outreach.decisions.localities import localities
from outreach.planning.occasion import occasion_of_run
from outreach.planning.tick import Candidate
from outreach.settings.company import Company
from outreach.simulation.under_way import stirs_at
from outreach.store import runs
from outreach.store.tables import deliveries, journey_winners, pending_events, tasks, winners
from outreach.vocabulary import RunKind, RunState, Status, TaskCause, TaskState

d, t = deliveries.c, tasks.c
_UNCERTAIN = select(t.id).where(  # their times depend on rules and on each other
    or_(t.state == TaskState.WAITING.value, t.cause != TaskCause.CAMPAIGN.value),
    t.closed_at.is_(None),
)
_INSTANTS: Sequence[Select[tuple[Any]]] = (
    select(func.min(d.due_at)).where(d.ready),
    select(func.min(d.late_at)).where(d.ready),
    select(func.min(winners.c.due_at)).where(winners.c.variant.is_(None)),
    select(func.min(journey_winners.c.due_at)).where(journey_winners.c.variant.is_(None)),
    select(func.min(pending_events.c.at)),
)


def wakes_at(
    conn: Connection,
    project: Sequence[Candidate],
    company: Company,
    rulings: Rulings,
    now: datetime,
    morning: datetime,
) -> datetime:
    """The first instant after `now` at which to look again, `now` itself where that is not known.

    `morning` is when the next day of the company begins.
    """
    active = [each.campaign for each in project if each.campaign.status is Status.ACTIVE]
    if runs.runs_in(conn, RunState.HELD):
        return now
    if conn.execute(_UNCERTAIN.limit(1)).first() is not None:
        return now
    journeys = [each for each in active if each.is_journey]
    coming: list[datetime] = [morning, *_turns(conn, rulings, now)]
    coming += stirs_at(conn, journeys, rulings, now)
    for each in active:
        if each.schedule.by_calendar:
            found = next_occurrence(each.schedule, company.brand.timezone, now)
            coming += [] if found is None else [found.instant_at]
    waiting = (conn.execute(asked).scalar() for asked in _INSTANTS)
    coming += [at for at in waiting if at is not None]
    return max(now, min(coming))


def _turns(conn: Connection, rulings: Rulings, now: datetime) -> Iterator[datetime]:
    """When the next places of runs come that are not planned wholly."""
    planning = runs.runs_in(conn, RunState.PLANNING)
    places = localities(conn) if planning else []
    for run in planning:
        if run.kind is RunKind.JOURNEY:
            yield now
            continue
        occasion = occasion_of_run(run)
        grid = rulings.load(conn, run.revision_id, run.step).grid
        turns = [*occasion.instants(grid, places).values(), occasion.last_at]
        yield min((at for at in turns if at > now), default=now)
