"""Winners of journeys' tests: when one is to be chosen, and which variant it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from outreach.store.dialect import insert
from outreach.store.tables import journey_winners

w = journey_winners.c
_DUE = select(w.campaign_id, w.trial, w.revision_id).where(  # built once: each tick asks
    w.variant.is_(None), w.due_at <= bindparam("now", type_=w.due_at.type)
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that is to be decided, and the version of the file by which it began."""

    campaign_id: int
    trial: str
    revision_id: int


@dataclass(frozen=True, slots=True)
class JourneyWinner:
    """What is known of a test; `variant` None: it is not chosen yet."""

    due_at: datetime
    variant: str | None
    chosen_at: datetime | None


def begin_trial(conn: Connection, trial: Trial, due_at: datetime) -> None:
    """Note that a test begins, and when its winner is to be chosen: the earliest instant noted."""
    row = {
        "campaign_id": trial.campaign_id, "trial": trial.trial,
        "revision_id": trial.revision_id, "due_at": due_at,
    }  # fmt: skip
    noted = insert(conn, journey_winners).values(row)
    earlier = and_(w.variant.is_(None), w.due_at > noted.excluded.due_at)
    key = [w.campaign_id, w.trial]
    at = {"due_at": noted.excluded.due_at}
    conn.execute(noted.on_conflict_do_update(index_elements=key, set_=at, where=earlier))


def put_off(conn: Connection, trial: Trial, due_at: datetime) -> None:
    """Let a test's winner be chosen later, unless it is chosen already."""
    this = and_(w.campaign_id == trial.campaign_id, w.trial == trial.trial, w.variant.is_(None))
    conn.execute(update(journey_winners).where(this).values(due_at=due_at))


def journey_winner(conn: Connection, campaign_id: int, trial: str) -> JourneyWinner | None:
    """A test of a campaign; None where it has not begun."""
    query = select(w.due_at, w.variant, w.chosen_at)
    row = conn.execute(query.where(w.campaign_id == campaign_id, w.trial == trial)).one_or_none()
    return None if row is None else JourneyWinner(*row)


def trials_due(conn: Connection, now: datetime) -> list[Trial]:
    """Each test whose time has come."""
    return [Trial(*row) for row in conn.execute(_DUE, {"now": now})]


def choose_in_journey(
    conn: Connection, trial: Trial, variant: str, at: datetime, arms: Mapping[str, Any]
) -> bool:
    """Choose a test's winner, once: of several who do, one is told that it did."""
    this = and_(w.campaign_id == trial.campaign_id, w.trial == trial.trial)
    chosen = (
        update(journey_winners)
        .where(this, w.variant.is_(None))
        .values(variant=variant, chosen_at=at, arms=dict(arms))
        .returning(w.campaign_id)
    )
    return conn.execute(chosen).scalar() is not None
