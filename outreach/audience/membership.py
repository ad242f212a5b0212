"""Comparisons with `in`, and names beside a text that are most likely texts without quotes."""

import difflib
from typing import TYPE_CHECKING

from jinja2 import nodes

from outreach.audience import tree
from outreach.audience.names import EVENT, Kind
from outreach.audience.operators import NotAllowed, as_kind, comparable
from outreach.audience.syntax import begin

if TYPE_CHECKING:
    from outreach.audience.analysis import Reader


def read_in(reader: "Reader", left: nodes.Expr, right: nodes.Expr) -> tree.Node | None:
    """`left in right`; None after noting what is wrong."""
    if isinstance(right, nodes.List | nodes.Tuple):
        part = reader.value(left)
        options = [beside(reader, item, left) for item in right.items]
        if part is None or None in options:
            return None
        return reader.allowed(right, _among, part, options)
    part, whole = beside(reader, left, right), reader.value(right)
    if part is None or whole is None:
        return None
    if whole.kind is Kind.LIST and isinstance(part, tree.Literal) and isinstance(part.value, str):
        return tree.Holds(Kind.YES_NO, part.offset, part.value, whole)
    if whole.kind is Kind.LIST:
        message, hint = "only a text in quotes can be looked for in a list", "`'vip' in tags`"
    else:
        message = f"`in` needs a list after it, this is {whole.kind.shown}"
        hint = "`'vip' in tags`, `city in ['Paris', 'Rome']`"
    reader.fault(begin(right), "type-mismatch", message, f"write for example {hint}")
    return None


def beside(reader: "Reader", node: nodes.Expr, other: nodes.Expr) -> tree.Node | None:
    """The value of `node`; one name that nobody knows beside texts may be a text itself."""
    if (
        not isinstance(node, nodes.Name)
        or _is_known(reader, node)
        or not _holds_text(reader, other)
    ):
        return reader.value(node)
    name = node.name
    quoted = f"texts stand in quotes: `'{name}'`"
    near = difflib.get_close_matches(name, reader.names.kinds, n=1, cutoff=0.75)
    hint = f"did you mean `{near[0]}`? {quoted}" if near else quoted
    reader.fault(node.lineno, "unknown-name", f"unknown name `{name}`", hint)
    return None


def _is_known(reader: "Reader", node: nodes.Name) -> bool:
    return node.name in reader.names.kinds or node.name == EVENT


def _holds_text(reader: "Reader", node: nodes.Expr) -> bool:
    """Whether it is a name that stands for texts, perhaps with a filter behind."""
    if isinstance(node, nodes.Filter) and node.name in ("lower", "upper") and node.node is not None:
        return _holds_text(reader, node.node)
    kinds = (Kind.TEXT, Kind.LIST)
    return isinstance(node, nodes.Name) and reader.names.kinds.get(node.name) in kinds


def _among(part: tree.Node, options: list[tree.Node | None]) -> tree.Node:
    literals = []
    for option in options:
        if not isinstance(option, tree.Literal) or option.kind is Kind.NONE:
            raise NotAllowed(
                "a list after `in` holds plain values only", "join comparisons with `or`"
            )
        comparable("==", part, option)
        literals.append(as_kind(option, part.kind))
    if part.kind in (Kind.LIST, Kind.NONE, Kind.MONTHS):
        raise NotAllowed(f"{part.kind.shown} is never in a list", "write `'vip' in tags`")
    return tree.Among(Kind.YES_NO, part.offset, part, tuple(literals))
