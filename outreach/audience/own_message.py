"""Audiences that a journey's own messages change: who got one is left out of those behind it.

The audience is asked again before each message; a message of ours is a contact, and is received.
Told only where that is certain for who goes the quickest way, whatever else is known of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from outreach.audience import tree
from outreach.audience.analysis import analyse
from outreach.audience.check import KEYS
from outreach.audience.names import Names
from outreach.campaign.model import Branch, Campaign, Expression, Step, Wait
from outreach.errors import WARNING, Problem

CONTACT = "last_contact_at"
_MONTH = timedelta(days=28)  # at least
_NOTHING, _MOMENT = timedelta(), timedelta(seconds=1)  # a message goes before its wait begins
Span = tuple[timedelta, timedelta | None]  # from, and up to; None: nobody knows how long


def cut_off(campaign: Campaign, names: Names) -> Iterator[Problem]:
    """Warnings of what leaves out, of later messages, whoever got one before."""
    behind = _behind_a_message(campaign)
    excluded = None if campaign.exclude is None else campaign.exclude.where
    if any(getattr(campaign.exclude, key) for key in KEYS if campaign.exclude):
        excluded = None  # of several keys all must hold
    for asked in (
        _Asked("the audience is asked again then", campaign.audience.where, False),
        _Asked("`exclude` is asked again then", excluded, True),
        _Asked("`exit` is asked before it", campaign.exit, True),
    ):
        yield from _told(campaign, names, asked, behind)
    for step, since in behind:
        asked = _Asked("its `when` is asked then", step.when, False)
        yield from _told(campaign, names, asked, [(step, since)])


@dataclass(frozen=True, slots=True)
class _Asked:
    """An expression that leaves out where it `holds`, or does not; `said` names it."""

    said: str
    expression: Expression | None
    holds: bool


def _told(
    campaign: Campaign, names: Names, asked: _Asked, behind: Sequence[tuple[Step, timedelta]]
) -> Iterator[Problem]:
    """One warning of an expression by which who got a message gets no later one."""
    expression = asked.expression
    node = None if expression is None else analyse(expression.source, names).node
    if expression is None or node is None:
        return
    own = [one for one in tree.walk(node) if _is_own(one, campaign.name)]
    cut = [step for step, since in behind if _truth(node, since, campaign.name) is asked.holds]
    if not own or not cut:
        return
    place = expression.place_at(own[0].offset)
    steps = " and ".join(f"`{step.id}`" for step in cut)
    why, hint = "our own message before it is a contact", _hint(holds=asked.holds)
    if isinstance(own[0], tree.Lookup):
        why = "the message before it was received"
        hint = "take it out and write `reentry: after …`, which is asked as they come in alone"
    message = f"who got a message of this journey does not get {steps}: {asked.said}, and {why}"
    yield Problem(place.file, place.line, place.column, f"{WARNING}own-message", message, hint)


def _hint(*, holds: bool) -> str:
    heard = "what they did themselves is `last_engaged_at`"
    if holds:
        return f"add `and last_contact_at < entered_at`, for contact before they came in; {heard}"
    idle = "begin it by `idle: {since: last_contact_at, for: …}`"
    return f"write `(… or last_contact_at >= entered_at)`, or {idle}; {heard}"


def _behind_a_message(campaign: Campaign) -> list[tuple[Step, timedelta]]:
    """The messages that come behind another, and how long after it at least."""
    stops = campaign.stops
    since: list[timedelta | None] = [None] * (len(stops) + 1)
    found: list[tuple[Step, timedelta]] = []
    for position, stop in enumerate(stops):
        what, ago = stop.what, since[position]
        if isinstance(what, Branch):
            on = [way.to for way in what.ways]
            on += [] if any(way.when is None for way in what.ways) else [stop.then]
        else:
            on = [stop.then]
        if isinstance(what, Step):
            found += [] if ago is None else [(what, ago)]
            ago = _MOMENT
        elif isinstance(what, Wait) and ago is not None:
            ago += what.span or _NOTHING
        for to in on:
            known = since[to]
            since[to] = ago if known is None or (ago is not None and ago < known) else known
    return found


def _is_own(node: tree.Node, campaign: str) -> bool:
    """Whether it asks for contact, or for messages of the campaign itself."""
    if isinstance(node, tree.Lookup):
        return node.function == "received" and node.subject == campaign
    return isinstance(node, tree.Name) and node.name == CONTACT


def _truth(node: tree.Node, since: timedelta, own: str) -> bool | None:
    """Whether it holds for who got a message of `own` so long ago; None: it depends on more."""
    match node:
        case tree.Not():
            part = _truth(node.part, since, own)
            return None if part is None else not part
        case tree.Several():
            parts = [_truth(part, since, own) for part in node.parts]
            decided = node.op == "or"
            if decided in parts:
                return decided
            return None if None in parts else not decided
        case tree.Missing() if _is_own(node.part, own):
            return False
        case tree.Comparison():
            return _compared(node, since)
        case tree.Lookup() if _is_own(node, own) and node.since is None:
            within = None if node.within is None else _span(node.within, since)
            return True if node.within is None or (within and since < within[0]) else None
    return None


def _compared(node: tree.Comparison, since: timedelta) -> bool | None:
    """A comparison of two instants, or of two spans, that are known well enough."""
    left, right = _ago(node.left, since), _ago(node.right, since)
    if left is not None and right is not None:
        left, right = right, left  # what is earlier is longer ago
    else:
        left, right = _span(node.left, since), _span(node.right, since)
    if left is None or right is None:
        return None
    match node.op:
        case "<":
            return _is_less(left, right)
        case ">":
            return _is_less(right, left)
        case "<=":
            more = _is_less(right, left)
            return None if more is None else not more
        case ">=":
            less = _is_less(left, right)
            return None if less is None else not less
    return None


def _is_less(one: Span, other: Span) -> bool | None:
    if one[1] is not None and one[1] < other[0]:
        return True
    return False if other[1] is not None and one[0] >= other[1] else None


def _ago(node: tree.Node, since: timedelta) -> Span | None:
    """How long ago an instant is, where it is counted from now, from the message or from entering."""
    match node:
        case tree.Name(name="now"):
            return _NOTHING, _NOTHING
        case tree.Name(name="last_contact_at"):
            return since, since
        case tree.Name(name="entered_at"):
            return since, None
        case tree.Moved(name="now") if node.months < 0:
            return -node.months * _MONTH, -node.months * _MONTH
        case tree.Arithmetic() if node.op in ("+", "-"):
            at, by = _ago(node.left, since), _span(node.right, since)
            if at is None or by is None:
                return None
            least, most = by
            if most is None:
                return None
            least, most = (least, most) if node.op == "-" else (-most, -least)
            return at[0] + least, None if at[1] is None else at[1] + most
    return None


def _span(node: tree.Node, since: timedelta) -> Span | None:
    """A span as it is written, or between two instants that are known."""
    if isinstance(node, tree.Literal) and isinstance(node.value, timedelta):
        return node.value, node.value
    if isinstance(node, tree.Arithmetic) and node.op == "-":
        later, earlier = _ago(node.left, since), _ago(node.right, since)
        if later is not None and earlier is not None and later[1] is not None:
            most = None if earlier[1] is None else earlier[1] - later[0]
            return earlier[0] - later[1], most
    return None
