"""Winners of tests: when one is to be chosen for a run, and which variant it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from outreach.store.dialect import insert
from outreach.store.tables import runs, winners
from outreach.vocabulary import RunState

_OVER = (RunState.CANCELLED, RunState.MISSED)
_DUE = (  # built once: each tick asks
    select(winners.c.run_id, runs.c.revision_id)
    .join(runs, runs.c.id == winners.c.run_id)
    .where(
        winners.c.variant.is_(None),
        winners.c.due_at <= bindparam("now", type_=winners.c.due_at.type),
        runs.c.state.not_in([state.value for state in _OVER]),
    )
)


@dataclass(frozen=True, slots=True)
class RunWinner:
    """What is known of a run's test; `variant` None: it is not chosen yet."""

    run_id: int
    due_at: datetime
    variant: str | None
    chosen_at: datetime | None
    arms: Mapping[str, Any] | None


def expect_winner(conn: Connection, run_id: int, due_at: datetime) -> None:
    """Note when a run's winner is to be chosen; what was noted first stays."""
    row = {"run_id": run_id, "due_at": due_at}
    conn.execute(insert(conn, winners).values(row).on_conflict_do_nothing())


def winner_of(conn: Connection, run_id: int) -> RunWinner | None:
    """The run's test; None where it has none yet."""
    row = conn.execute(select(winners).where(winners.c.run_id == run_id)).one_or_none()
    return None if row is None else RunWinner(*row)


def to_be_chosen(conn: Connection, now: datetime) -> list[tuple[int, int]]:
    """`(run, revision)` of each test whose time has come."""
    return [(run_id, revision_id) for run_id, revision_id in conn.execute(_DUE, {"now": now})]


def choose(
    conn: Connection, run_id: int, variant: str, at: datetime, arms: Mapping[str, Any]
) -> bool:
    """Choose a run's winner, once: of several who do, one is told that it did."""
    chosen = (
        update(winners)
        .where(winners.c.run_id == run_id, winners.c.variant.is_(None))
        .values(variant=variant, chosen_at=at, arms=dict(arms))
        .returning(winners.c.run_id)
    )
    return conn.execute(chosen).scalar() is not None
