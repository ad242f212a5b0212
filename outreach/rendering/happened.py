"""Events in templates: `last('order', 3)`, the latest of a kind, and `event`, which started it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context, Undefined

from outreach.rendering.tree import Part
from outreach.rendering.walking import all_of

FUNCTION = "last"
FILTER = "_last"
EVENTS = "_events"  # where they stand among what is known of a customer: by kind, newest first
STARTED = "event"  # the name of what started the campaign for the customer
FIELDS = frozenset({"kind", "at", "amount"})  # that every event has; others are imported with it
MOST = 20
USAGE = "write for example `{% for order in last('order', 3) %}`"


class Happened:
    """One event as templates see it: `at`, `amount`, and what else was imported with it, or none."""

    __slots__ = ("known",)

    def __init__(
        self,
        at: datetime,
        amount: Decimal | None,
        data: Mapping[str, Any] | None,
        kind: str | None = None,
    ) -> None:
        self.known: dict[str, Any] = {**(data or {}), "at": at, "amount": amount}
        if kind is not None:
            self.known["kind"] = kind


def events_read(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Kinds of events that a template lists, and how many of each."""
    for call in all_of(tree, nodes.Call):
        asked = asked_by(call)
        if asked is not None:
            yield asked


def asked_by(call: nodes.Call) -> tuple[str, int] | None:
    """The kind and the number that a sound call of `last` asks for; None: it is none."""
    named = isinstance(call.node, nodes.Name) and call.node.name == FUNCTION
    values = [each.value for each in call.args if isinstance(each, nodes.Const)]
    alone = len(values) == len(call.args) == 2 and not (call.kwargs or call.dyn_args)
    if not (named and alone):
        return None
    kind, number = values
    sound = isinstance(kind, str) and type(number) is int and 1 <= number <= MOST
    return (kind, number) if sound else None


def place_events(part: Part) -> None:
    """Let each call of `last` read what the customer's events are."""
    for tree in part.trees.values():
        _place(tree)


def _place(node: nodes.Node) -> None:
    for name, value in node.iter_fields():
        if isinstance(value, list):
            setattr(node, name, [_placed(v) if isinstance(v, nodes.Node) else v for v in value])
        elif isinstance(value, nodes.Node):
            setattr(node, name, _placed(value))


def _placed(node: nodes.Node) -> nodes.Node:
    _place(node)
    asked = asked_by(node) if isinstance(node, nodes.Call) else None
    if asked is None:
        return node
    what = nodes.Const(asked, lineno=node.lineno)
    return nodes.Filter(what, FILTER, [], [], None, None, lineno=node.lineno)


@pass_context
def last_of(context: Context, asked: tuple[str, int]) -> Sequence[Happened]:
    """The filter that gives the events."""
    events = context.resolve(EVENTS)
    kind, number = asked
    return [] if isinstance(events, Undefined) else events.get(kind, [])[:number]
