"""Who got a run's message, or may have got it."""

from collections.abc import Mapping

from sqlalchemy import Connection, Select, func, select

from outreach.store.sources import named
from outreach.store.tables import campaigns, customers, deliveries, runs
from outreach.vocabulary import State

GOT = (State.SENT, State.DELIVERED, State.COMPLAINED)
MAYBE = (State.HANDING, State.UNKNOWN)


def may_have_got(run_id: int, channel: str) -> Select[tuple[int]]:
    """Ids of those to whom a run's message went, or may have gone, by a channel.

    Who was merged since is reached as the customer who counts for both.
    """
    row, who = deliveries.c, named(customers, "got_it").c
    reached = row.state.in_([state.value for state in (*GOT, *MAYBE)])
    return (
        select(func.coalesce(who.merged_into, who.id))
        .select_from(deliveries)
        .join(who.id.table, who.id == row.customer_id)
        .where(row.run_id == run_id, row.channel == channel, reached)
    )


def reached_by(conn: Connection, run_id: int) -> dict[str, Mapping[State, int]]:
    """By channel, how many messages of a run stand in each state in which they have one."""
    row = deliveries.c
    query = (
        select(row.channel, row.state, func.count())
        .where(row.run_id == run_id, row.channel.is_not(None))
        .group_by(row.channel, row.state)
        .order_by(row.channel)
    )
    found: dict[str, dict[State, int]] = {}
    for channel, state, many in conn.execute(query):
        found.setdefault(channel, {})[State(state)] = many
    return dict(found)


def first_reached(conn: Connection, run_id: int, channel: str) -> tuple[int, str, int]:
    """The customer whom a run reached first by a channel, as in `may_have_got`; variant, delivery."""
    row = deliveries.c
    query = may_have_got(run_id, channel).add_columns(row.variant, row.id).order_by(row.id).limit(1)
    customer_id, variant, id_ = conn.execute(query).one()
    return customer_id, variant or "", id_


def corrections_of(conn: Connection, run_id: int) -> dict[str, tuple[int, str]]:
    """By channel, the run that corrects a run already, and its template."""
    own = select(runs.c.campaign_id).where(runs.c.id == run_id).scalar_subquery()
    query = select(runs.c.id, runs.c.params).join(campaigns, campaigns.c.id == runs.c.campaign_id)
    query = query.where(runs.c.campaign_id == own, runs.c.id > run_id).order_by(runs.c.id)
    return {
        row.params["channel"]: (row.id, row.params["template"])
        for row in conn.execute(query)
        if row.params.get("corrects") == run_id
    }
