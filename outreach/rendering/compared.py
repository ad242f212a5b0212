"""Texts that a template compares a customer's data with: `{% if stage == 'growth' %}`."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jinja2 import nodes

from outreach.rendering.syntax import place_of
from outreach.rendering.walking import all_of


@dataclass(frozen=True, slots=True)
class Compared:
    """A name, the text that it is asked to be or to hold, and where the text stands."""

    name: str
    text: str
    file: str
    line: int
    column: int


def texts_compared(
    path: str, text: str, tree: nodes.Template, local: Collection[str]
) -> Iterator[Compared]:
    """Every such text in the tree of a file; `local` are names that templates set themselves."""
    for node in all_of(tree, nodes.Compare):
        left: nodes.Expr = node.expr
        for operand in node.ops:
            for name, said in _pairs(operand.op, left, operand.expr):
                if name not in local:
                    place = place_of(path, text, said.lineno, said.value)
                    yield Compared(name, said.value, *place)
            left = operand.expr


def _pairs(op: str, left: nodes.Expr, right: nodes.Expr) -> Iterator[tuple[str, nodes.Const]]:
    """A name with each text beside it."""
    if op in ("eq", "ne"):
        yield from _named(left, [right])
        yield from _named(right, [left])
    elif op in ("in", "notin"):
        yield from _named(right, [left])
        if isinstance(right, nodes.List | nodes.Tuple):
            yield from _named(left, right.items)


def _named(name: nodes.Expr, texts: list[nodes.Expr]) -> Iterator[tuple[str, nodes.Const]]:
    if isinstance(name, nodes.Name):
        for each in texts:
            if isinstance(each, nodes.Const) and isinstance(each.value, str):
                yield name.name, each
