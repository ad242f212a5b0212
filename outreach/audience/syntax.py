"""From an expression's text to Jinja's own syntax tree, each node knowing where it begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from outreach.audience.unreadable import ONE_EXPRESSION, unpaired, unreadable
from outreach.documents import numeral_fault

LONGEST = 10_000  # characters
DEEPEST = 60  # levels of the tree
_OPENING = "{{ "
_POSITION = re.compile(r" at \d+$")
_PREFIXED = (nodes.UnaryExpr, nodes.Not, nodes.List, nodes.Tuple, nodes.Dict)
_ENVIRONMENT = Environment(autoescape=False)  # noqa: S701  # nothing is ever rendered


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with an expression, so many characters after its first."""

    offset: int
    code: str
    message: str
    hint: str


def read(source: str) -> nodes.Expr | Fault:
    """The one expression that the text is; the `lineno` of its nodes is an offset in `source`."""
    if not source.strip():
        return Fault(0, "bad-expression", "the expression is empty", ONE_EXPRESSION)
    if len(source) > LONGEST:
        message = f"an expression has at most {LONGEST} characters"
        hint = "give those who are meant a tag when they are imported: `'vip' in tags`"
        return Fault(LONGEST, "bad-expression", message, hint)
    try:
        parser = _parser(source)
        found = parser.parse_expression()
        after = parser.stream.current
        if after.type != "variable_end" or after.lineno < len(source):
            return _trailing(source, after.lineno)
    except TemplateSyntaxError as error:
        offset = min(max(error.lineno, 0), len(source))
        why = _POSITION.sub("", error.message or "").replace("end of print statement", "end")
        offset, message, hint = unreadable(source, offset, why, _shown(source, offset))
        return Fault(offset, "bad-expression", message, hint)
    except RecursionError:
        return _too_deep(0)
    return found if _depth_is_fine(found) else _too_deep(found.lineno)


def _trailing(source: str, offset: int) -> Fault:
    if said := unpaired(source):
        return Fault(said[0], "bad-expression", *said[1:])
    hint = ONE_EXPRESSION
    if source[offset : offset + 1] == "=":
        hint = "to compare write `==`"
    message = f"the expression ends before {_shown(source, offset)}"
    return Fault(offset, "bad-expression", message, hint)


def _parser(source: str) -> Parser:
    parser = Parser(_ENVIRONMENT, "", state="variable")
    tokens = _ENVIRONMENT.lexer.wrap(_offsets(source))
    parser.stream = TokenStream(tokens, None, None)
    next(parser.stream)  # {{
    return parser


def _offsets(source: str) -> Iterator[tuple[int, str, str]]:
    """Jinja's tokens with their offset in place of their line."""
    offset = -len(_OPENING)
    try:
        for _, token, text in _ENVIRONMENT.lexer.tokeniter(f"{_OPENING}{source} }}}}", None):
            if fault := numeral_fault(token, text):
                raise TemplateSyntaxError(fault, offset)
            yield offset, token, text
            offset += len(text)
    except TemplateSyntaxError as error:  # knows its line only
        raise TemplateSyntaxError(error.message or "", max(offset, 0)) from error


def alternatives(source: str) -> list[str]:
    """What a chain of `or` joins, each as written on one line; else the whole.

    The text must be one that `read` can read.
    """
    if not isinstance(read(source), nodes.Or):
        return [" ".join(source.split())]
    starts, depth = [0], 0
    for offset, sort, text in _offsets(source):
        if sort == "operator":
            depth += (text in "([{") - (text in ")]}")
        elif (sort, text, depth) == ("name", "or", 0):
            starts.append(offset + len(text))
    ends = [*(start - len("or") for start in starts[1:]), len(source)]
    return [" ".join(source[start:end].split()) for start, end in zip(starts, ends, strict=True)]


def _shown(source: str, offset: int) -> str:
    words = source[offset:].split()
    return f"`{words[0][:30]}`" if words else "the end"


def _too_deep(offset: int) -> Fault:
    return Fault(
        offset, "bad-expression", f"the expression is nested over {DEEPEST} levels deep",
        "write `x in [a, b, …]` for many values of one name",
    )  # fmt: skip


def _depth_is_fine(node: nodes.Node) -> bool:
    """Whether no branch is too long; level by level, so that no depth can overflow our own stack.

    A chain of one operator counts once: it is flattened.
    """
    level: list[nodes.Node] = [node]
    for _ in range(DEEPEST):
        level = [below for one in level for below in _below(one)]
        if not level:
            return True
    return False


def _below(node: nodes.Node) -> list[nodes.Node]:
    if isinstance(node, nodes.And | nodes.Or):
        return [*operands(node)]
    return [*node.iter_child_nodes()]


def begin(node: nodes.Node) -> int:
    """The offset of the node's first character; Jinja's own is that of its operator."""
    while not isinstance(node, nodes.Literal | nodes.Name):
        below = next(node.iter_child_nodes(), None)
        if below is None or isinstance(node, _PREFIXED):
            break
        node = node.expr1 if isinstance(node, nodes.CondExpr) else below
    return node.lineno


def operands(node: nodes.BinExpr) -> list[nodes.Expr]:
    """What a chain of one operator joins, from the left: `a and b and c` has three."""
    found = [node.right]
    left = node.left
    while type(left) is type(node):
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]
