"""What holds a run before it begins: how large the last one was, and that a person let it go."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from outreach.store.runs import Run
from outreach.store.tables import runs
from outreach.vocabulary import RunState

RELEASED = "released"  # in a run's params: a person looked at it
_WHOLE = (RunState.RUNNING, RunState.DONE)


def last_audience(conn: Connection, campaign_id: int, before: int | None) -> tuple[int, int] | None:
    """`(run, customers)` of the campaign's last run to all its audience, earlier than a run.

    None where there is none. What corrects a run goes to those whom that one reached alone.
    """
    row = runs.c
    query = select(row.id, row.planned, row.params).where(
        row.campaign_id == campaign_id,
        row.planned > 0,
        row.state.in_([state.value for state in _WHOLE]),
    )
    query = query if before is None else query.where(row.id < before)
    for id_, planned, params in conn.execute(query.order_by(row.id.desc()).limit(100)):
        if not is_narrowed(params):
            return id_, planned
    return None


def is_narrowed(params: Mapping[str, Any]) -> bool:
    """Whether a run was asked for that goes to a part of the audience alone."""
    return any(params.get(name) for name in ("to", "where", "corrects"))


def release(conn: Connection, run: Run) -> None:
    """Note that a person let the run go: nothing holds it before it begins any more."""
    params = {**run.params, RELEASED: True}
    conn.execute(update(runs).where(runs.c.id == run.id).values(params=params))
