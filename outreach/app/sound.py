"""Campaigns in order, whatever is wrong with other files: those of which warnings can be told."""

from collections.abc import Iterable

from outreach.app.context import Context
from outreach.campaign.model import Campaign
from outreach.errors import Problem
from outreach.vocabulary import Status


def sound_campaigns(context: Context, faults: Iterable[Problem]) -> list[Campaign]:
    """Those that have no fault, nor has a template of theirs; archived ones are not asked about.

    None where outreach.yaml is at fault: all of them are understood by it.
    """
    if context.loaded.company is None:
        return []
    files = {each.file for each in faults}
    return [
        campaign
        for campaign in context.loaded.campaigns.values()
        if campaign.status is not Status.ARCHIVED and not _is_faulty(campaign, files)
    ]


def _is_faulty(campaign: Campaign, files: Iterable[str]) -> bool:
    folders = tuple(f"templates/{step.template}/" for step in campaign.steps)
    return any(
        file == campaign.file or file.startswith((*folders, "templates/_")) for file in files
    )
