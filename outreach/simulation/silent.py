"""Active campaigns of which nothing came in a simulation, and what they wait for."""

from collections.abc import Collection, Iterable
from datetime import datetime

from outreach.campaign.model import Campaign, ScheduleKind
from outreach.campaign.occurrences import next_occurrence
from outreach.settings.company import Company
from outreach.vocabulary import Status


def silent(
    campaigns: Iterable[Campaign],
    heard: Collection[str],
    company: Company,
    start: datetime,
    end: datetime,
) -> dict[str, str]:
    """By name what each active campaign waits for that nothing was planned of."""
    left = [each for each in campaigns if each.status is Status.ACTIVE and each.name not in heard]
    return {each.name: _why(each, company, start, end) for each in left}


def _why(campaign: Campaign, company: Company, start: datetime, end: datetime) -> str:
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
    coming = next_occurrence(schedule, company.brand.timezone, start)
    if coming is None or coming.instant_at >= end:
        return "it does not come in these days"
    return "it came, and nobody was in its audience"
