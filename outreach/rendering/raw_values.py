"""Values that a template prints as a computer writes them: `1998-05-29 09:16:04+00:00`."""

from collections.abc import Iterator, Mapping

from jinja2 import nodes

from outreach.rendering.happened import STARTED
from outreach.rendering.walking import all_of
from outreach.settings.date_names import DATES

_FALLBACKS = frozenset({"default", "d"})
_HOW = {
    "date": "is printed as a computer writes it",
    "days": "is printed to the second",
    "money": "is printed without its currency, and with a point in every language",
}


def raw_values(
    tree: nodes.Template, kinds: Mapping[str, str]
) -> Iterator[tuple[nodes.Expr, str, str, str]]:
    """Where a date, a span or an amount of money is printed bare: each with its last word, message and hint.

    `kinds`: by name what prints it, `date`, `days` or `money`; `dates` is of all named ones.
    """
    for output in all_of(tree, nodes.Output):
        for printed in output.nodes:
            for node, name in _bare(printed):
                first, _, word = name.partition(".")
                kind = kinds.get(name if first == STARTED else first)
                if kind is not None:
                    how = f"{name}.days" if kind == "days" else f"{name}|{_filter(kind)}"
                    hint = f"write `{{{{ {how} }}}}`"
                    yield node, word or name, f"`{name}` {_HOW[kind]}", hint


def _filter(kind: str) -> str:
    return "date('long')" if kind == "date" else kind


def _bare(node: nodes.Expr | None) -> Iterator[tuple[nodes.Expr, str]]:
    """The names whose values are printed as they are, also with something in place of none."""
    match node:
        case nodes.Name():
            yield node, node.name
        case nodes.Getattr(node=nodes.Name(name=owner)) if owner in (DATES, STARTED):
            yield node, f"{owner}.{node.attr}"
        case nodes.Or():
            yield from _bare(node.left)
            yield from _bare(node.right)
        case nodes.CondExpr():
            yield from _bare(node.expr1)
            yield from _bare(node.expr2)
        case nodes.Filter() if node.name in _FALLBACKS:
            yield from _bare(node.node)
