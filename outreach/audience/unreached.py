"""Steps of a journey that nobody comes to, and waits that are longer than it is looked at.

By the expressions alone, of parts joined by `and`: what is not certain is not told.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from jinja2 import nodes

from outreach.audience.names import STEP_FUNCTIONS
from outreach.audience.syntax import Fault, read
from outreach.campaign.model import Branch, Campaign, Expression, Place, Step, Stop, Wait
from outreach.errors import WARNING, Problem

_CODE = f"{WARNING}unreached"
_OPPOSITES = {"eq": "ne", "ne": "eq", "lt": "gteq", "gteq": "lt", "gt": "lteq", "lteq": "gt"}
_HINT = "change it, or take the step out"


def unreached(campaign: Campaign) -> Iterator[Problem]:
    """Warnings of messages, ways and waits that come to nothing, in the way's order."""
    journey = _Journey(campaign)
    for position, stop in enumerate(campaign.stops):
        yield from journey.look(position, stop)


class _Journey:
    """What is known of each stop once those before it have been looked at."""

    def __init__(self, campaign: Campaign) -> None:
        end = len(campaign.stops) + 1
        self.stops = campaign.stops
        self.exit = _parts(campaign.exit)
        self.within = None if campaign.goal is None else campaign.goal.within
        self.before: list[set[str]] = [
            set() for _ in range(end)
        ]  # steps and waits that may be past
        self.reached = [True] + [False] * (end - 1)
        self.least: list[timedelta | None] = [
            timedelta(),
            *[None] * (end - 1),
        ]  # since they came in

    def look(self, position: int, stop: Stop) -> Iterator[Problem]:
        """What is wrong with one stop; then those behind it know of it."""
        what = stop.what
        if not self.reached[position]:
            if isinstance(what, Step) and what.place is not None:
                yield _problem(what.place, f"nobody comes to `{what.id}`")
            return
        if isinstance(what, Branch):
            yield from self._branch(position, what, stop.then)
            return
        if isinstance(what, Step):
            yield from self._step(position, what)
        else:
            yield from self._wait(position, what)
        span = what.span if isinstance(what, Wait) and what.span else timedelta()
        self._lead(position, stop.then, {what.id}, span)

    def _step(self, position: int, step: Step) -> Iterator[Problem]:
        parts = _parts(step.when)
        why = self._never(parts, position)
        if why is None and self.exit and _implies(parts, self.exit):
            why = "whoever it is for meets `exit`, and has left"
        if why is not None and step.when is not None:
            yield _problem(step.when.place, f"nobody gets `{step.id}`: {why}")

    def _wait(self, position: int, wait: Wait) -> Iterator[Problem]:
        why = self._never(_parts(wait.until), position)
        if why is not None and wait.until is not None:
            message = f"nothing ends this wait but its time: {why}"
            yield _problem(wait.until.place, message, "change it, or write the span alone")
        if wait.place is not None and self.stops[position].then == len(self.stops):
            hint = "write the step that follows, or take it out: who may come again says `reentry`"
            yield _problem(wait.place, "nothing comes after this wait", hint)
        since, within = self.least[position], self.within
        if within is None or since is None or wait.span is None or wait.place is None:
            return
        if since <= within < since + wait.span:
            message = f"after this wait the goal is measured no more: it is {_days(within)}"
            message += (
                f" after who came in, and this is {_days(since + wait.span)} after it at least"
            )
            yield _problem(wait.place, message, "wait less, or write a longer `within`")

    def _branch(self, position: int, branch: Branch, behind: int) -> Iterator[Problem]:
        earlier: list[list[nodes.Expr]] = []
        for way in branch.ways:
            parts = _parts(way.when)
            why = self._never(parts, position)
            if why is None and any(_implies(parts, each) for each in earlier if way.when):
                why = "whoever it is for goes an earlier way"
            if why is None:
                self._lead(position, way.to, set(), timedelta())
            elif way.when is not None:
                yield _problem(way.when.place, f"nobody goes this way: {why}")
            earlier += [parts] if parts else []
        if all(way.when is not None for way in branch.ways):
            self._lead(position, behind, set(), timedelta())

    def _lead(self, position: int, to: int, past: set[str], span: timedelta) -> None:
        """Let the stop at `to` know that it is come to from here."""
        self.reached[to] = True
        self.before[to] |= self.before[position] | past
        since, known = self.least[position], self.least[to]
        if since is not None:
            self.least[to] = since + span if known is None else min(known, since + span)

    def _never(self, parts: Sequence[nodes.Expr], position: int) -> str | None:
        """Why not all of the parts can hold here; None: they may."""
        for part in parts:
            asked = _step_asked(part)
            if asked is not None and asked not in self.before[position]:
                return f"`{asked}` does not come before it"
        for number, part in enumerate(parts):
            if any(_excludes(part, other) for other in parts[:number]):
                return "its parts never hold together"
        return None


def _parts(expression: Expression | None) -> list[nodes.Expr]:
    """What must hold, all of it; nothing where there is no expression that can be read."""
    tree = None if expression is None else read(expression.source)
    return [] if tree is None or isinstance(tree, Fault) else list(_flat(tree))


def _flat(node: nodes.Expr) -> Iterator[nodes.Expr]:
    if isinstance(node, nodes.And):
        yield from _flat(node.left)
        yield from _flat(node.right)
    elif isinstance(node, nodes.Not) and isinstance(node.node, nodes.Not):
        yield from _flat(node.node.node)
    else:
        yield node


def _implies(parts: Sequence[nodes.Expr], others: Sequence[nodes.Expr]) -> bool:
    """Whether all of `others` are among the parts; jinja2's nodes compare by content."""
    return bool(others) and all(other in parts for other in others)


def _excludes(one: nodes.Expr, other: nodes.Expr) -> bool:
    """Whether two parts never hold together: one denies the other, or both name another value."""
    if isinstance(one, nodes.Not) or isinstance(other, nodes.Not):
        return nodes.Not(one) == other or nodes.Not(other) == one
    if not (isinstance(one, nodes.Compare) and isinstance(other, nodes.Compare)):
        return False
    if one.expr != other.expr or len(one.ops) != 1 or len(other.ops) != 1:
        return False
    first, second = one.ops[0], other.ops[0]
    if first.expr == second.expr:
        return _OPPOSITES.get(first.op) == second.op
    fixed = isinstance(first.expr, nodes.Const) and isinstance(second.expr, nodes.Const)
    return fixed and first.op == second.op == "eq"


def _step_asked(part: nodes.Expr) -> str | None:
    """The step or wait of which something must have come: `clicked('hello')`."""
    if not isinstance(part, nodes.Call) or not isinstance(part.node, nodes.Name):
        return None
    named = part.args[0] if part.args else None
    if part.node.name in STEP_FUNCTIONS and isinstance(named, nodes.Const):
        return str(named.value)
    return None


def _days(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"


def _problem(place: Place, message: str, hint: str = _HINT) -> Problem:
    return Problem(place.file, place.line, place.column, _CODE, message, hint)
