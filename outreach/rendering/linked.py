"""Finds the links in a part's syntax trees, and lets their addresses pass through a filter."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape

from jinja2 import nodes

from outreach.rendering.spliced import Span, splice, text_of
from outreach.rendering.tree import Part
from outreach.rendering.walking import all_of

FILTER = "_link"
NOT_COUNTED = re.compile(r"""data-track\s*=\s*["']?(no|off|false)\b""", re.IGNORECASE)
_HREF = re.compile(r"""(?i)(?<![\w-])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_TAG = re.compile(r"<([A-Za-z][\w:-]*)[^<>]*$")
_NO_LINKS = frozenset({"link", "base"})  # tags whose `href` nobody follows
_URL = re.compile(r"https?://[\x01!#-;=?-Z\[\]_a-z~%]+", re.IGNORECASE)  # ASCII: 。 ends it as well
_BEHIND = ".,;:!?)]'"  # ends a sentence, not an address
_OUT = "unsubscribe_url"


def link_all(part: Part, *, html: bool) -> frozenset[str]:
    """Put every link's address through the filter; texts that are addresses by themselves.

    Left alone are ways out, tags with `data-track="no"`, and in a text what may go on behind the
    piece of template that it stands in.
    """
    texts: set[str] = set()
    for path, tree in part.trees.items():
        ends = {} if html else _ends(tree, path == part.main)
        for output in all_of(tree, nodes.Output):
            _link(output, html, ends.get(id(output), False))
        texts.update(each.value for each in all_of(tree, nodes.Const) if _is_text(each))
    return frozenset(texts)


def _is_text(const: nodes.Const) -> bool:
    return isinstance(const.value, str)


def _link(output: nodes.Output, html: bool, ends: bool) -> None:
    text = text_of(output)
    spans = list(_in_page(text) if html else _in_text(text, ends))
    read: Callable[[str], str] = unescape if html else str
    splice(output, spans, lambda inside: _filtered(inside, read, output.lineno))


def _in_page(text: str) -> Iterator[Span]:
    for found in _HREF.finditer(text):
        start, end = next(found.span(group) for group in (1, 2, 3) if found[group] is not None)
        tag = _TAG.search(text, 0, found.start())
        behind = text.find(">", end)
        around = text[tag.start() if tag else 0 : behind if behind >= 0 else len(text)]
        ours = tag is None or tag[1].lower() not in _NO_LINKS
        if ours and start < end and NOT_COUNTED.search(around) is None:
            yield start, end


def _in_text(text: str, ends: bool) -> Iterator[Span]:
    for found in _URL.finditer(text):
        end = found.end()
        if end == len(text) and not ends:
            continue
        while text[end - 1] in _BEHIND:
            end -= 1
        yield found.start(), end


def _filtered(
    inside: Sequence[nodes.Expr], read: Callable[[str], str], line: int
) -> Iterator[nodes.Expr]:
    if any(_names_way_out(each) for each in inside):
        yield from inside
        return
    parts: list[nodes.Expr] = [
        nodes.Const(read(each.data), lineno=line) if isinstance(each, nodes.TemplateData) else each
        for each in inside
    ]
    alone = len(parts) == 1 and isinstance(parts[0], nodes.Const)
    what = parts[0] if alone else nodes.List(parts, lineno=line)
    yield nodes.Filter(what, FILTER, [], [], None, None, lineno=line)


def _names_way_out(node: nodes.Expr) -> bool:
    names = [node] if isinstance(node, nodes.Name) else all_of(node, nodes.Name)
    return any(isinstance(each, nodes.Name) and each.name == _OUT for each in names)


def _ends(tree: nodes.Template, is_main: bool) -> dict[int, bool]:
    """By output whether an address at its very end is whole: a blank follows, or nothing."""
    found: dict[int, bool] = {}
    _look_behind(tree.body, is_main, found)
    return found


def _look_behind(body: Sequence[nodes.Node], follows: bool, found: dict[int, bool]) -> None:
    for index, node in enumerate(body):
        behind = _begins_apart(body[index + 1 :], follows)
        if isinstance(node, nodes.Output):
            found[id(node)] = behind
        elif isinstance(node, nodes.If):
            for branch in (node.body, node.else_, *(each.body for each in node.elif_)):
                _look_behind(branch, behind, found)
        elif isinstance(node, nodes.For):
            _look_behind(node.body, behind and _begins_apart(node.body, False), found)
            _look_behind(node.else_, behind, found)


def _begins_apart(body: Sequence[nodes.Node], follows: bool) -> bool:
    """Whether what these print begins with a blank; `follows`: so does what comes behind them."""
    if not body:
        return follows
    node, rest = body[0], body[1:]
    if isinstance(node, nodes.Output):
        text = text_of(node)
        return _begins_apart(rest, follows) if not text else text[0].isspace()
    behind = _begins_apart(rest, follows)
    if isinstance(node, nodes.If):
        branches = (node.body, node.else_, *(each.body for each in node.elif_))
        return all(_begins_apart(branch, behind) for branch in branches)
    if isinstance(node, nodes.For):
        return behind and _begins_apart(node.body, behind)
    return behind if isinstance(node, nodes.Assign | nodes.ExprStmt) else False
