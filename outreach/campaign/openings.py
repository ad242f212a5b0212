"""Which message a customer's way through a campaign begins with, and who comes to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from outreach.campaign.model import Branch, Campaign, Expression, Place, Step


@dataclass(frozen=True, slots=True)
class Taken:
    """The way taken at a branch, by its number; as many as there are: none fits."""

    branch: Branch
    number: int

    @property
    def when(self) -> Expression | None:
        """What holds for whom it is; None: for all others."""
        ways = self.branch.ways
        return ways[self.number].when if self.number < len(ways) else None

    @property
    def unless(self) -> tuple[Expression, ...]:
        """What does not, or they would have gone another way before."""
        return tuple(way.when for way in self.branch.ways[: self.number] if way.when is not None)


Route = tuple[Taken, ...]  # the ways taken up to a message
NEVER = Expression("false", Place("", 1, 1))  # the `when` of a message that does not come


@dataclass(frozen=True, slots=True)
class Opening:
    """A message that comes first for those who take one of the routes; None: none comes to them.

    There is no route where it is everybody's.
    """

    step: Step | None
    routes: tuple[Route, ...] = ()


def openings(campaign: Campaign) -> tuple[Opening, ...]:
    """The messages that may come first, in the file's order: each customer has one of them.

    Branches that stand before them tell customers apart; waits are passed. Last the one of those
    whose way has no message, if there are such.
    """
    found: dict[int, tuple[Route, ...]] = {}
    for position, route in _routes(campaign, 0, ()):
        found[position] = (*found.get(position, ()), route)
    if len(found) == 1:
        found = dict.fromkeys(found, ())
    return tuple(Opening(_step_at(campaign, each), found[each]) for each in sorted(found))


def _step_at(campaign: Campaign, position: int) -> Step | None:
    what = campaign.stops[position].what if position < len(campaign.stops) else None
    return what if isinstance(what, Step) else None


def _routes(campaign: Campaign, position: int, route: Route) -> Iterator[tuple[int, Route]]:
    """Each way from a stop on: where its first message stands, and the turns up to there."""
    if position == len(campaign.stops) or _step_at(campaign, position):
        yield position, route
        return
    stop = campaign.stops[position]
    if not isinstance(stop.what, Branch):
        yield from _routes(campaign, stop.then, route)
        return
    ways = stop.what.ways
    for number, way in enumerate(ways):
        yield from _routes(campaign, way.to, (*route, Taken(stop.what, number)))
    if ways[-1].when is not None:
        yield from _routes(campaign, stop.then, (*route, Taken(stop.what, len(ways))))
