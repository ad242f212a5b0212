"""Whether the words of a run that went wrong are about to go out once more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.last_good import last_good
from outreach.app.occasion import occasions_ahead
from outreach.app.planning import said_when
from outreach.app.project import campaign_named
from outreach.campaign.model import Campaign, Step
from outreach.campaign.pinned import FROM_COMPANY, face_of, unpinned
from outreach.errors import ProblemsFound, UsageError
from outreach.planning.arriving import going_revisions
from outreach.store.enrolments import still_before
from outreach.store.revisions import revision_files
from outreach.store.runs import Run, run_by_id, run_of
from outreach.vocabulary import Status

Files = Mapping[str, bytes]
Sent = tuple[str, Files]  # a template, and all files of its revision


@dataclass(frozen=True, slots=True)
class ComesAgain:
    """A campaign that is still active with the template of a run that went wrong.

    `at` is its next occurrence, an instant or a wall clock of the customers' own zones; None where
    it goes to each customer as their own case begins it, or to those who are under way. `said` is
    the same for people, `mend` what they can do about it.
    """

    campaign: str
    template: str
    at: datetime | None
    said: str
    mend: str = "set `status: paused`, or correct its template"


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
    sent = list(_sent(context, conn, run))
    if not any(_same(files, each, step.template) for each in sent):
        return _under_way(context, conn, campaign, run.campaign_id, step.id, sent)
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


def is_same(context: Context, conn: Connection, run: Run, template: str) -> bool:
    """Whether a template would say again what a run said: neither it nor what it uses has changed."""
    files, face = context.files.contents, face_of(context.company())
    return any(
        _same(files, sent, template)
        and _within(files, "templates/_base/") == _within(sent[1], "templates/_base/")
        and face == sent[1][FROM_COMPANY]
        for sent in _sent(context, conn, run)
    )


def _under_way(
    context: Context, conn: Connection, campaign: Campaign, number: int, step: str, sent: list[Sent]
) -> ComesAgain | None:
    """Those who came in by a version of the file with the words that were sent, and go on by it."""
    if campaign.migrates or not campaign.is_journey:
        return None
    customers, template = 0, ""
    for revision_id in conn.execute(going_revisions(number)).scalars().all():
        files = revision_files(conn, revision_id)[1]
        stops = unpinned(campaign.name, files, context.company())[0].stops
        for position, what in enumerate(stop.what for stop in stops):
            if not isinstance(what, Step) or what.id != step:
                continue
            if any(_same(files, each, what.template) for each in sent):
                customers += still_before(conn, number, revision_id, position)
                template = what.template
    if not customers:
        return None
    said = f"{customers:,} under way in {campaign.name} go on by the words with which they came in"
    mend = "write `migrate: here` into its file, or set `status: paused`"
    return ComesAgain(campaign.name, template, None, said, mend)


def _standing(context: Context, conn: Connection, name: str) -> tuple[Campaign, Files] | None:
    """A campaign and its files as its next run would have them."""
    try:
        return campaign_named(context, name), context.files.contents
    except (ProblemsFound, UsageError):
        known = last_good(context, conn, name)
        return None if known is None else (known.campaign, known.files)


def _sent(context: Context, conn: Connection, run: Run) -> Iterator[Sent]:
    """The template and the files of a run; of one that corrects also those of what it corrects."""
    found: Run | None = run
    while found is not None:
        files = revision_files(conn, found.revision_id)[1]
        campaign = unpinned(found.campaign, files, context.company())[0]
        yield campaign.at_step(found.step).steps[0].template, files
        corrects = found.params.get("corrects")
        found = None if corrects is None else run_by_id(conn, corrects)


def _same(files: Files, sent: Sent, template: str) -> bool:
    """Whether a template is the one that was sent, to the byte."""
    name, then = sent
    folder = f"templates/{template}/"
    return name == template and _within(files, folder) == _within(then, folder)


def _within(files: Files, folder: str) -> Files:
    return {path: content for path, content in files.items() if path.startswith(folder)}
