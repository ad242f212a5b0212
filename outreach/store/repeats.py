"""Who has a campaign's message already: those who got it, and those for whom it waits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, not_, select

from outreach.store.tables import deliveries
from outreach.vocabulary import State

ON_ITS_WAY = (State.CLAIMED.value, State.HANDING.value)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Customers of one kind; `run` is where it waits, None for those who got it."""

    customers: int
    run: int | None
    on_its_way: bool = False  # in a worker's hands: neither waiting nor gone


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """One customer's message of an earlier run."""

    run: int
    state: State
    slot_at: datetime


def earlier_messages(
    conn: Connection, campaign_id: int, since: datetime, who: Select[Any], run_id: int = 0
) -> list[Earlier]:
    """How the customers whose ids `who` selects have the campaign's message, of other runs.

    As the rule `duplicate` of runs by hand asks it: since an instant, or still to come.
    """
    row = deliveries.c
    each = (
        select(
            func.max(case((row.ready, row.run_id))).label("run"),
            func.max(case((row.state.in_(ON_ITS_WAY), 1), else_=0)).label("on_its_way"),
        )
        .where(row.campaign_id == campaign_id, row.slot_at > since, row.run_id != run_id)
        .where(row.customer_id.in_(who))
        .group_by(row.customer_id)
        .subquery()
    ).c
    way = case((each.run.is_(None), each.on_its_way), else_=0)
    query = select(func.count(), each.run, way).group_by(each.run, way).order_by(each.run, way)
    return [Earlier(number, run, bool(moving)) for number, run, moving in conn.execute(query)]


def summed(parts: Iterable[Earlier]) -> list[Earlier]:
    """Those of each kind together."""
    found: Counter[tuple[int | None, bool]] = Counter()
    for each in parts:
        found[each.run, each.on_its_way] += each.customers
    return [Earlier(many, *kind) for kind, many in found.items()]


def earlier_message(
    conn: Connection, campaign_id: int, since: datetime, customer_id: int, but_id: int
) -> EarlierMessage | None:
    """The customer's message that the rule means, one that waits before one that went out."""
    row = deliveries.c
    query = select(row.run_id, row.state, row.slot_at).where(
        row.campaign_id == campaign_id,
        row.slot_at > since,
        row.customer_id == customer_id,
        row.id != but_id,
    )
    found = conn.execute(query.order_by(not_(row.ready), row.slot_at.desc()).limit(1)).first()
    return None if found is None else EarlierMessage(found[0], State(found[1]), found[2])
