"""`{% trans %}` as it is parsed: what it says, and the values in it; put into words by translations.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.ext import InternationalizationExtension

_MARK = ("outreach", "trans")  # no template can write it
_NUMBER = "outreach number"  # no name of a value can have a blank
ALIAS = "_"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One text to be translated; `plural` and `number` where it depends on a number."""

    singular: str
    plural: str
    context: str
    values: dict[str, nodes.Expr]
    number: nodes.Expr | None
    line: int


class Trans(InternationalizationExtension):
    """Jinja's own tag, which keeps what it read instead of asking a catalog at each message."""

    def _make_node(
        self,
        singular: str,
        plural: str | None,
        context: str | None,
        variables: dict[str, nodes.Expr],
        plural_expr: nodes.Expr | None,
        vars_referenced: bool,
        num_called_num: bool,  # noqa: ARG002 - Jinja's signature
    ) -> nodes.Output:
        if not vars_referenced:  # Jinja writes `%` twice only where there are values
            singular = singular.replace("%%", "%")
            plural = plural.replace("%%", "%") if plural else plural
        parts = [nodes.Const(each or "") for each in (singular, plural, context)]
        values = [nodes.Keyword(name, value) for name, value in variables.items()]
        if plural and plural_expr is not None:
            values.append(nodes.Keyword(_NUMBER, plural_expr))
        mark = nodes.ExtensionAttribute(*_MARK)
        return nodes.Output(
            [nodes.Call(mark, [*parts, nodes.Const(vars_referenced)], values, None, None)]
        )


def phrase_of(node: nodes.Node) -> Phrase | None:
    """What a printed node says, if it is to be translated: of a `{% trans %}` or a `{{ _('…') }}`."""
    children: list[Any] = node.nodes if isinstance(node, nodes.Output) else []
    call = children[0] if len(children) == 1 else None
    if not isinstance(call, nodes.Call) or not isinstance(call.node, nodes.ExtensionAttribute):
        return None
    if (call.node.identifier, call.node.name) != _MARK:
        return None
    singular, plural, context = (
        each.value for each in call.args[:3] if isinstance(each, nodes.Const)
    )
    values = {each.key: each.value for each in call.kwargs}
    number = values.pop(_NUMBER, None)
    return Phrase(singular, plural, context, values, number, node.lineno)


def phrases_in(tree: nodes.Template) -> Iterator[Phrase]:
    """All that a template has to be translated."""
    for output in tree.find_all(nodes.Output):
        phrase = phrase_of(output)
        if phrase is not None:
            yield phrase
