"""What a customer must have for a template: no mail begins with «Dear None»."""

from collections.abc import Collection
from dataclasses import dataclass, field

from jinja2 import nodes

from outreach.rendering.happened import STARTED
from outreach.rendering.tree import Part, Walk
from outreach.rendering.walking import all_of
from outreach.settings.date_names import DATES

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


def printed_by(part: Part, names: Collection[str], lists: Collection[str]) -> Printed:
    """What the part prints; `names` are those a customer may lack, `lists` such as may be empty."""
    reader = _Reader(part, frozenset(names), frozenset(lists))
    reader.run()
    return reader.printed


def simplest(clauses: Collection[Clause]) -> frozenset[Clause]:
    """The clauses without those that follow from another."""
    return frozenset(c for c in clauses if not any(other < c for other in clauses))


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a name that was `set` stands for: worked out once, where it is set."""

    clauses: frozenset[Clause] = frozenset()
    paths: frozenset[str] = frozenset()


_OF_ALL = ("length", "count")  # filters that have an answer for an empty list
_OF_SOME = ("join", "first", "last")  # filters whose answer for an empty list is empty
_OPAQUE = _Meaning()  # a loop's variable: whatever it is, no customer lacks it


class _Reader(Walk):
    """Reads what is printed where; `if` and `or` around a name lift its need."""

    def __init__(self, part: Part, names: frozenset[str], lists: frozenset[str]) -> None:
        super().__init__(part)
        self.names = names
        self.lists = lists
        self.printed = Printed()
        self.local: dict[str, _Meaning] = {}
        self.tested: frozenset[str] = frozenset()  # names an `if` around this asks about
        self.absent: Clause = frozenset()  # names that are missing where this is printed

    def on_value(self, node: nodes.Expr) -> None:
        self.printed.paths |= self._paths(node)
        self.printed.clauses |= self._clauses(node)

    def on_assign(self, node: nodes.Assign) -> None:
        meaning = self._meaning(node.node)
        self.local.update(dict.fromkeys(_names_in(node.target), meaning))

    def on_for(self, node: nodes.For) -> None:
        self.printed.clauses |= self._clauses_but_lists(node.iter)  # of none there are no rounds
        before = self.local
        self.local = {**before, **dict.fromkeys(_names_in(node.target), _OPAQUE)}
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
        absent = self.absent
        self.tested |= self._paths(branch.test)
        self.absent = absent | self._missing_when(branch.test, holds=True)
        self.walk(branch.body)
        self.absent = absent | self._missing_when(branch.test, holds=False)

    def on_call(self, call: nodes.Call, macro: nodes.Macro) -> None:
        before = self.local
        given = dict.fromkeys((arg.name for arg in macro.args), _OPAQUE)
        defaults = macro.args[len(macro.args) - len(macro.defaults) :]
        pairs = [
            *((arg.name, value) for arg, value in zip(defaults, macro.defaults, strict=True)),
            *((arg.name, value) for arg, value in zip(macro.args, call.args, strict=False)),
            *((keyword.key, keyword.value) for keyword in call.kwargs),
        ]
        given.update({name: self._meaning(value) for name, value in pairs})
        self.local = {**before, **given}
        tested, self.tested = self.tested, self.tested - given.keys()
        self.inside(macro, macro.body)
        self.local, self.tested = before, tested

    def _meaning(self, node: nodes.Node) -> _Meaning:
        return _Meaning(self._clauses(node), self._paths(node))

    def _clauses(self, node: nodes.Node) -> frozenset[Clause]:
        """What must be known for an expression whose value is printed or worked with."""
        if (name := self._name_of(node)) is not None:
            return self._clauses_of_name(name)
        if isinstance(node, nodes.Or):
            return self._clauses_of_or(node)
        if isinstance(node, nodes.CondExpr):
            return self._clauses_of_either(node)
        if isinstance(node, nodes.Compare | nodes.Not | nodes.Test):
            return frozenset()
        if isinstance(node, nodes.Filter) and node.name in ("default", "d", "join"):
            listed = isinstance(node.node, nodes.List | nodes.Tuple)
            if node.name != "join" or listed or node.node is None:
                return frozenset()
            return self._clauses(node.node)
        if isinstance(node, nodes.Filter) and node.name in _OF_ALL:
            return self._clauses_but_lists(node)
        return self._clauses_within(node)

    def _clauses_within(self, node: nodes.Node) -> frozenset[Clause]:
        children = (self._clauses(child) for child in node.iter_child_nodes())
        return frozenset().union(*children)

    def _clauses_but_lists(self, node: nodes.Node) -> frozenset[Clause]:
        """The same where nothing is amiss with an empty list."""
        before = self.tested
        self.tested |= self.lists
        found = (
            self._clauses_within(node) if isinstance(node, nodes.Filter) else self._clauses(node)
        )
        self.tested = before
        return found

    def _clauses_of_name(self, name: str) -> frozenset[Clause]:
        if name in self.tested:
            return frozenset()
        absent = frozenset(filter(self._may_lack, self.absent))
        if name in self.local:
            clauses = self.local[name].clauses
            return frozenset(c | absent for c in clauses if not c & self.tested)
        return frozenset({absent | {name}}) if self._may_lack(name) else frozenset()

    def _may_lack(self, name: str) -> bool:
        return name in self.names or name.startswith((f"{DATES}.", f"{STARTED}."))

    def _name_of(self, node: nodes.Node) -> str | None:
        """The name that the expression is, `dates.wedding` among them; None: it is something else."""
        if isinstance(node, nodes.Name):
            return node.name
        of = self._name_of(node.node) if isinstance(node, nodes.Getattr) else None
        if not isinstance(node, nodes.Getattr) or of not in (DATES, STARTED):
            return None
        return None if of in self.local else f"{of}.{node.attr}"

    def _clauses_of_or(self, node: nodes.Or) -> frozenset[Clause]:
        """Of `a or b` one must be there: the names before the last are excused by it."""
        first, excused = self._excused(node.left)
        before = self.absent
        self.absent |= excused
        last = self._clauses(node.right)
        self.absent = before
        return first | last

    def _excused(self, node: nodes.Expr) -> tuple[frozenset[Clause], Clause]:
        """What the left side of an `or` needs itself, and the names that may be missing."""
        if isinstance(node, nodes.Or):
            first, names = self._excused(node.left)
            second, more = self._excused(node.right)
            return first | second, names | more
        if (name := self._name_of(node)) is not None:
            return frozenset(), frozenset({name})
        if isinstance(node, nodes.Filter) and node.name in _OF_SOME:
            needed = self._clauses(node)
            empty = frozenset(c for c in needed if c <= self.lists)
            return needed - empty, frozenset().union(*empty)
        return self._clauses(node), frozenset()  # worked out before `or` is asked

    def _clauses_of_either(self, node: nodes.CondExpr) -> frozenset[Clause]:
        before = self.tested, self.absent
        self.tested |= self._paths(node.test)
        self.absent = before[1] | self._missing_when(node.test, holds=True)
        found = self._clauses(node.expr1)
        self.absent = before[1] | self._missing_when(node.test, holds=False)
        if node.expr2 is not None:
            found |= self._clauses(node.expr2)
        self.tested, self.absent = before
        return found

    def _paths(self, node: nodes.Node) -> frozenset[str]:
        """The names an expression reads, through what was `set`; `name.attribute` too."""
        found: set[str] = set()
        for name in _names_in(node):
            found |= {name, *self.local.get(name, _OPAQUE).paths}
        for read in (node, *all_of(node, nodes.Getattr)):
            if isinstance(read, nodes.Getattr) and isinstance(read.node, nodes.Name):
                found.add(f"{read.node.name}.{read.attr}")
        return frozenset(found)

    def _missing_when(self, test: nodes.Node, *, holds: bool) -> Clause:
        """Names that are missing where the test holds, or where it does not."""
        if isinstance(test, nodes.Not):
            return self._missing_when(test.node, holds=not holds)
        name = self._name_of(test)
        if name is None or holds or name in self.local:
            return frozenset()
        return frozenset({name})


def _names_in(node: nodes.Node) -> list[str]:
    found = [node.name] if isinstance(node, nodes.Name) else []
    return found + [name.name for name in all_of(node, nodes.Name)]
