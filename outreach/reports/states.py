"""How the deliveries of runs stand."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from outreach.store.dialect import is_any_of
from outreach.store.tables import deliveries
from outreach.vocabulary import State


def states_of_runs(conn: Connection, run_ids: Iterable[int]) -> dict[int, dict[State, int]]:
    """By run: how many deliveries are in each state, in the order of a delivery's life."""
    row, ids = deliveries.c, list(run_ids)
    found: dict[int, dict[State, int]] = {run_id: {} for run_id in ids}
    query = (
        select(row.run_id, row.state, func.count().label("deliveries"))
        .where(is_any_of(conn, row.run_id, ids))
        .group_by(row.run_id, row.state)
    )
    counted = {(each.run_id, each.state): each.deliveries for each in conn.execute(query)}
    for run_id in ids:
        found[run_id] = {s: counted[run_id, s] for s in State if (run_id, s) in counted}
    return found
