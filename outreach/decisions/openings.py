"""The message that comes first for each customer, where a campaign's branches tell them apart."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, case, select

from outreach.campaign.model import Campaign
from outreach.campaign.openings import NEVER, Opening, Route, openings
from outreach.decisions.candidate import Scope
from outreach.decisions.entrants import entrants
from outreach.decisions.rules.person import takes
from outreach.decisions.ruling import Ruling
from outreach.store.tables import customers

Load = Callable[[str | None], Ruling]  # what decides about a message; None: about the first one


def ruling_for(load: Load, campaign: Campaign, opening: Opening) -> Ruling:
    """What decides about those who have this message first.

    About whose way has none the file's first one decides, whose `when` never holds for them.
    """
    if opening.step is not None:
        is_first = opening.step.id == campaign.steps[0].id
        return load(None if is_first else opening.step.id)
    first = load(None)
    never = replace(first.campaign, steps=(replace(first.step, when=NEVER),))
    return replace(first, campaign=never)


def all_openings(load: Load, campaign: Campaign) -> Iterator[tuple[Opening, Ruling]]:
    """Each message that may come first, and what decides about it."""
    for opening in openings(campaign):
        yield opening, ruling_for(load, campaign, opening)


@dataclass(frozen=True, slots=True)
class Begun:
    """A customer's first message, the way they take to it, and what decides about it."""

    ruling: Ruling
    opening: Opening
    route: Route = ()


def begin(
    conn: Connection, load: Load, customer_id: int, scope: Scope, turns: Mapping[int, datetime]
) -> Begun:
    """Which message comes first for a customer, by what is so at their turn; `turns`: by place."""
    first = load(None)
    found = openings(first.campaign)
    if len(found) == 1:
        return Begun(first, found[0])
    there = entrants(conn, first, scope, turns)
    routes = [(opening, route) for opening in found for route in opening.routes]
    taken = case(*((takes(route, there.row), n) for n, (_, route) in enumerate(routes)))
    query = select(taken).select_from(there.joined()).where(customers.c.id == customer_id)
    opening, route = routes[conn.execute(there.filled(query)).scalar_one()]
    return Begun(ruling_for(load, first.campaign, opening), opening, route)
