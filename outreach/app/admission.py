"""A new revision is rendered on trial before any run has it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from outreach.app.context import Context
from outreach.campaign.model import Campaign
from outreach.errors import Problem
from outreach.logger import Logger
from outreach.rendering.trial import as_rendered, trial, trial_in_check
from outreach.vocabulary import Status

if TYPE_CHECKING:  # `check` goes without a database
    from outreach.planning.tick import Candidate

log = Logger(__name__)


def problems_on_trial(context: Context, candidate: "Candidate") -> list[Problem]:
    """What a trial rendering finds: a template that hangs, swells or fails for made-up customers."""
    campaign, company = candidate.campaign, context.company()
    steps = (campaign.at_step(step.id) for step in campaign.steps)
    return [each for step in steps for each in trial(candidate.files, step, company)]


def failing(context: Context) -> Iterator[tuple[Campaign, list[Problem]]]:
    """The campaigns whose files can be read and yet make no run, each with what the trial finds.

    Archived ones are not asked. Nothing where outreach.yaml is at fault.
    """
    ask = trials(context)
    for campaign in tried(context):
        problems = ask(campaign)
        if problems:
            yield campaign, problems


def tried(context: Context) -> list[Campaign]:
    """The campaigns that are tried: all but archived ones; none where outreach.yaml is at fault."""
    if context.loaded.company is None:
        return []
    campaigns = context.loaded.campaigns.values()
    return [each for each in campaigns if each.status is not Status.ARCHIVED]


def trials(context: Context) -> Callable[[Campaign], list[Problem]]:
    """What a trial of each finds: campaigns whose messages are made alike are tried once."""
    files, found = context.files.contents, dict[Campaign, list[Problem]]()

    def of(campaign: Campaign) -> list[Problem]:
        return [each for step in campaign.steps for each in of_step(campaign.at_step(step.id))]

    def of_step(campaign: Campaign) -> list[Problem]:
        rendered = as_rendered(campaign, files)
        if rendered not in found:
            found[rendered] = trial_in_check(files, campaign, context.company())
        return found[rendered]

    return of


def is_admitted(context: Context, candidate: "Candidate") -> bool:
    """Whether the trial finds nothing; what it finds is told."""
    problems = problems_on_trial(context, candidate)
    for each in problems:
        log.error("campaign makes no run", campaign=candidate.campaign.name, why=str(each))
    return not problems
