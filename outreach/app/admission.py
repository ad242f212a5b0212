"""A new revision is rendered on trial, in a process of its own with limits, before any run has it."""

from outreach.app.context import Context
from outreach.errors import Problem
from outreach.logger import Logger
from outreach.planning.tick import Candidate
from outreach.rendering import trial

log = Logger(__name__)


def problems_on_trial(context: Context, candidate: Candidate) -> list[Problem]:
    """What a trial rendering finds: a template that hangs, swells or fails for made-up customers."""
    return trial(candidate.files, candidate.campaign, context.company())


def is_admitted(context: Context, candidate: Candidate) -> bool:
    """Whether the trial finds nothing; what it finds is told."""
    problems = problems_on_trial(context, candidate)
    for each in problems:
        log.error("campaign makes no run", campaign=candidate.campaign.name, why=str(each))
    return not problems
