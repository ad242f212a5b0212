"""A text of a YAML file as it stands there: each of its characters with line and column."""

import re
from dataclasses import dataclass, field

_ESCAPES = {  # what stands for one character
    "'": re.compile(r"''"),
    '"': re.compile(r"\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|.)"),
}
_BLANKS = {'"': re.compile(r"(?:\s|\\[ nt\t]|\\\r?\n)*")}
_ONE, _PLAIN_BLANKS = re.compile(r".", re.DOTALL), re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text as it stands in the file, from its first visible character at `line`, `column`.

    Line breaks are kept wherever that does not change what the text says. `marks` are line and
    column of each character, and of the end.
    """

    source: str
    line: int
    column: int
    marks: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)


def passage_of(text: str, begin: int, end: int, style: str | None, value: str) -> Passage:
    """The scalar between two indexes of a file's text that says `value`; `style` as in ScalarNode.

    In block scalars the place is that of the text itself, not of the `|` before it.
    """
    start, end = _inner(text, begin, end, style)
    raw = text[start:end]
    start += len(raw) - len(raw.lstrip())
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    source = raw.strip().replace("\r\n", "\n")
    if " ".join(source.split()) != " ".join(value.split()) or _breaks_a_quote(source):
        source = value.strip()
    elif column > 1:
        source = re.sub(rf"\n[ ]{{1,{column - 1}}}", "\n", source)
    return Passage(source, line, column, _marks(text, start, (line, column), source, style))


def _inner(text: str, begin: int, end: int, style: str | None) -> tuple[int, int]:
    """Indexes of a scalar's text without quotes or the header line of a block."""
    if style in ("|", ">"):
        header_end = text.find("\n", begin, end)
        return (header_end + 1 if header_end >= 0 else end), end
    return (begin + 1, end - 1) if style in ("'", '"') else (begin, end)


def _breaks_a_quote(source: str) -> bool:
    """Whether a quoted piece inside the text runs over a line's end: YAML folds that line break."""
    lines = source.split("\n")
    return len(lines) > 1 and any(line.count("'") % 2 or line.count('"') % 2 for line in lines)


def _marks(
    text: str, at: int, place: tuple[int, int], source: str, style: str | None
) -> tuple[tuple[int, int], ...]:
    """Where each character of `source` stands; blanks stand where their run begins."""
    escape, blanks = _ESCAPES.get(style or "", _ONE), _BLANKS.get(style or "", _PLAIN_BLANKS)
    (line, column), found = place, []
    for run in re.finditer(r"\s+|\S", source):
        found += [(line, column)] * len(run[0])
        step = (blanks if run[0].isspace() else escape).match(text, at)
        end = step.end() if step else at + 1
        broken = text.count("\n", at, end)
        line += broken
        column = end - text.rfind("\n", at, end) if broken else column + end - at
        at = end
    return (*found, (line, column))
