"""Rulings for commands: from the project's files for a plan, from the database for a run."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select

from outreach.app.check import campaign_faults
from outreach.app.context import Context
from outreach.app.project import campaign_named
from outreach.campaign.model import Campaign
from outreach.campaign.pinned import pinned_files
from outreach.decisions.ruling import Ruling, make_ruling, reserves_before
from outreach.documents import did_you_mean
from outreach.errors import ProblemsFound, UsageError
from outreach.planning.tick import Candidate
from outreach.rendering.compiling import compile_step
from outreach.store.tables import campaigns
from outreach.vocabulary import Status


def pinned(context: Context, name: str) -> Mapping[str, bytes]:
    """The files that a run of this campaign would pin."""
    campaign = campaign_named(context, name)
    return pinned_files(campaign, context.files.contents, context.company())


def ruling_alone(context: Context, name: str, step: str | None = None) -> Ruling:
    """What makes a campaign's messages, without the database: nothing can be decided by it.

    Of the first step, or of another one. ProblemsFound where the campaign's file, its templates or
    outreach.yaml are at fault, UsageError where there is no such step.
    """
    return _ruling(context, campaign_named(context, name), {}, step)


def ruling_of(context: Context, conn: Connection, name: str, step: str | None = None) -> Ruling:
    """What decides about a campaign as its files stand now; ProblemsFound where they are at fault.

    Of the first step, or of another one; UsageError where there is no such. Campaigns above it are those of the project's files that are active there, whether a scheduler
    has seen them yet or not.
    """
    campaign = campaign_named(context, name)
    if faults := campaign_faults(context, campaign):
        raise ProblemsFound(faults)
    ids = {row.name: row.id for row in conn.execute(select(campaigns.c.name, campaigns.c.id))}
    ruling = _ruling(context, campaign, ids, step)
    if not ruling.grid.cap_windows:
        return ruling  # nothing caps it
    return ruling.below(_above(context, ruling.campaign, ids))


def _ruling(
    context: Context, campaign: Campaign, ids: Mapping[str, int], step: str | None = None
) -> Ruling:
    known = [each.id for each in campaign.steps]
    if step is not None and step not in known:
        hint = did_you_mean(step, known, listing="there are")
        raise UsageError(f"`{campaign.name}` has no step `{step}`", hint)
    company, campaign = context.company(), campaign.at_step(step)
    compiled = compile_step(context.files.contents, campaign, company)
    return make_ruling(ids.get(campaign.name, 0), 0, campaign, company, compiled)


def _above(context: Context, campaign: Campaign, ids: Mapping[str, int]) -> Iterator[Ruling]:
    """The campaigns that may reserve slots before one; what is at fault makes no run either."""
    for name, other in context.loaded.campaigns.items():
        if other.status is Status.ACTIVE and reserves_before(other, campaign):
            try:
                yield _ruling(context, campaign_named(context, name), ids)
            except ProblemsFound:
                continue


def candidates(context: Context) -> list[Candidate]:
    """The project's campaigns that have no problem, with what their runs would pin."""
    found = []
    for name in context.loaded.campaigns:
        try:
            campaign = campaign_named(context, name)
        except ProblemsFound:
            continue
        files = pinned_files(campaign, context.files.contents, context.company())
        found.append(Candidate(campaign, files))
    return found
