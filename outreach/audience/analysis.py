"""From Jinja's syntax tree to a tree with types; all that has no meaning in SQL is a fault."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import ParamSpec

from jinja2 import nodes

from outreach.audience import tree
from outreach.audience.calls import read_call
from outreach.audience.membership import beside, read_in
from outreach.audience.names import EVENT, FILTERS, STAGES, TESTS, Kind, Names
from outreach.audience.operators import (
    LARGEST,
    NotAllowed,
    arithmetic,
    comparable,
    negative,
    unified,
)
from outreach.audience.refused import for_unknown, refused
from outreach.audience.slips import for_tag, slips_in, subtractions_in
from outreach.audience.started import read_event
from outreach.audience.syntax import Fault, begin, operands, read

P = ParamSpec("P")
_JOINED = "join texts alone, for example `first_name ~ ' ' ~ last_name`"
_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_ARITHMETIC: dict[type[nodes.Node], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """The typed tree, or None and every fault."""

    node: tree.Node | None
    faults: tuple[Fault, ...]


@lru_cache(maxsize=1024)
def analyse(source: str, names: Names) -> Analysis:
    """The expression as a condition over one company's names."""
    if never_meant := subtractions_in(source):
        return Analysis(None, never_meant)
    found = read(source)
    if isinstance(found, Fault):
        return Analysis(None, slips_in(source) or (found,))
    reader = Reader(names, found)
    node = reader.condition(found)
    faults = tuple(sorted(reader.faults, key=lambda fault: fault.offset))
    return Analysis(None if faults else node, faults)


class Reader:
    """Reads values and conditions; what it can not read is None, with its fault in `faults`."""

    def __init__(self, names: Names, whole: nodes.Expr) -> None:
        self.names = names
        self.whole = whole
        self.faults: list[Fault] = []

    def fault(self, offset: int, code: str, message: str, hint: str) -> None:
        """Note something wrong."""
        self.faults.append(Fault(offset, code, message, hint))

    def condition(self, node: nodes.Node) -> tree.Node | None:
        """Something that is true or false."""
        found = self.value(node)
        if found is not None and found.kind is not Kind.YES_NO:
            message = f"a condition is yes or no, this is {found.kind.shown}"
            self.fault(begin(node), "type-mismatch", message, "compare it, or ask `is none`")
            return None
        return found

    def value(self, node: nodes.Node) -> tree.Node | None:
        """A value of any kind."""
        match node:
            case nodes.Const():
                return self._constant(node)
            case nodes.Name():
                return self._name(node)
            case nodes.And() | nodes.Or():
                return self._several(node)
            case nodes.Not():
                part = self.condition(node.node)
                return part and tree.Not(Kind.YES_NO, node.lineno, part)
            case nodes.Compare():
                return self._compare(node)
            case nodes.CondExpr():
                return self._choice(node)
            case nodes.Concat():
                return self._joined(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test():
                return self._test(node)
            case nodes.Call():
                return read_call(self, node)
            case nodes.Neg():
                part = self.value(node.node)
                return part and self.allowed(node, negative, node.lineno, part)
        return self._arithmetic(node)

    def asks_for_stage(self, offset: int, name: str) -> bool:
        """Whether a stage may be asked for: in a rule it would change with every refresh."""
        if not self.names.staged:
            message = f"`{name}` can not be asked for in the rules of a lifecycle"
            hint = "write where one may go from under `moves`, how long one stays as `least_days`"
            self.fault(offset, "not-allowed", message, hint)
        return self.names.staged

    def unknown(
        self, offset: int, what: str, name: str, known: Iterable[str], otherwise: str = ""
    ) -> None:
        """Note a name that nobody knows, with those it may have meant."""
        hint = for_unknown(what, name, known, otherwise)
        self.fault(offset, f"unknown-{what}", f"unknown {what} `{name}`", hint)

    def allowed(
        self, node: nodes.Node, make: Callable[P, tree.Node], *args: P.args, **kwargs: P.kwargs
    ) -> tree.Node | None:
        """What `make` gives; None after noting why it refuses."""
        try:
            return make(*args, **kwargs)
        except NotAllowed as refusal:
            self.fault(begin(node), refusal.code, refusal.message, refusal.hint)
            return None

    def _constant(self, node: nodes.Const) -> tree.Node | None:
        value = node.value
        if isinstance(value, bool):
            return tree.Literal(Kind.YES_NO, node.lineno, value)
        if value is None:
            return tree.Literal(Kind.NONE, node.lineno, None)
        if isinstance(value, str):
            return self._text(node.lineno, value)
        if abs(value) > LARGEST or 0 < abs(value) < 1 / LARGEST:
            message = "a number lies within ±10^15, not below 10^-15"
            hint = "write a smaller one" if abs(value) > 1 else "write 0, or a larger one"
            self.fault(node.lineno, "bad-argument", message, hint)
            return None
        return tree.Literal(
            Kind.WHOLE if isinstance(value, int) else Kind.NUMBER, node.lineno, value
        )

    def _text(self, offset: int, value: str) -> tree.Node | None:
        if any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in value):
            hint = "take them out (tabs and line ends are some), or put a blank there"
            self.fault(offset, "bad-argument", "a text holds no control characters", hint)
            return None
        return tree.Literal(Kind.TEXT, offset, unicodedata.normalize("NFC", value))

    def _name(self, node: nodes.Name) -> tree.Node | None:
        kind = self.names.kinds.get(node.name)
        if node.name == "entered_at" and not self.names.entered:
            message = "`entered_at` has no meaning here"
            hint = "it is of what has several steps, or starts by `on_event`, `on_stage` or `idle`"
            self.fault(node.lineno, "not-allowed", message, hint)
        elif kind is not None:
            if node.name in STAGES and not self.asks_for_stage(node.lineno, node.name):
                return None
            return tree.Name(kind, node.lineno, node.name)
        elif node.name == EVENT:
            return read_event(self, node.lineno, None)
        else:
            alone = for_tag(node.name) if node is self.whole else ""
            self.unknown(node.lineno, "name", node.name, self.names.kinds, alone)
        return None

    def _several(self, node: nodes.BinExpr) -> tree.Node | None:
        parts = [self.condition(part) for part in operands(node)]
        known = tuple(part for part in parts if part is not None)
        if len(known) < len(parts):
            return None
        op = "and" if isinstance(node, nodes.And) else "or"
        return tree.Several(Kind.YES_NO, begin(node), op, known)

    def _compare(self, node: nodes.Compare) -> tree.Node | None:
        found: list[tree.Node | None] = []
        left = node.expr
        for operand in node.ops:
            found.append(self._pair(operand.op, left, operand.expr))
            left = operand.expr
        known = tuple(one for one in found if one is not None)
        if len(known) < len(found):
            return None
        if len(known) == 1:
            return known[0]
        return tree.Several(Kind.YES_NO, begin(node), "and", known)

    def _pair(self, op: str, left: nodes.Expr, right: nodes.Expr) -> tree.Node | None:
        if op in ("in", "notin"):
            found = read_in(self, left, right)
            return found and (
                tree.Not(Kind.YES_NO, found.offset, found) if op == "notin" else found
            )
        a, b = beside(self, left, right), beside(self, right, left)
        if a is None or b is None:
            return None
        return self.allowed(left, comparable, _OPERATORS[op], a, b)

    def _choice(self, node: nodes.CondExpr) -> tree.Node | None:
        test, yes = self.condition(node.test), self.value(node.expr1)
        no: tree.Node | None = tree.Literal(Kind.NONE, node.lineno, None)
        if node.expr2 is not None:
            no = self.value(node.expr2)
        if test is None or yes is None or no is None:
            return None
        return self.allowed(node, unified, test, yes, no)

    def _joined(self, node: nodes.Concat) -> tree.Node | None:
        parts = [
            self._of_kind(part, (Kind.TEXT,), "`~` joins texts", _JOINED) for part in node.nodes
        ]
        known = tuple(part for part in parts if part is not None)
        if len(known) < len(parts):
            return None
        return tree.Joined(Kind.TEXT, begin(node), known)

    def _of_kind(
        self, node: nodes.Node, kinds: tuple[Kind, ...], message: str, hint: str
    ) -> tree.Node | None:
        found = self.value(node)
        if found is None or found.kind in kinds:
            return found
        self.fault(begin(node), "type-mismatch", f"{message}, this is {found.kind.shown}", hint)
        return None

    def _filter(self, node: nodes.Filter) -> tree.Node | None:
        if node.name not in FILTERS:
            self.unknown(node.lineno, "filter", node.name, FILTERS)
            return None
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs or node.node is None:
            message, hint = f"`{node.name}` takes nothing in parentheses", f"write `|{node.name}`"
            self.fault(node.lineno, "bad-argument", message, hint)
            return None
        counts = node.name == "length"
        kinds = (Kind.TEXT, Kind.LIST) if counts else (Kind.TEXT,)
        part = self._of_kind(
            node.node, kinds, f"`{node.name}` is for texts", f"take `|{node.name}` off"
        )
        kind = Kind.WHOLE if counts else Kind.TEXT
        return part and tree.Filtered(kind, part.offset, node.name, part)

    def _test(self, node: nodes.Test) -> tree.Node | None:
        part = self.value(node.node)
        if node.name not in TESTS:
            self.unknown(node.lineno, "test", node.name, TESTS)
            return None
        if part is None or part.kind in (Kind.NONE, Kind.MONTHS):
            return part and self.allowed(node, comparable, "==", part, part)
        missing = tree.Missing(Kind.YES_NO, part.offset, part)
        return missing if node.name == "none" else tree.Not(Kind.YES_NO, part.offset, missing)

    def _arithmetic(self, node: nodes.Node) -> tree.Node | None:
        op = _ARITHMETIC.get(type(node))
        if op is None or not isinstance(node, nodes.BinExpr):
            return self._refuse(node)
        left, right = self.value(node.left), self.value(node.right)
        if left is None or right is None:
            return None
        return self.allowed(node, arithmetic, op, left, right)

    def _refuse(self, node: nodes.Node) -> tree.Node | None:
        owner = node.node if isinstance(node, nodes.Getattr) else None
        if (
            isinstance(node, nodes.Getattr)
            and isinstance(owner, nodes.Name)
            and owner.name == EVENT
        ):
            return read_event(self, owner.lineno, node.attr)
        what, hint = refused(node, self.names)
        self.fault(begin(node), "not-allowed", f"{what} has no meaning in an expression", hint)
        return None
