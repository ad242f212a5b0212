"""What is wrong with an expression, and what it speaks of."""

from collections.abc import Iterator

from outreach.audience import tree
from outreach.audience.analysis import analyse
from outreach.audience.names import (
    BIRTHDAY,
    DATE_FUNCTIONS,
    EVENT_FUNCTIONS,
    STAGES,
    Kind,
    Names,
)
from outreach.audience.returning import days_ahead, is_from_today
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


def is_staged(spoken: Expression | Selection, names: Names) -> bool:
    """Whether it asks for the stage of any lifecycle."""
    if isinstance(spoken, Selection):
        return bool(spoken.stage or (spoken.where and is_staged(spoken.where, names)))
    return any(
        (isinstance(node, tree.Name | tree.Moved) and node.name in STAGES)
        or (isinstance(node, tree.Lookup) and node.function == "stage_in")
        for node in tree.walk(typed(spoken, names))
    )


def literal_comparisons(expression: Expression, names: Names) -> list[tuple[str, str, Place]]:
    """(name, text, place) of every text that a column or attribute is asked to equal or to hold.

    `check` asks the base whether any customer has it: `city == 'paris'` finds nobody in Paris.
    """
    node = typed(expression, names)
    found = [
        (part.name, str(text.value), text.offset)
        for part, text in _compared(node)
        if isinstance(part, tree.Name)
    ]
    for one in tree.walk(node):
        if isinstance(one, tree.Holds) and isinstance(one.part, tree.Name):
            found.append((one.part.name, one.member, one.offset))
    return [(name, text, expression.place_at(offset)) for name, text, offset in found]


def stages_compared(expression: Expression, names: Names) -> list[tuple[str, str, Place]]:
    """(lifecycle, stage, place) of every text that `stage_in` is asked to equal."""
    return [
        (part.subject, str(text.value), expression.place_at(text.offset))
        for part, text in _compared(typed(expression, names))
        if isinstance(part, tree.Lookup) and part.function == "stage_in"
    ]


def campaigns_named(expression: Expression, names: Names) -> list[tuple[str, Place]]:
    """Every campaign that `received` asks for, with the place of its name."""
    return [
        (node.subject, expression.place_at(_quote(expression.source, node.offset)))
        for node in tree.walk(typed(expression, names))
        if isinstance(node, tree.Lookup) and node.function == "received"
    ]


def long_ago(expression: Expression, names: Names, name: str) -> list[Place]:
    """Where an instant is asked to be older than so long ago, which it is not for who has none.

    Nowhere if the expression says anywhere whom that leaves out: by `is none` or `is defined`.
    """
    node = typed(expression, names)
    if any(isinstance(one, tree.Missing) and _is(one.part, name) for one in tree.walk(node)):
        return []
    older = (one for one in _demanded(node) if _is_older(one, name))
    return [expression.place_at(one.offset) for one in older]


def _demanded(node: tree.Node) -> Iterator[tree.Comparison]:
    """The comparisons that pick somebody by being true."""
    if isinstance(node, tree.Comparison):
        yield node
    elif isinstance(node, tree.Several):
        for part in node.parts:
            yield from _demanded(part)


def _is_older(one: tree.Comparison, name: str) -> bool:
    """Whether it says `name < now - …`, from either side."""
    earlier, later = (one.left, one.right) if one.op in ("<", "<=") else (one.right, one.left)
    if one.op not in ("<", "<=", ">", ">=") or not _is(earlier, name):
        return False
    moved = isinstance(later, tree.Moved) and later.name == "now"
    return moved or (isinstance(later, tree.Arithmetic) and _is(later.left, "now"))


def _is(node: tree.Node, name: str) -> bool:
    return isinstance(node, tree.Name) and node.name == name


def dates_named(expression: Expression, names: Names) -> list[tuple[str, Place]]:
    """Every named date that is asked for, with the place of its name; no column, no attribute."""
    return [
        (node.subject, expression.place_at(_quote(expression.source, node.offset)))
        for node in tree.walk(typed(expression, names))
        if isinstance(node, tree.Lookup) and node.function in DATE_FUNCTIONS
        if node.subject not in names.kinds
    ]


def kinds_named(expression: Expression, names: Names) -> list[tuple[str, Place]]:
    """Every kind of events that is asked for, with the place of its name."""
    return [
        (node.subject, expression.place_at(_quote(expression.source, node.offset)))
        for node in tree.walk(typed(expression, names))
        if isinstance(node, tree.Lookup) and node.function in EVENT_FUNCTIONS
    ]


def counted_ever(expression: Expression, names: Names) -> list[tuple[str, Place]]:
    """The kinds of events of which one is asked for, however long ago: `count('order') > 0`."""
    return [
        (one.left.subject, expression.place_at(one.left.offset))
        for one in tree.walk(typed(expression, names))
        if isinstance(one, tree.Comparison) and _is_any(one)
        if isinstance(one.left, tree.Lookup) and one.left.function == "count"
        if one.left.within is None and one.left.since is None
    ]


def _is_any(one: tree.Comparison) -> bool:
    return isinstance(one.right, tree.Literal) and (one.op, one.right.value) in (
        (">", 0),
        (">=", 1),
    )


def births_ahead(expression: Expression, names: Names) -> list[tuple[Place, int | None]]:
    """Where the day of birth itself is asked to be today or ahead; with the days, where written."""
    found = []
    for node in tree.walk(typed(expression, names)):
        if isinstance(node, tree.Comparison):
            for born, day in ((node.left, node.right), (node.right, node.left)):
                if _is_birth(born) and is_from_today(day) and not _is_past(day):
                    found.append((expression.place_at(born.offset), days_ahead(day)))
    return found


def _is_birth(node: tree.Node) -> bool:
    return isinstance(node, tree.Lookup) and (node.function, node.subject) == ("date", BIRTHDAY)


def _is_past(day: tree.Node) -> bool:
    """Whether today is moved back: `date('birthday') <= today - days(6574)` asks for an age."""
    if isinstance(day, tree.Arithmetic):
        return day.op == "-"
    return isinstance(day, tree.Moved) and day.months < 0


def _quote(source: str, offset: int) -> int:
    """Where the first text behind an offset begins."""
    return min(at for quote in ("'", '"') if (at := source.find(quote, offset)) >= 0)


def _compared(node: tree.Node) -> Iterator[tuple[tree.Node, tree.Literal]]:
    """Whatever is asked to equal a text, or one of several, with each text."""
    for one in tree.walk(node):
        pairs: list[tuple[tree.Node, tree.Node]] = []
        match one:
            case tree.Comparison() if one.op in ("==", "!="):
                pairs = [(one.left, one.right), (one.right, one.left)]
            case tree.Among():
                pairs = [(one.part, text) for text in one.literals]
        for part, text in pairs:
            if isinstance(text, tree.Literal) and text.kind is Kind.TEXT:
                yield part, text
