"""Campaigns that come for the same customers at the same time and share too few slots: no fault."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from outreach.app.context import Context
from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection
from outreach.documents import load
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company
from outreach.spans import Cap
from outreach.vocabulary import Status

_Slot = tuple[Selection, Selection | None, Schedule, str, tuple[str, ...]]


def rivals(context: Context, campaigns: Iterable[Campaign]) -> Iterator[Problem]:
    """Active campaigns whose every slot goes to others that are alike and go first."""
    company, alike = context.loaded.company, defaultdict[_Slot, list[Campaign]](list)
    if company is None:
        return
    for each in campaigns:
        if each.status is Status.ACTIVE and each.schedule.kind is not ScheduleKind.MANUAL:
            alike[_slot(each)].append(each)
    for those in alike.values():
        in_order = sorted(those, key=lambda one: (-one.priority, one.name))
        for place, loser in enumerate(in_order):
            cap = _least(company, loser)
            if cap is not None and place >= cap.at_most:
                yield from _told(context, loser, in_order[: cap.at_most], cap)


def _slot(campaign: Campaign) -> _Slot:
    """What makes two campaigns want the same slots of the same customers."""
    schedule = replace(campaign.schedule, late=Schedule(ScheduleKind.MANUAL).late)
    channels = campaign.steps[0].channels
    return campaign.audience, campaign.exclude, schedule, campaign.topic, channels


def _least(company: Company, campaign: Campaign) -> Cap | None:
    """The tightest of the company's limits over all channels that holds for a campaign."""
    topic = company.topics.get(campaign.topic)
    if topic is None or topic.transactional:
        return None
    caps = [
        cap
        for cap in company.cadence
        if cap.channel is None and cap.topic in (None, campaign.topic)
    ]
    return min(caps, key=lambda cap: cap.at_most, default=None)


def _told(
    context: Context, loser: Campaign, winners: list[Campaign], cap: Cap
) -> Iterator[Problem]:
    document = load(loser.file, context.files.contents[loser.file])[0]
    if document is None:
        return
    names = ", ".join(f"`{each.name}`" for each in winners)
    verb, other = ("comes", "goes") if len(winners) == 1 else ("come", "go")
    message = (
        f"{names} {verb} to the same customers at the same time and {other} first: with at most "
        f"{cap.at_most} per {cap.per} whoever gets {'that' if len(winners) == 1 else 'those'} "
        "does not get this one"
    )
    hint = "let it come at another time, or to others; or let its `priority` be higher"
    path = ("priority",) if document.has(("priority",)) else ("schedule",)
    yield document.problem(path, f"{WARNING}rivals", message, hint)
