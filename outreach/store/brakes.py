"""What holds a run before it begins: how large the last one was, and that a person let it go."""

from sqlalchemy import Connection, select, update

from outreach.store.runs import Run
from outreach.store.tables import runs
from outreach.vocabulary import RunState

RELEASED = "released"  # in a run's params: a person looked at it
_WHOLE = (RunState.RUNNING, RunState.DONE)


def last_audience(conn: Connection, campaign_id: int, before: int | None) -> tuple[int, int] | None:
    """`(run, customers)` of the campaign's last run to all its audience, earlier than a run.

    None where there is none.
    """
    row = runs.c
    query = select(row.id, row.planned, row.params).where(
        row.campaign_id == campaign_id,
        row.planned > 0,
        row.state.in_([state.value for state in _WHOLE]),
    )
    query = query if before is None else query.where(row.id < before)
    for id_, planned, params in conn.execute(query.order_by(row.id.desc()).limit(100)):
        if not params.get("to") and not params.get("where"):
            return id_, planned
    return None


def release(conn: Connection, run: Run) -> None:
    """Note that a person let the run go: nothing holds it before it begins any more."""
    params = {**run.params, RELEASED: True}
    conn.execute(update(runs).where(runs.c.id == run.id).values(params=params))
