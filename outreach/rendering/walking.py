"""A syntax tree gone through: Jinja's own `find_all`, several times as fast.

To check a mail goes through each tree some twenty times.
"""

from typing import TypeVar

from jinja2 import nodes

Kind = TypeVar("Kind", bound=nodes.Node)
LEAVES = frozenset({nodes.Name, nodes.Const, nodes.TemplateData})  # most nodes; none is below them


def all_of(tree: nodes.Node, kind: type[Kind]) -> list[Kind]:
    """Every node of a kind below one, in the order of the text; a change meanwhile is not seen."""
    found: list[Kind] = []
    _gather(tree, kind, found)
    return found


def _gather(node: nodes.Node, kind: type[Kind], found: list[Kind]) -> None:
    for name in node.fields:
        value = getattr(node, name, None)
        if type(value) is str or value is None:
            continue
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, nodes.Node):
                if isinstance(each, kind):
                    found.append(each)
                if type(each) not in LEAVES:
                    _gather(each, kind, found)
