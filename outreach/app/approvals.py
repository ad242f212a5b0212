"""What must be approved before it goes out, and what of that is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.project import campaign_named
from outreach.app.rulings import pinned
from outreach.campaign.approval import is_counted, may_approve, needed
from outreach.campaign.model import Campaign
from outreach.campaign.pinned import TOPIC, topic_meaning
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.ruling import Ruling
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.planning.occasion import occasion_of_run
from outreach.planning.plan import count
from outreach.planning.tick import rank_of
from outreach.settings.company import Company
from outreach.store.approvals import (
    AUDIENCE,
    Approved,
    approvals_of,
    await_approval,
    awaiting,
    let_go,
    note_lack,
    revision_with,
    takes_revision,
)
from outreach.store.engine import reading, writing
from outreach.store.revisions import digest_of, pins
from outreach.store.runs import Run
from outreach.vocabulary import RunKind

log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Lack:
    """Why something is not approved, in words, and the audience if it had to be counted."""

    said: str
    audience: int | None


def counted(
    campaign: Campaign, company: Company, found: Sequence[Approved], people: int
) -> list[str]:
    """Whose approvals count by the rules of now, the earliest first."""
    may = may_approve(campaign, company, people)
    return [each.person for each in found if each.person in may]


def lack(
    campaign: Campaign, company: Company, found: Sequence[Approved], audience: int | None
) -> str:
    """What is missing before a revision that these approved may go out, in words; "": nothing."""
    people = needed(campaign, company, audience)
    by = counted(campaign, company, found, people)
    if len(by) >= people:
        return ""
    others = [each for each in may_approve(campaign, company, people) if each not in by]
    who = ", ".join(others) or "somebody under `approval` `people` in outreach.yaml"
    said = f"it is approved by {by[0]}, and not yet by" if by else "it is not approved by"
    many = "two of " if people - len(by) > 1 else "one of " if len(others) > 1 else ""
    return f"{said} {many}{who}: `outreach approve {campaign.name} --as PERSON`"


def approvals_now(
    conn: Connection, revision_id: int, campaign: Campaign, company: Company
) -> list[Approved]:
    """Who approved a revision, its topic meaning what it does now; nobody did where that is new."""
    if not pins(conn, revision_id, TOPIC, topic_meaning(campaign, company)):
        return []
    return approvals_of(conn, revision_id)


def lack_of_run(
    context: Context,
    conn: Connection,
    run: Run,
    ruling: Ruling,
    scope: Scope,
    instants: Mapping[int, datetime],
) -> Lack | None:
    """What a run lacks before it may begin; None of one that has begun, or is over by now anyway."""
    begun = run.planned or run.cursor or run.planned_until is not None
    if context.is_rehearsal or begun or _is_over(run, ruling.campaign, context.now()):
        return None
    campaign, company = ruling.campaign, ruling.company
    audience = None
    if is_counted(campaign, company):
        audience = count(conn, ask_base(conn, ruling, scope, instants)).audience
    elif not needed(campaign, company, 0):
        return None
    found = approvals_now(conn, run.revision_id, campaign, company)
    said = lack(campaign, company, found, audience)
    return Lack(said, audience) if said else None


def _is_over(run: Run, campaign: Campaign, now: datetime) -> bool:
    """Whether all of it would expire: it is planned as that, and counted."""
    return occasion_of_run(run).last_at + campaign.schedule.late < now


def hold_unapproved(context: Context, run: Run, lacks: Lack) -> None:
    """Hold a run that has not begun until it is approved."""
    log.warning("run is held", run=run.id, campaign=run.campaign, why=lacks.said)
    with writing(context.engine) as conn:
        await_approval(conn, run, lacks.said, lacks.audience)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands that waits for an approval: what it lacks, in words; "": it may begin.

    `revision_id`: what it begins with. `campaign` is that revision's.
    """

    lacks: str
    revision_id: int
    campaign: Campaign


def let_approved_go(context: Context) -> bool:
    """Let the runs begin that waited for an approval, and have it or are over; whether any was.

    What the others lack by now is noted.
    """
    with reading(context.engine) as conn:
        asked = [(run, standing_of(context, conn, run)) for run in awaiting(conn)]
    found = [(run, how) for run, how in asked if how is not None]
    free = [(run, how) for run, how in found if not how.lacks]
    for run, how in free:
        with writing(context.engine) as conn:
            if how.revision_id != run.revision_id:
                take_revision(context, conn, run, how.revision_id, how.campaign)
            gone = let_go(conn, run)
        if gone:
            log.info("run may begin", run=run.id, campaign=run.campaign)
    for run, how in found:
        if how.lacks not in ("", run.reason):
            with writing(context.engine) as conn:
                note_lack(conn, run, how.lacks)
    return bool(free)


def standing_of(context: Context, conn: Connection, run: Run) -> Standing | None:
    """How a run stands that waits; None where the rules of now can not read it: it stays held.

    Where its own revision is not approved and the files as they stand are, it begins with those:
    an edit that was undone.
    """
    try:
        ruling = context.rulings.load(conn, run.revision_id, run.step)
    except OutreachError as error:
        log.error("run stays held", run=run.id, why=error.message)
        return None
    campaign, audience = ruling.campaign, run.params.get(AUDIENCE)
    if _is_over(run, campaign, context.now()):
        return Standing("", run.revision_id, campaign)
    found = approvals_now(conn, run.revision_id, campaign, ruling.company)
    said = lack(campaign, ruling.company, found, audience)
    stands = _as_it_stands(context, conn, run, campaign) if said else None
    if stands is not None:
        revision_id, now = stands
        if not lack(now, context.company(), approvals_of(conn, revision_id), audience):
            return Standing("", revision_id, now)
    return Standing(said, run.revision_id, campaign)


def _as_it_stands(
    context: Context, conn: Connection, run: Run, campaign: Campaign
) -> tuple[int, Campaign] | None:
    """The known revision of a campaign's files now; None where a run would come at another time."""
    try:
        now = campaign_named(context, run.campaign)
        if run.kind is not RunKind.SCHEDULE or now.schedule != campaign.schedule:
            return None
        revision_id = revision_with(conn, run.campaign, digest_of(pinned(context, run.campaign)))
    except OutreachError:
        return None  # no file any more, or one at fault
    return None if revision_id is None else (revision_id, now)


def take_revision(
    context: Context, conn: Connection, run: Run, revision_id: int, campaign: Campaign
) -> None:
    """Let a run that waits for an approval be of another revision, in all that its row has of it."""
    rank = rank_of(campaign, context.company())
    takes_revision(conn, run, revision_id, rank, campaign.steps[0].channels)


def may_start(context: Context, ruling: Ruling) -> bool:
    """Whether a journey's revision may let customers in: approved, as often as it must be.

    Nobody counts beforehand how many will come: it is as large as it was when it was approved.
    """
    campaign, company = ruling.campaign, ruling.company
    if context.is_rehearsal or not needed(campaign, company, None):
        return True
    with reading(context.engine) as conn:
        found = approvals_now(conn, ruling.revision_id, campaign, company)
    return not lack(campaign, company, found, largest(found))


def largest(found: Sequence[Approved]) -> int | None:
    """The largest audience that was approved; None where nobody approved any."""
    return max((each.audience for each in found), default=None)
