"""Template text to Jinja's syntax tree whose line numbers know their column, errors too."""

import re
from collections.abc import Iterator

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from outreach.documents import numeral_fault
from outreach.rendering.trans import Trans

_PARSER = Environment(autoescape=False, extensions=[Trans])  # noqa: S701 - parses only, never renders
_AT = re.compile(r" at (\d+)$")
_BEGINS = {"comment": "{#", "raw": "{%"}


class Line(int):
    """A line's number, counted from 1, with the column of what it is told of."""

    column: int

    def __new__(cls, line: int, column: int = 1) -> "Line":
        """A line with a column, both counted from 1."""
        made = super().__new__(cls, line)
        made.column = column
        return made


class BadTemplateError(Exception):
    """Raised when Jinja can not read a template; `offset` is where it stumbles.

    `tag` is where the innermost tag begins in which it does.
    """

    def __init__(self, message: str, offset: int, tag: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.tag = tag


def line_at(text: str, offset: int) -> Line:
    """The line and column of a character."""
    return Line(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def offset_of(text: str, line: int) -> int:
    """The offset of a line's first character, or of its column if it is known."""
    found = 0
    for _ in range(line - 1):
        found = text.find("\n", found) + 1 or len(text)
    return found + (line.column - 1 if isinstance(line, Line) else 0)


def read_tree(path: str, text: str) -> nodes.Template:
    """The syntax tree of a text with `\\n` line ends; the `lineno` of each node is a Line.

    BadTemplateError where there is a fault, RecursionError where it is nested too deeply.
    """
    tokens = _Tokens(text)
    parser = Parser(_PARSER, "", path)
    try:
        wrapped = _PARSER.lexer.wrap(iter(tokens), path)
        parser.stream = TokenStream(wrapped, path, None)
        return parser.parse()
    except TemplateSyntaxError as error:
        offset = offset_of(text, error.lineno)
        message = _AT.sub("", error.message or "")
        raise BadTemplateError(message, offset, tokens.tag) from error


class _Tokens:
    """Jinja's tokens with a Line each; `tag` is the offset at which the last tag began."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tag = 0
        self._at = 0

    def __iter__(self) -> Iterator[tuple[int, str, str]]:
        line, counted = 1, 0  # the lines before `counted`
        try:
            for _, token, value in _PARSER.lexer.tokeniter(self.text, None):
                # `{%-` and `-%}` let Jinja pass over blanks without a word.
                start = self.text.index(value, self._at) if value else self._at
                line += self.text.count("\n", counted, start)
                counted = start
                if token.endswith("_begin"):
                    self.tag = start
                self._at = start
                if fault := numeral_fault(token, value):
                    raise TemplateSyntaxError(fault, line)
                self._at += len(value)
                column = start - self.text.rfind("\n", 0, start)
                yield Line(line, column), token, value
        except TemplateSyntaxError as error:  # it knows lines only
            at = self._place(error.message or "")
            raise TemplateSyntaxError(error.message or "", line_at(self.text, at)) from error

    def _place(self, message: str) -> int:
        found = _AT.search(message)
        if found:
            return int(found[1])
        unclosed = next((begin for kind, begin in _BEGINS.items() if kind in message), None)
        return self._at if unclosed is None else self.tag
