"""What must be approved before it goes out, and what of that is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.campaign.approval import is_counted, may_approve, needed
from outreach.campaign.model import Campaign
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.ruling import Ruling
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.planning.occasion import occasion_of_run
from outreach.planning.plan import count
from outreach.settings.company import Company
from outreach.store.approvals import (
    AUDIENCE,
    Approved,
    approvals_of,
    await_approval,
    awaiting,
    let_go,
)
from outreach.store.engine import reading, writing
from outreach.store.runs import Run

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
    said = lack(campaign, company, approvals_of(conn, run.revision_id), audience)
    return Lack(said, audience) if said else None


def _is_over(run: Run, campaign: Campaign, now: datetime) -> bool:
    """Whether all of it would expire: it is planned as that, and counted."""
    return occasion_of_run(run).last_at + campaign.schedule.late < now


def hold_unapproved(context: Context, run: Run, lacks: Lack) -> None:
    """Hold a run that has not begun until it is approved."""
    log.warning("run is held", run=run.id, campaign=run.campaign, why=lacks.said)
    with writing(context.engine) as conn:
        await_approval(conn, run, lacks.said, lacks.audience)


def let_approved_go(context: Context) -> bool:
    """Let the runs begin that waited for an approval, and have it or are over; whether any was."""
    with reading(context.engine) as conn:
        free = [run for run in awaiting(conn) if _may_go(context, conn, run)]
    for run in free:
        with writing(context.engine) as conn:
            gone = let_go(conn, run)
        if gone:
            log.info("run may begin", run=run.id, campaign=run.campaign)
    return bool(free)


def _may_go(context: Context, conn: Connection, run: Run) -> bool:
    try:
        ruling = context.rulings.load(conn, run.revision_id, run.step)
    except OutreachError as error:
        log.error("run stays held", run=run.id, why=error.message)
        return False
    campaign = ruling.campaign
    if _is_over(run, campaign, context.now()):
        return True
    found = approvals_of(conn, run.revision_id)
    return not lack(campaign, ruling.company, found, run.params.get(AUDIENCE))


def may_start(context: Context, ruling: Ruling) -> bool:
    """Whether a journey's revision may let customers in: approved, as often as it must be.

    Nobody counts beforehand how many will come: it is as large as it was when it was approved.
    """
    campaign, company = ruling.campaign, ruling.company
    if context.is_rehearsal or not needed(campaign, company, None):
        return True
    with reading(context.engine) as conn:
        found = approvals_of(conn, ruling.revision_id)
    return not lack(campaign, company, found, largest(found))


def largest(found: Sequence[Approved]) -> int | None:
    """The largest audience that was approved; None where nobody approved any."""
    return max((each.audience for each in found), default=None)
