"""Approvals of revisions, and runs that wait for one before they begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from outreach.store.dialect import insert
from outreach.store.runs import Run, runs_in
from outreach.store.tables import approvals, campaigns, revisions, runs
from outreach.vocabulary import RunKind, RunState

AWAITS, AUDIENCE = "awaits", "audience"  # in a run's params: what holds it, and how large it is
APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Approved:
    """That a person approved a revision, when its audience was so large."""

    person: str
    audience: int
    at: datetime


def approvals_of(conn: Connection, revision_id: int) -> list[Approved]:
    """Who approved a revision, the earliest first."""
    row = approvals.c
    query = select(row.person, row.audience, row.at).where(row.revision_id == revision_id)
    return [Approved(*each) for each in conn.execute(query.order_by(row.at, row.person))]


def revision_with(conn: Connection, campaign: str, digest: str) -> int | None:
    """The number of a campaign's revision; None where these files were never seen."""
    query = select(revisions.c.id).join(campaigns, campaigns.c.id == revisions.c.campaign_id)
    return conn.execute(
        query.where(campaigns.c.name == campaign, revisions.c.digest == digest)
    ).scalar()


def approve(conn: Connection, revision_id: int, approved: Approved) -> None:
    """Note that a person approves a revision; who did before does so of the audience of now."""
    row = {
        "revision_id": revision_id, "person": approved.person, "audience": approved.audience,
        "at": approved.at,
    }  # fmt: skip
    made = insert(conn, approvals).values(row)
    conn.execute(
        made.on_conflict_do_update(
            index_elements=["revision_id", "person"],
            set_={"audience": approved.audience, "at": approved.at},
        )
    )


def await_approval(conn: Connection, run: Run, reason: str, audience: int | None) -> None:
    """Hold a run that has not begun until its revision is approved; not one stopped meanwhile."""
    params = {**run.params, AWAITS: APPROVAL}
    if audience is not None:
        params[AUDIENCE] = audience
    row = runs.c
    conn.execute(
        update(runs)
        .where(row.id == run.id, row.state == RunState.PLANNING)
        .values(state=RunState.HELD, reason=reason, params=params)
    )


def awaits_approval(run: Run) -> bool:
    """Whether nothing but an approval lets the run go."""
    return is_for_approval(run.state, run.params)


def is_for_approval(state: RunState, params: Mapping[str, object]) -> bool:
    """The same of a run's state and params."""
    return state is RunState.HELD and params.get(AWAITS) == APPROVAL


def awaiting(conn: Connection) -> list[Run]:
    """The runs that wait for an approval."""
    return [run for run in runs_in(conn, RunState.HELD) if awaits_approval(run)]


def let_go(conn: Connection, run: Run) -> bool:
    """Let a run begin that waited for an approval; whether it still did."""
    params = {key: value for key, value in run.params.items() if key not in (AWAITS, AUDIENCE)}
    row = runs.c
    gone = (
        update(runs)
        .where(row.id == run.id, row.state == RunState.HELD)
        .values(state=RunState.PLANNING, reason=None, params=params)
        .returning(row.id)
    )
    return conn.execute(gone).scalar() is not None


def note_lack(conn: Connection, run: Run, reason: str) -> None:
    """Say what a run lacks by now that waits for an approval."""
    row = runs.c
    held = update(runs).where(row.id == run.id, row.state == RunState.HELD)
    conn.execute(held.where(row.reason == run.reason).values(reason=reason))


def takes_revision(
    conn: Connection, run: Run, revision_id: int, rank: int, channels: Sequence[str]
) -> None:
    """Let a run that waits for an approval, and was not begun, be of another revision.

    `rank` and `channels` are that revision's, as of a run made with it.
    """
    if run.kind is RunKind.SCHEDULE:
        row = runs.c
        held = update(runs).where(row.id == run.id, row.state == RunState.HELD)
        conn.execute(held.values(revision_id=revision_id, rank=rank, channels=list(channels)))
