"""Strict YAML: one document, no duplicate keys, no tags; limits on size, depth and aliases."""

import re
from functools import lru_cache

import yaml

from outreach.documents.document import (
    Document,
    ListNode,
    MappingNode,
    Mark,
    Node,
    ScalarNode,
    Tree,
)
from outreach.documents.scalars import read_plain, unfit_character
from outreach.documents.syntax import decode, explain, place_of
from outreach.errors import Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
KEPT = 2_048  # documents of a process: a check asks four times for each of a thousand
MAX_VALUES = 20_000  # those behind aliases count each time they are used
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")


def load(file: str, content: bytes) -> tuple[Document | None, list[Problem]]:
    """The document in `content` with every problem of it; `file` is the name shown.

    None when nothing can be read; a document with problems is good for finding more of them,
    not for use. Never raises, whatever the bytes are.
    """
    document, problems = _read(file, content)
    return document, list(problems)


# The same bytes are asked for again and again: by the check, the tick, each revision's rules.
@lru_cache(maxsize=KEPT)
def _read(file: str, content: bytes) -> tuple[Document | None, tuple[Problem, ...]]:
    if len(content) > MAX_BYTES:
        message = f"the file is too large: {len(content):,} bytes"
        return None, (Problem(file, 0, 0, "too-large", message, f"at most {MAX_BYTES:,}"),)
    text, problem = decode(file, content)
    if problem is not None:
        return None, (problem,)
    composer = _Composer(file, text)
    try:
        root = composer.compose()
    except _StoppedError as stop:
        return None, tuple(sorted([*composer.problems, stop.problem]))
    return Document(file, text, root), tuple(sorted(composer.problems))


class _StoppedError(Exception):
    """Raised when reading can not go on after `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class _Composer:
    """Builds nodes from PyYAML's events: its own composer resolves aliases without any limit."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node | None] = {}  # None while its value is still being read
        self.values = 0

    def compose(self) -> Node:
        """The root of the only document."""
        try:
            self.loader = yaml.SafeLoader(self.text)
        except yaml.reader.ReaderError as error:
            raise self._unprintable(error) from None
        try:
            self._next()  # the stream's start
            if isinstance(self._next(), yaml.StreamEndEvent):
                raise self._stop(Mark(1, 1, 0), "empty", "the file is empty", "write something")
            root = self._node(self._next(), 0)
            self._next()  # the document's end
            end = self._next()
        finally:
            self.loader.dispose()
        if isinstance(end, yaml.DocumentStartEvent):
            message = "a second document begins here"
            raise self._stop(_mark(end), "several-documents", message, "take the `---` out")
        if root.value is None:
            raise self._stop(root.mark, "empty", "the file is empty", "write something")
        return root

    def _next(self) -> yaml.Event:
        try:
            event: yaml.Event | None = self.loader.get_event()  # type: ignore[no-untyped-call]
        except yaml.reader.ReaderError as error:
            raise self._unprintable(error) from None
        except yaml.MarkedYAMLError as error:
            raise _StoppedError(explain(self.file, error, self.text)) from None
        except (ValueError, OverflowError):
            # PyYAML passes on what int() and chr() say of `%YAML 1.999…` and "\UFFFFFFFF".
            here = Mark(self.loader.line + 1, self.loader.column + 1, self.loader.index)
            raise self._stop(here, "syntax", "this is no YAML", "put the text in quotes") from None
        assert event is not None
        return event

    def _node(self, event: yaml.Event, depth: int) -> Node:
        mark = _mark(event)
        self.values += 1
        if self.values > MAX_VALUES:
            raise self._too_many(mark)
        if depth > MAX_DEPTH:
            message = f"this is nested more than {MAX_DEPTH} deep"
            raise self._stop(mark, "too-deep", message, "make it flatter")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark)
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(event, mark, depth)
        else:
            assert isinstance(event, yaml.MappingStartEvent)
            node = self._mapping(event, mark, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        if node.size > MAX_VALUES:
            raise self._too_many(mark)
        return node

    def _alias(self, event: yaml.AliasEvent, mark: Mark) -> Node:
        name = str(event.anchor)
        found = self.anchors.get(name)
        if found is not None:
            return found
        if name in self.anchors:
            message = f"`*{name}` stands for itself"
        else:
            message = f"nothing is named `&{name}` above"
        self._add(mark, "alias", message, "put the text in quotes, or write it out")
        return ScalarNode(mark, f"*{name}", style="'", end=mark.index)

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> ScalarNode:
        as_text = event.style is not None or self._is_text(event.tag, mark)
        value: Tree = event.value if as_text else read_plain(event.value)
        if isinstance(value, str) and (unfit := unfit_character(value)) is not None:
            message = f"the text holds a control character (U+{ord(unfit):04X})"
            self._add(mark, "control-character", message, "take it out")
            value = value.replace(unfit, "\ufffd")
        if event.anchor is not None or event.tag is not None:
            mark = self._after_properties(mark, _end(event))
        return ScalarNode(mark, value, style=event.style, end=_end(event))

    def _after_properties(self, mark: Mark, end: int) -> Mark:
        """Where a scalar itself begins: its anchor and tag come before it."""
        match = _PROPERTIES.match(self.text, mark.index, end)
        index = match.end() if match else mark.index
        return Mark(*place_of(self.text, index), index)

    def _is_text(self, tag: str | None, mark: Mark) -> bool:
        """Whether a tag makes a plain scalar a text: only `!!str` and `!` may stand."""
        self._refuse_tag(tag, mark, ("tag:yaml.org,2002:str", "!"))
        return tag is not None

    def _refuse_tag(self, tag: str | None, mark: Mark, allowed: tuple[str, ...]) -> None:
        if tag is not None and tag not in allowed:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._add(mark, "tag", f"the tag `{shown}` can not be used here", "take it out")

    def _list(self, event: yaml.SequenceStartEvent, mark: Mark, depth: int) -> ListNode:
        self._refuse_tag(event.tag, mark, ("tag:yaml.org,2002:seq", "!"))
        items: list[Node] = []
        size = 1
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            node = self._node(item, depth + 1)
            items.append(node)
            size += node.size
        return ListNode(mark, [item.value for item in items], size, items)

    def _mapping(self, event: yaml.MappingStartEvent, mark: Mark, depth: int) -> MappingNode:
        self._refuse_tag(event.tag, mark, ("tag:yaml.org,2002:map", "!"))
        entries: dict[str, tuple[Mark, Node]] = {}
        size = 1
        while not isinstance(first := self._next(), yaml.MappingEndEvent):
            key = self._key(first, depth)
            node = self._node(self._next(), depth + 1)
            size += node.size
            if key is None:
                continue
            if key in entries:
                line = entries[key][0].line
                message = f"`{key}` is written twice, first in line {line}"
                self._add(_mark(first), "duplicate-key", message, "keep one of them")
            else:
                entries[key] = (_mark(first), node)
        values: dict[str, Tree] = {key: node.value for key, (_, node) in entries.items()}
        return MappingNode(mark, values, size, entries)

    def _key(self, event: yaml.Event, depth: int) -> str | None:
        """A key as written: `NO`, `2024` and `null` are names here, not values."""
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event.tag, _mark(event), ("tag:yaml.org,2002:str", "!"))
            if unfit_character(event.value) is None:
                return str(event.value)
        self._node(event, depth + 1)
        if not isinstance(event, yaml.ScalarEvent):
            message = "a group or an alias can not be a key"
            self._add(_mark(event), "key", message, "put text that begins with `{` in quotes")
        return None

    def _add(self, mark: Mark, code: str, message: str, hint: str) -> None:
        self.problems.append(self._stop(mark, code, message, hint).problem)
        if len(self.problems) >= 100:
            raise self._stop(mark, "too-many", "there are too many problems", "mend those first")

    def _stop(self, mark: Mark, code: str, message: str, hint: str) -> _StoppedError:
        return _StoppedError(Problem(self.file, mark.line, mark.column, code, message, hint))

    def _too_many(self, mark: Mark) -> _StoppedError:
        message = f"the file stands for more than {MAX_VALUES:,} values"
        return self._stop(mark, "too-large", message, "make it shorter, with fewer aliases")

    def _unprintable(self, error: yaml.reader.ReaderError) -> _StoppedError:
        line, column = place_of(self.text, error.position)
        message = f"the file holds a control character (U+{ord(self.text[error.position]):04X})"
        return self._stop(
            Mark(line, column, error.position), "control-character", message, "take it out"
        )


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    assert start is not None  # PyYAML's own parser always knows
    return Mark(start.line + 1, start.column + 1, start.index)


def _end(event: yaml.Event) -> int:
    assert event.end_mark is not None
    return event.end_mark.index
