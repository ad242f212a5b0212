"""What a customer must have for a template: no mail begins with «Dear None»."""

from collections.abc import Collection
from dataclasses import dataclass, field

from jinja2 import nodes

from outreach.rendering.tree import Part, Walk

Clause = frozenset[str]  # at least one of these must be there


@dataclass(frozen=True, slots=True)
class Need:
    """What must be known of a customer who gets one of these language variants.

    `names` must all be there; of each group in `any_of` one must be (`nickname or first_name`).
    `locales` are the customers' `locale` values this holds for, None for all: see Compiled.needs.
    """

    locales: frozenset[str] | None
    names: frozenset[str]
    any_of: frozenset[Clause] = field(default=frozenset())


@dataclass(slots=True)
class Printed:
    """What a part prints."""

    clauses: set[Clause] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)  # names and `name.attribute`, printed anywhere


def printed_by(part: Part, names: Collection[str]) -> Printed:
    """What the part prints; `names` are those a customer may lack."""
    reader = _Reader(part, frozenset(names))
    reader.run()
    return reader.printed


def simplest(clauses: Collection[Clause]) -> frozenset[Clause]:
    """The clauses without those that follow from another."""
    return frozenset(c for c in clauses if not any(other < c for other in clauses))


class _Reader(Walk):
    """Reads what is printed where; `if` and `or` around a name lift its need."""

    def __init__(self, part: Part, names: frozenset[str]) -> None:
        super().__init__(part)
        self.names = names
        self.printed = Printed()
        self.local: dict[str, nodes.Expr | None] = {}  # a name `set` here, with its expression
        self.tested: frozenset[str] = frozenset()  # names an `if` around this asks about
        self.absent: Clause = frozenset()  # names that are missing where this is printed

    def on_value(self, node: nodes.Expr) -> None:
        self._collect_paths(node)
        self._need(node)

    def on_assign(self, node: nodes.Assign) -> None:
        if isinstance(node.target, nodes.Name):
            self.local[node.target.name] = _expression(node.node)
        else:
            self.local.update(dict.fromkeys(_names_in(node.target)))

    def on_for(self, node: nodes.For) -> None:
        self._need(_expression(node.iter))
        before = self.local
        self.local = {**before, **dict.fromkeys(_names_in(node.target))}
        self.walk(node.body)
        self.local = before
        self.walk(node.else_)

    def on_if(self, node: nodes.If) -> None:
        before = self.tested, self.absent
        for branch in (node, *node.elif_):
            self._branch(branch)
        self.walk(node.else_)
        self.tested, self.absent = before

    def _branch(self, branch: nodes.If) -> None:
        """Walk one branch; what follows is reached only where its test was false."""
        tested, absent = self.tested | self._asked(branch.test), self.absent
        self.tested = tested
        self.absent = absent | _missing_when(branch.test, holds=True)
        self.walk(branch.body)
        self.absent = absent | _missing_when(branch.test, holds=False)

    def on_call(self, call: nodes.Call, macro: nodes.Macro) -> None:
        before = self.local
        given: dict[str, nodes.Expr | None] = dict.fromkeys(a.name for a in macro.args)
        first_default = len(macro.args) - len(macro.defaults)
        for arg, value in zip(macro.args[first_default:], macro.defaults, strict=True):
            given[arg.name] = value
        for arg, value in zip(macro.args, call.args, strict=False):
            given[arg.name] = self._settled(value)
        for keyword in call.kwargs:
            given[keyword.key] = self._settled(keyword.value)
        self.local = {**before, **given}
        self.inside(macro, macro.body)
        self.local = before

    def _settled(self, node: nodes.Expr) -> nodes.Expr | None:
        """An argument as the caller means it: its own local names replaced by what they stand for."""
        seen: set[str] = set()
        while isinstance(node, nodes.Name) and node.name in self.local and node.name not in seen:
            seen.add(node.name)
            value = self.local[node.name]
            if value is None:
                return None
            node = value
        return node

    def _asked(self, test: nodes.Node) -> frozenset[str]:
        asked: set[str] = set()
        for name in _names_in(test):
            asked.add(name)
            value = self.local.get(name)
            if value is not None:
                asked |= set(_names_in(value))
        return frozenset(asked)

    def _need(self, node: nodes.Expr | None) -> None:
        """Add the clauses of an expression whose value is printed or worked with."""
        if node is None or isinstance(node, nodes.Compare | nodes.Not | nodes.Test):
            return
        if isinstance(node, nodes.Name):
            self._need_name(node.name)
        elif isinstance(node, nodes.Or):
            self._need_or(node)
        elif isinstance(node, nodes.CondExpr):
            self._need_either(node)
        elif isinstance(node, nodes.Filter) and node.name in ("default", "d", "join"):
            if node.name == "join" and not isinstance(node.node, nodes.List | nodes.Tuple):
                self._need(node.node)
        else:
            for child in node.iter_child_nodes():
                if isinstance(child, nodes.Keyword):
                    self._need(child.value)
                elif isinstance(child, nodes.Expr):
                    self._need(child)

    def _need_name(self, name: str) -> None:
        if name in self.tested:
            return
        if name in self.local:
            value = self.local[name]
            self.local[name] = None  # so that `set x = x or y` is not followed for ever
            self._need(value)
            self.local[name] = value
        elif name in self.names:
            self.printed.clauses.add(frozenset({name}) | (self.absent & self.names))

    def _need_or(self, node: nodes.Or) -> None:
        """Of `a or b` one must be there: the names before the last are excused by it."""
        before = self.absent
        self.absent |= self._excused(node.left)
        self._need(node.right)
        self.absent = before

    def _excused(self, node: nodes.Expr) -> Clause:
        if isinstance(node, nodes.Or):
            return self._excused(node.left) | self._excused(node.right)
        if isinstance(node, nodes.Name):
            return frozenset({node.name})
        self._need(node)  # a filter or sum must be worked out before `or` is asked
        return frozenset()

    def _need_either(self, node: nodes.CondExpr) -> None:
        before = self.tested, self.absent
        self.tested |= self._asked(node.test)
        self.absent |= _missing_when(node.test, holds=True)
        self._need(node.expr1)
        self.absent = before[1] | _missing_when(node.test, holds=False)
        self._need(node.expr2)
        self.tested, self.absent = before

    def _collect_paths(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Name):
            self.printed.paths.add(node.name)
            value = self.local.get(node.name)
            if value is not None and value is not node:
                self._collect_paths(value)
        elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            self.printed.paths.add(f"{node.node.name}.{node.attr}")
        for child in node.iter_child_nodes():
            self._collect_paths(child)


def _expression(node: nodes.Node) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)  # Jinja's own annotations are wider than its parser
    return node


def _names_in(node: nodes.Node) -> list[str]:
    found = [node.name] if isinstance(node, nodes.Name) else []
    return found + [name.name for name in node.find_all(nodes.Name)]


def _missing_when(test: nodes.Node, *, holds: bool) -> Clause:
    """Names that are missing where the test holds, or where it does not."""
    if isinstance(test, nodes.Not):
        return _missing_when(test.node, holds=not holds)
    if isinstance(test, nodes.Name) and not holds:
        return frozenset({test.name})
    return frozenset()
