"""Active campaigns of which nothing came in a simulation, and what they wait for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from outreach.campaign.model import Campaign, ScheduleKind
from outreach.campaign.occurrences import next_occurrence
from outreach.settings.company import Company
from outreach.simulation.counting import Since
from outreach.store.tables import campaigns as campaigns_table
from outreach.store.tables import deliveries, enrolments, runs
from outreach.vocabulary import RunState, Status

d, e, r, c = deliveries.c, enrolments.c, runs.c, campaigns_table.c
_STOPPED = (RunState.HELD.value, RunState.PAUSED.value)


@dataclass(frozen=True, slots=True)
class Looks:
    """When a simulation looked: first, last, and the end, at which it looks no more."""

    first: datetime
    last: datetime
    end: datetime


def silent(
    campaigns: Iterable[Campaign],
    heard: Collection[str],
    begun: Mapping[str, str],
    company: Company,
    looks: Looks,
) -> dict[str, str]:
    """By name what each active campaign waits for of which nothing was decided.

    `begun` is what has become of it where it did begin: see the function of that name.
    """
    left = [each for each in campaigns if each.status is Status.ACTIVE and each.name not in heard]
    return {each.name: begun.get(each.name) or _why(each, company, looks) for each in left}


def begun(conn: Connection, since: Since) -> dict[str, str]:
    """By campaign where what it began stands, of which nothing is decided: runs, messages, people."""
    ways = select(c.name, func.count()).join_from(
        enrolments, campaigns_table, c.id == e.campaign_id
    )
    wait = select(c.name, func.count()).join_from(
        deliveries, campaigns_table, c.id == d.campaign_id
    )
    stop = select(c.name, r.state, r.reason).join_from(runs, campaigns_table, c.id == r.campaign_id)
    found = {
        name: f"{many:,} are under way in it, and come to no message in these days"
        for name, many in conn.execute(ways.where(e.ended_at.is_(None)).group_by(c.name))
    }
    for name, many in conn.execute(wait.where(since.own, d.ready).group_by(c.name)):
        found[name] = f"{many:,} messages of it wait: their channel is held, or their run"
    for name, state, why in conn.execute(stop.where(r.state.in_(_STOPPED)).order_by(r.id.desc())):
        # The remedy would name a run that only the copy has.
        said = (why or "").partition(": let it go with")[0]
        found[name] = f"its run is {state}" + (f": {said}" if said else "")
    return found


def _why(campaign: Campaign, company: Company, looks: Looks) -> str:
    schedule = campaign.schedule
    if any(floor.by == campaign.name for floor in company.floors):
        return "a floor begins it, and nobody was owed a touch"
    if schedule.on_event is not None:
        return f"an event `{schedule.on_event.kind}` begins it, and none came"
    if schedule.on_stage is not None:
        return "a change of stage begins it, and none came"
    if schedule.idle is not None:
        return "silence begins it, and nobody was silent for so long"
    if schedule.kind is ScheduleKind.MANUAL:
        return "it begins by hand"
    coming = next_occurrence(schedule, company.brand.timezone, looks.first)
    if coming is None or coming.instant_at >= looks.end:
        return "it does not come in these days"
    if coming.instant_at > looks.last:
        return "it comes behind the last look at the clock: look more often, or a day longer"
    return "it came, and nobody was in its audience"
