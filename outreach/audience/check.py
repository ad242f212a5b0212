"""What is wrong with an expression, and what it speaks of."""

from outreach.audience import tree
from outreach.audience.analysis import analyse
from outreach.audience.names import Kind, Names
from outreach.campaign.model import Expression, Place, Selection
from outreach.errors import Problem, ProblemsFound

KEYS = ("stage", "tier", "owner", "tags", "country", "locale")


def check(expression: Expression, names: Names) -> list[Problem]:
    """Everything that is wrong with the expression as a condition, in the order of its text."""
    found = []
    for fault in analyse(expression.source, names).faults:
        place = expression.place_at(fault.offset)
        found.append(
            Problem(place.file, place.line, place.column, fault.code, fault.message, fault.hint)
        )
    return found


def typed(expression: Expression, names: Names) -> tree.Node:
    """The expression's typed tree; raises ProblemsFound where `check` finds problems."""
    node = analyse(expression.source, names).node
    if node is None:
        raise ProblemsFound(check(expression, names))
    return node


def uses(spoken: Expression | Selection, names: Names) -> frozenset[str]:
    """The columns, attributes, facts and moments that it speaks of."""
    if isinstance(spoken, Selection):
        keys = frozenset(key for key in KEYS if getattr(spoken, key))
        return keys if spoken.where is None else keys | uses(spoken.where, names)
    nodes = tree.walk(typed(spoken, names))
    return frozenset(node.name for node in nodes if isinstance(node, tree.Name | tree.Moved))


def literal_comparisons(expression: Expression, names: Names) -> list[tuple[str, str, Place]]:
    """(name, text, place) of every text that a column or attribute is asked to equal or to hold.

    `check` asks the base whether any customer has it: `city == 'paris'` finds nobody in Paris.
    """
    found: list[tuple[str, str, int]] = []
    for node in tree.walk(typed(expression, names)):
        match node:
            case tree.Comparison() if node.op in ("==", "!="):
                found += _pairs(node.left, node.right) + _pairs(node.right, node.left)
            case tree.Among():
                found += [pair for text in node.literals for pair in _pairs(node.part, text)]
            case tree.Holds() if isinstance(node.part, tree.Name):
                found.append((node.part.name, node.member, node.offset))
    return [(name, text, expression.place_at(offset)) for name, text, offset in found]


def campaigns_named(expression: Expression, names: Names) -> list[tuple[str, Place]]:
    """Every campaign that `received` asks for, with the place of its name."""
    return [
        (node.subject, expression.place_at(_quote(expression.source, node.offset)))
        for node in tree.walk(typed(expression, names))
        if isinstance(node, tree.Lookup) and node.function == "received"
    ]


def _quote(source: str, offset: int) -> int:
    """Where the first text behind an offset begins."""
    return min(at for quote in ("'", '"') if (at := source.find(quote, offset)) >= 0)


def _pairs(name: tree.Node, text: tree.Node) -> list[tuple[str, str, int]]:
    if isinstance(name, tree.Name) and isinstance(text, tree.Literal) and text.kind is Kind.TEXT:
        return [(name.name, str(text.value), text.offset)]
    return []
