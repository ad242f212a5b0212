"""A file's plain values, each with its place."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from outreach.documents.passage import Passage, passage_of
from outreach.errors import Problem

Tree: TypeAlias = "bool | int | Decimal | str | list[Tree] | dict[str, Tree] | None"
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text: `line` and `column` count from 1, `index` in characters from 0."""

    line: int
    column: int
    index: int


@dataclass(slots=True)
class Node:
    """A value with its place; `size` counts the values in it, those behind aliases each time."""

    mark: Mark
    value: Tree
    size: int = 1


@dataclass(slots=True)
class ScalarNode(Node):
    """A single value; `style` is its quote or `|`, `>`, None when plain; `end` an index."""

    style: str | None = None
    end: int = 0


@dataclass(slots=True)
class ListNode(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MappingNode(Node):
    """Keys, each with the place it stands at, and their values."""

    entries: dict[str, tuple[Mark, Node]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: plain values, and where each key and value stands."""

    file: str
    text: str = field(repr=False)
    root: Node = field(repr=False)

    @property
    def value(self) -> Tree:
        """The whole file as plain values; texts stay texts unless they are plainly something else."""
        return self.root.value

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at `path`, or of its key; when there is no such path, of
        the nearest thing around it."""
        node, mark = self.root, self.root.mark
        for part in path:
            found = _step(node, part)
            if found is None:
                return node.mark.line, node.mark.column
            mark, node = found
        mark = mark if key else node.mark
        return mark.line, mark.column

    def has(self, path: Path) -> bool:
        """Whether anything is written at `path`."""
        return self._node(path) is not None

    def get(self, path: Path) -> Tree:
        """The plain value at `path`; None when there is none."""
        node = self._node(path)
        return None if node is None else node.value

    def problem(
        self, path: Path, code: str, message: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """A problem at the value (or key) at `path`."""
        line, column = self.place(path, key=key)
        return Problem(self.file, line, column, code, message, hint)

    def passage(self, path: Path) -> Passage:
        """The text at `path` with the place of its first visible character.

        In block scalars the place is that of the text itself, not of the `|` before it.
        """
        node = self._node(path)
        if not isinstance(node, ScalarNode):
            return Passage("", *self.place(path))
        return passage_of(self.text, node.mark.index, node.end, node.style, str(node.value))

    def _node(self, path: Path) -> Node | None:
        node = self.root
        for part in path:
            found = _step(node, part)
            if found is None:
                return None
            node = found[1]
        return node


def _step(node: Node, part: str | int) -> tuple[Mark, Node] | None:
    """What a key or an index leads to, with the place of the key (of the item in a list)."""
    if isinstance(node, MappingNode) and isinstance(part, str):
        return node.entries.get(part)
    if isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
        return node.items[part].mark, node.items[part]
    return None
