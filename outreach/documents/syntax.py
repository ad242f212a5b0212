"""What YAML's own errors mean, in plain words."""

import re

import yaml

from outreach.documents.slips import quote_left_open, slip_near
from outreach.errors import Problem

_INDENT = "begin each line of a group in the same column, with spaces"
_QUOTE = "put the text in quotes"

_CLOSES = {"[": "]", "{": "}"}

# A pattern of PyYAML's words → (what and why, how to mend, whether the place is where it began).
_WORDS: tuple[tuple[str, str, str, bool], ...] = (
    (r"found character '\\t'", "a tab can not indent", "use spaces", False),
    (r"found character '(.)'", "a text can not begin with `{0}`", _QUOTE, False),
    (r"mapping values are not allowed", "a `:` where no key can be", f"{_QUOTE}, or {_INDENT}", False),
    (r"could not find expected ':'", "a line without `:`", "write `key: value`", True),
    (r"unexpected end of stream", "a quote is opened and not closed", "close it", True),
    (r"unexpected document separator", "a quote is opened and not closed", "close it", True),
    (r"expected ',' or '\]'", "a `[` is opened and not closed", "close it with `]`", True),
    (r"expected ',' or '\}'", "a `{{` is opened and not closed", "close it with `}`", True),
    (r"expected <block end>", "this line does not fit the lines above it", _INDENT, False),
    (r"expected alphabetic or numeric", "`*` and `&` begin an alias", _QUOTE, False),
    (r"unknown escape character '(.+)'", "`\\{0}` means nothing in double quotes", "use single quotes", False),
    (r"expected the node content", "a value is missing here", "write one, or take the key out", False),
    (r"sequence entries are not allowed", "a `-` where no list can be", _INDENT, False),
    (r"block (mapping|sequence)", "this line does not fit the lines above it", _INDENT, False),
    (r"undefined tag handle|expected URI", "a tag can not be used here", _QUOTE, False),
)  # fmt: skip


def explain(file: str, error: yaml.MarkedYAMLError, text: str) -> Problem:
    """A syntax error as a problem, at the place a person would look at."""
    at = error.problem_mark or error.context_mark
    slip = None
    if at is not None:
        slip = quote_left_open(text, at.index) or slip_near(text, at.line + 1)
    if slip is not None:
        return Problem(file, slip.line, slip.column, "syntax", slip.message, slip.hint)
    said = error.problem or error.context or "it can not be read"
    opened = _left_open(text) if said.endswith("<stream end>'") else None
    if opened is not None:
        bracket = opened[1]
        message = f"a `{bracket}` is opened and not closed"
        return _problem(file, opened[0], message, f"close it with `{_CLOSES[bracket]}`")
    for pattern, message, hint, where_it_began in _WORDS:
        match = re.search(pattern, said)
        if match:
            mark = (error.context_mark if where_it_began else None) or error.problem_mark
            return _problem(file, mark, message.format(*match.groups()), hint)
    return _problem(
        file, error.problem_mark or error.context_mark, f"this is no YAML: {said}", _QUOTE
    )


def _left_open(text: str) -> tuple[yaml.Mark, str] | None:
    """The last bracket that is not closed; None where all are."""
    opened: list[tuple[yaml.Mark, str]] = []
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
                is_list = isinstance(token, yaml.FlowSequenceStartToken)
                opened.append((token.start_mark, "[" if is_list else "{"))
            elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken) and opened:
                opened.pop()
    except yaml.YAMLError:
        return None
    return opened[-1] if opened else None


def _problem(file: str, mark: yaml.Mark | None, message: str, hint: str) -> Problem:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(file, line, column, "syntax", message, hint)


def place_of(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `index`."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def decode(file: str, content: bytes) -> tuple[str, Problem | None]:
    """The bytes as text (UTF-8, a byte order mark is dropped), or what is wrong with them."""
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        place = place_of(before, len(before))
        return "", Problem(file, *place, "encoding", "this is not UTF-8", "save the file as UTF-8")
