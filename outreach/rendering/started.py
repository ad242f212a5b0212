"""`event.amount` in templates: a field of what started the campaign for the customer."""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from outreach.rendering.happened import STARTED
from outreach.rendering.syntax import place_of
from outreach.rendering.walking import all_of

NONE_DID = "`event` is what started a campaign: here none did"
USAGE = "it is for campaigns with `schedule: {on_event: …}`"


@dataclass(frozen=True, slots=True)
class FieldRead:
    """Where a template reads a field of the event."""

    name: str
    file: str
    line: int
    column: int


def fields_read(path: str, text: str, tree: nodes.Template) -> Iterator[FieldRead]:
    """Every field of the event that the tree of a file reads."""
    for node in all_of(tree, nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name == STARTED:
            yield FieldRead(node.attr, *place_of(path, text, node.lineno, node.attr))
