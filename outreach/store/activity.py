"""Since when campaigns are active, and up to where their occurrences have been made."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from outreach.store.revisions import campaign_id
from outreach.store.tables import campaigns, events, revisions, runs, stage_changes
from outreach.vocabulary import RunKind


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known of a campaign's life; the instants are None while it is not active.

    `digest` is of its files as they were last looked at; None before that.
    """

    campaign_id: int
    active_since: datetime | None
    looked_until: datetime | None
    digest: str | None = None


def activities(conn: Connection) -> dict[str, Activity]:
    """By campaign name."""
    query = select(campaigns, revisions.c.digest).outerjoin(
        revisions, revisions.c.id == campaigns.c.revision_id
    )
    return {
        row.name: Activity(row.id, row.active_since, row.looked_until, row.digest)
        for row in conn.execute(query)
    }


def active_revisions(conn: Connection) -> tuple[int, ...]:
    """What the next run of each active campaign would pin, in the order of the campaigns' ids."""
    query = select(campaigns.c.revision_id).where(
        campaigns.c.active_since.is_not(None), campaigns.c.revision_id.is_not(None)
    )
    return tuple(conn.execute(query.order_by(campaigns.c.id)).scalars())


def looks_so(conn: Connection, number: int, revision_id: int) -> None:
    """Note the revision of a campaign's files as they stand."""
    conn.execute(update(campaigns).where(campaigns.c.id == number).values(revision_id=revision_id))


def activate(conn: Connection, name: str, since: datetime, looked_until: datetime) -> None:
    """Note that a campaign is active from now on; it looks forward only.

    Nothing changes where another scheduler has just done so: what comes between its look and ours
    would be nobody's. One whose clock was ahead does not count: what comes until then would be.
    """
    number, since_ = campaign_id(conn, name), campaigns.c.active_since
    conn.execute(
        update(campaigns)
        .where(campaigns.c.id == number, or_(since_.is_(None), since_ > since))
        .values(
            active_since=since,
            looked_until=looked_until,
            events_until=select(func.coalesce(func.max(events.c.id), 0)).scalar_subquery(),
            moves_until=select(func.coalesce(func.max(stage_changes.c.id), 0)).scalar_subquery(),
        )
    )


def deactivate(conn: Connection, name: str) -> None:
    """Note that a campaign is active no more."""
    conn.execute(
        update(campaigns)
        .where(campaigns.c.name == name)
        .values(active_since=None, looked_until=None)
    )


def looked(conn: Connection, number: int, until: datetime) -> None:
    """Note that every occurrence up to `until` has its run."""
    conn.execute(update(campaigns).where(campaigns.c.id == number).values(looked_until=until))


def look_again(conn: Connection, name: str, begun: datetime, now: datetime) -> None:
    """Note that occurrences have their runs up to the last of those that were made by `now`.

    At least up to `begun`, where the campaign's activity begins.
    """
    number, run = campaign_id(conn, name), runs.c
    last = conn.execute(
        select(func.max(run.occurrence_at)).where(
            run.campaign_id == number, run.kind == RunKind.SCHEDULE, run.created_at <= now
        )
    ).scalar_one()
    looked(conn, number, max(last or begun, begun))
