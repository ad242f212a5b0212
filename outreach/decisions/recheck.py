"""The chain asked again at the claim, with the present instant, each delivery itself left out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from outreach.decisions.asking import Question, ask
from outreach.decisions.candidate import Scope
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.decisions.winners import with_winner
from outreach.store.runs import run_by_id
from outreach.store.spelling import listed_in
from outreach.store.tables import customers, deliveries
from outreach.store.types import Ids


def recheck(
    conn: Connection,
    ruling: Ruling,
    run_id: int,
    run_at: datetime,
    delivery_ids: Sequence[int],
    now: datetime,
) -> dict[int, Verdict]:
    """The present verdict on each delivery of one run, by its id.

    Must be a statement of its own after the customers were locked in the same transaction:
    under READ COMMITTED a statement that locks and counts sees the snapshot from before.
    """
    if not delivery_ids:
        return {}
    question = ask_again(conn, ruling, run_id, run_at, delivery_ids, now)
    return {each.delivery_id: each for each in question.verdicts(conn)}


def ask_again(
    conn: Connection,
    ruling: Ruling,
    run_id: int,
    run_at: datetime,
    delivery_ids: Sequence[int],
    now: datetime,
) -> Question:
    """The chain ready to be asked about deliveries of one run, of which there must be some."""
    about = conn.execute(_ABOUT, {"ids": list(delivery_ids)}).all()
    run = run_by_id(conn, run_id) if ruling.campaign.schedule.is_of_days else None
    local_at = None if run is None else run.local_at
    scope = Scope(run_at, run_id, local_at=local_at, mine=tuple(delivery_ids))
    scope = with_winner(conn, ruling, run_id, scope)
    asked = {row.place_id: now for row in about}
    return ask(conn, ruling, scope, asked, lambda: {row.locale for row in about}, again=True)


_ABOUT = (
    select(customers.c.place_id, customers.c.locale)
    .join(deliveries, deliveries.c.customer_id == customers.c.id)
    .where(listed_in(deliveries.c.id, bindparam("ids", type_=Ids())))
    .distinct()
)
