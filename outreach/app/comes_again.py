"""Whether the words of a run that went wrong are about to go out once more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.app.occasion import occasions_ahead
from outreach.app.planning import said_when
from outreach.app.project import campaign_named
from outreach.campaign.model import Campaign
from outreach.campaign.pinned import unpinned
from outreach.errors import ProblemsFound, UsageError
from outreach.store.revisions import revision_files
from outreach.store.runs import Run, run_by_id, run_of
from outreach.store.tables import campaigns
from outreach.vocabulary import Status

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class ComesAgain:
    """A campaign that is still active with the template of a run that went wrong.

    `at` is its next occurrence, an instant or a wall clock of the customers' own zones; None where
    it goes to each customer as their own case begins it. `said`: the same for people.
    """

    campaign: str
    template: str
    at: datetime | None
    said: str


def comes_again(context: Context, conn: Connection, run: Run) -> ComesAgain | None:
    """What of a run's words is to come; None where nothing is, or other words came in their place.

    By the campaign's file as it stands; where that is at fault by its last good one, which goes on.
    """
    found = _standing(context, conn, run.campaign)
    if found is None:
        return None
    campaign, files = found
    step = next((each for each in campaign.steps if run.step in (None, each.id)), None)
    if campaign.status is not Status.ACTIVE or step is None:
        return None
    if not any(_same(files, sent, step.template) for sent in _sent(context, conn, run)):
        return None
    active = f"{campaign.name} is still active"
    if campaign.schedule.is_triggered:
        said = f"{active} and goes to everyone who comes in, with `{step.template}`"
        return ComesAgain(campaign.name, step.template, None, said)
    for each in occasions_ahead(context, campaign):
        if run_of(conn, campaign.name, each.first_at) is None:
            when = said_when(each, campaign, context.company())
            said = f"{active} and comes again {when} with `{step.template}`"
            return ComesAgain(campaign.name, step.template, each.local_at or each.first_at, said)
    return None


def _standing(context: Context, conn: Connection, name: str) -> tuple[Campaign, Files] | None:
    """A campaign and its files as its next run would have them."""
    try:
        return campaign_named(context, name), context.files.contents
    except (ProblemsFound, UsageError):
        query = select(campaigns.c.revision_id).where(
            campaigns.c.name == name, campaigns.c.active_since.is_not(None)
        )
        last_good = conn.execute(query).scalar_one_or_none()
    if last_good is None:
        return None
    files = revision_files(conn, last_good)[1]
    try:
        return unpinned(name, files, context.company())[0], files
    except ProblemsFound:
        return None


def _sent(context: Context, conn: Connection, run: Run) -> Iterator[tuple[str, Files]]:
    """The template and the files of a run; of one that corrects also those of what it corrects."""
    found: Run | None = run
    while found is not None:
        files = revision_files(conn, found.revision_id)[1]
        campaign = unpinned(found.campaign, files, context.company())[0]
        yield campaign.at_step(found.step).steps[0].template, files
        corrects = found.params.get("corrects")
        found = None if corrects is None else run_by_id(conn, corrects)


def _same(files: Files, sent: tuple[str, Files], template: str) -> bool:
    """Whether a template is the one that was sent, to the byte."""
    name, then = sent
    folder = f"templates/{template}/"
    now, before = (
        {path: content for path, content in each.items() if path.startswith(folder)}
        for each in (files, then)
    )
    return name == template and now == before
