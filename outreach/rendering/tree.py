"""One part of a message as its reader sees it: through `extends`, `include`, blocks and macros."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from outreach.rendering.walking import all_of

_SETUP = (nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport, nodes.Macro)
Resolve = Callable[[str], str | None]


def references(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str, bool]]:
    """What the tree extends, includes and imports: node, name as written, whether it may be missing."""
    for node in all_of(tree, nodes.Stmt):
        if not isinstance(node, nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport):
            continue
        name = node.template
        if isinstance(name, nodes.Const) and isinstance(name.value, str):
            yield node, name.value, isinstance(node, nodes.Include) and node.ignore_missing


@dataclass(frozen=True, slots=True)
class Part:
    """A template with all it uses: trees by full path, all there, no cycles."""

    main: str
    trees: Mapping[str, nodes.Template]
    resolve: Resolve

    def lineage(self) -> list[str]:
        """The main template, what it extends, and so on to the layout."""
        paths = [self.main]
        while (extends := self.trees[paths[-1]].find(nodes.Extends)) is not None:
            assert isinstance(extends.template, nodes.Const)
            paths.append(self.resolve(extends.template.value) or "")
        return paths


class Walk:
    """Walks a part in the order of its output; subclasses say what to do at data and at values.

    Both branches of every `if` and one round of every loop are walked. A macro is walked where
    it is called.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.macros: dict[str, nodes.Macro] = {}
        self.blocks: dict[str, list[nodes.Block]] = {}
        self._block: list[tuple[str, int]] = []
        self._calling: list[nodes.Node] = []

    def run(self) -> None:
        """Walk the whole part."""
        lineage = self.part.lineage()
        for path in lineage:
            for block in all_of(self.part.trees[path], nodes.Block):
                self.blocks.setdefault(block.name, []).append(block)
        for path in lineage[:-1]:
            self.walk([node for node in self.part.trees[path].body if isinstance(node, _SETUP)])
        self.walk(self.part.trees[lineage[-1]].body)

    def on_data(self, node: nodes.TemplateData) -> None:
        """Text of the template itself."""

    def on_value(self, node: nodes.Expr) -> None:
        """An expression whose value is printed."""

    def on_if(self, node: nodes.If) -> None:
        """An `if` with its branches."""
        self.walk(node.body)
        self.walk(node.elif_)
        self.walk(node.else_)

    def on_for(self, node: nodes.For) -> None:
        """A loop."""
        self.walk(node.body)
        self.walk(node.else_)

    def on_assign(self, node: nodes.Assign) -> None:
        """A `set` of one expression."""

    def on_call(self, call: nodes.Call, macro: nodes.Macro) -> None:  # noqa: ARG002
        """A macro's call; its body is walked once."""
        self.inside(macro, macro.body)

    def walk(self, body: Sequence[nodes.Node]) -> None:
        """Walk nodes in order."""
        for node in body:
            self._visit(node)

    def inside(self, owner: nodes.Node, body: Sequence[nodes.Node]) -> None:
        """Walk the body of what may call itself, once."""
        if any(caller is owner for caller in self._calling):  # nodes compare by content
            return
        self._calling.append(owner)
        self.walk(body)
        self._calling.pop()

    def _visit(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                self._print(child)
        elif isinstance(node, nodes.If):
            self.on_if(node)
        elif isinstance(node, nodes.For):
            self.on_for(node)
        elif isinstance(node, nodes.Block):
            self._enter_block(node.name, 0)
        elif isinstance(node, nodes.Include):
            self._include(node)
        elif isinstance(node, nodes.Assign):
            self.on_assign(node)
        else:
            self._visit_rarer(node)

    def _visit_rarer(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Macro):
            self.macros[node.name] = node
        elif isinstance(node, nodes.Import | nodes.FromImport):
            self._import(node)
        elif isinstance(node, nodes.CallBlock):
            self._print(node.call)
            self.walk(node.body)
        elif isinstance(node, nodes.With):
            for target, value in zip(node.targets, node.values, strict=True):
                self.on_assign(nodes.Assign(target, value, lineno=node.lineno))
            self.walk(node.body)
        elif isinstance(node, nodes.AssignBlock | nodes.Scope):
            self.walk(node.body)

    def _print(self, node: nodes.Expr) -> None:
        if isinstance(node, nodes.TemplateData):
            self.on_data(node)
        elif (macro := self.macro_of(node)) is not None:
            assert isinstance(node, nodes.Call)
            self.on_call(node, macro)
        elif isinstance(node, nodes.Call) and self._is_super(node):
            name, depth = self._block[-1]
            self._enter_block(name, depth + 1)
        else:
            self.on_value(node)

    def macro_of(self, node: nodes.Expr) -> nodes.Macro | None:
        """The macro an expression calls, None when it is no such call."""
        if not isinstance(node, nodes.Call):
            return None
        called = node.node
        if isinstance(called, nodes.Name):
            return self.macros.get(called.name)
        if isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
            return self.macros.get(f"{called.node.name}.{called.attr}")
        return None

    def _is_super(self, node: nodes.Call) -> bool:
        named = isinstance(node.node, nodes.Name) and node.node.name == "super"
        return named and bool(self._block)

    def _enter_block(self, name: str, depth: int) -> None:
        versions = self.blocks.get(name, [])
        if depth < len(versions):
            self._block.append((name, depth))
            self.inside(versions[depth], versions[depth].body)
            self._block.pop()

    def _include(self, node: nodes.Include) -> None:
        tree = self._tree(node.template)
        if tree is not None:
            self.inside(tree, tree.body)

    def _tree(self, name: nodes.Expr) -> nodes.Template | None:
        assert isinstance(name, nodes.Const)
        path = self.part.resolve(name.value)
        return None if path is None else self.part.trees[path]

    def _import(self, node: nodes.Import | nodes.FromImport) -> None:
        tree = self._tree(node.template)
        if tree is None:
            return
        there = {macro.name: macro for macro in all_of(tree, nodes.Macro)}
        if isinstance(node, nodes.Import):
            self.macros.update({f"{node.target}.{name}": m for name, m in there.items()})
            return
        self.macros.update(there)  # they may call each other
        for name in node.names:
            old, new = (name, name) if isinstance(name, str) else name
            if old in there:
                self.macros[new] = there[old]
