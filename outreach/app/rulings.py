"""Rulings for commands: from the project's files for a plan, from the database for a run."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.app.project import campaign_named
from outreach.campaign.pinned import pinned_files
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.errors import ProblemsFound
from outreach.planning.tick import Candidate
from outreach.rendering.compiled import compile_step
from outreach.store.tables import campaigns


def pinned(context: Context, name: str) -> Mapping[str, bytes]:
    """The files that a run of this campaign would pin."""
    campaign = campaign_named(context, name)
    return pinned_files(campaign, context.files.contents, context.company())


def ruling_of(context: Context, conn: Connection, name: str) -> Ruling:
    """What decides about a campaign as its files stand now; ProblemsFound where they are at fault."""
    campaign, company = campaign_named(context, name), context.company()
    compiled = compile_step(context.files.contents, campaign, company)
    known = conn.execute(select(campaigns.c.id).where(campaigns.c.name == name)).scalar()
    return make_ruling(known or 0, 0, campaign, company, compiled)


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
