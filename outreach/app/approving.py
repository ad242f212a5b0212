"""A campaign approved by a person: as it stands, for the audience it has now."""

from dataclasses import dataclass

from outreach.app.approvals import counted, take_revision
from outreach.app.context import Context
from outreach.app.person import person as account
from outreach.app.planning import Plan, plan_campaign
from outreach.app.project import campaign_named
from outreach.app.rulings import pinned
from outreach.campaign.approval import is_counted, may_approve, needed
from outreach.campaign.described.paragraph import describe
from outreach.campaign.model import Campaign
from outreach.documents import did_you_mean
from outreach.errors import OutreachError, UsageError
from outreach.store.approvals import (
    Approved,
    approvals_of,
    approve,
    awaiting,
)
from outreach.store.engine import reading, writing
from outreach.store.journal import record
from outreach.store.revisions import Revision, digest_of, save_revision
from outreach.vocabulary import Status

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person is asked to approve."""

    person: str
    described: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Approval:
    """How a campaign stands: `digest` is of its files, `needed` of `approved_by` must be there."""

    digest: str
    approved_by: list[str]
    needed: int


def propose(context: Context, name: str, person: str, language: str = ENGLISH) -> Proposal:
    """What the person would approve; nothing is written.

    UsageError where they may not, or where the campaign is not active: an edit takes it back.
    """
    campaign, company = campaign_named(context, name), context.company()
    if campaign.status is not Status.ACTIVE:
        message = f"campaign `{name}` is not active: its status is `{campaign.status}`"
        hint = f"write `status: active` in {campaign.file} first: an edit takes an approval back"
        raise UsageError(message, hint)
    people = company.approval.people
    if person not in people:
        hint = did_you_mean(person, people, listing="these may")
        hint = hint or "name them in outreach.yaml: `approval: {people: [mei@example.com]}`"
        raise UsageError(f"`{person}` may not approve", hint)
    plan = plan_campaign(context, name)
    _must_be_other(campaign, person, may_approve(campaign, company, _needed(context, name, plan)))
    return Proposal(person, describe(campaign, company, language), plan)


def _must_be_other(campaign: Campaign, person: str, may: tuple[str, ...]) -> None:
    if person not in may:
        message = f"`{person}` owns `{campaign.name}`, and two others must approve it"
        raise UsageError(message, f"these may: {', '.join(may)}")


def _needed(context: Context, name: str, plan: Plan) -> int:
    return needed(campaign_named(context, name), context.company(), plan.audience)


def approve_campaign(context: Context, proposal: Proposal) -> Approval:
    """Note that the person approves what they were shown; runs that waited may be of it then."""
    name, now = proposal.plan.campaign, context.now()
    campaign, company = campaign_named(context, name), context.company()
    files = pinned(context, name)
    people = _needed(context, name, proposal.plan)
    approved = Approved(proposal.person, proposal.plan.audience, now)
    with writing(context.engine) as conn:
        revision = save_revision(conn, name, files, now)
        approve(conn, revision.id, approved)
        record(
            conn, now, proposal.person, "campaign approved", name,
            digest=revision.digest, audience=approved.audience, account=account(),
        )  # fmt: skip
        found = approvals_of(conn, revision.id)
    _take_over(context, campaign, revision)
    return Approval(digest_of(files), counted(campaign, company, found, people), people)


def _take_over(context: Context, campaign: Campaign, revision: Revision) -> None:
    """Let runs that wait for an approval be of the files that have it, where they come as before.

    Nothing of them has begun; one whose schedule is another now stays what it was.
    """
    with reading(context.engine) as conn:
        waiting = [each for each in awaiting(conn) if each.campaign_id == revision.campaign_id]
        older = [each for each in waiting if each.revision_id != revision.id]
        schedules = {}
        for run in older:
            try:
                ruling = context.rulings.load(conn, run.revision_id)
            except OutreachError:
                continue  # by the rules of now it can not be read: it stays held
            schedules[run.id] = ruling.campaign.schedule
    with writing(context.engine) as conn:
        for run in older:
            if schedules.get(run.id) == campaign.schedule:
                take_revision(context, conn, run, revision.id, campaign)


def standing(context: Context, name: str, proposal: Proposal) -> str:
    """What the person's word would do, in a line."""
    people = _needed(context, name, proposal.plan)
    campaign, company = campaign_named(context, name), context.company()
    if not people:
        return "it goes out without an approval: this notes how large its audience may be"
    counts = "one person" if people == 1 else "two persons"
    why = (
        f", for its audience is {proposal.plan.audience:,}" if is_counted(campaign, company) else ""
    )
    return f"{counts} must approve it{why}"
