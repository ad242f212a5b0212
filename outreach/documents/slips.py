"""Well-known slips in how YAML is typed, found in the lines around a syntax error."""

import re
from typing import NamedTuple

HARD_SPACE = "\u00a0"
LONGEST_LINE = 1_000  # characters: nobody types longer ones, and the patterns would take long
MOST_LINES = 200  # above an error, in which a quote that is left open is looked for
_HARD_SPACE_SAID = ("this is a hard space (U+00A0), not a space", "type it anew")
_CLOSED = re.compile(
    r"^(?P<before>\s*(?:- )?(?:.*?[{,]\s*)?(?P<key>[\w-]+):\s+)"
    r"(?P<whole>(?P<quote>['\"])(?:(?!(?P=quote)).)*(?P=quote)\s*(?P<rest>[^\s,}\]#:][^}]*))"
)
_ONE = r"(?:'[^']*'|\"[^\"]*\")"
_SEVERAL = re.compile(
    rf"^\s*(?:- )?(?P<key>[\w-]+):\s+(?P<all>{_ONE}(?:\s*,\s*(?:{_ONE}|[\w@.-]+))+),?\s*(?:#.*)?$"
)
_OPENED = re.compile(r"^\s*(?:- )?[\w-]+:\s+(?P<quote>['\"])")
_NO_SPACE = re.compile(r"^\s*(?:- )?(?:.*?[{,]\s*)?(?P<key>[a-z_]+):(?P<value>(?!//)[^\s:,}].*)$")
_DASH = re.compile(r"^\s*-(?P<key>[a-z_]+):")


class Slip(NamedTuple):
    """What is wrong at a place, counted from 1, and what to write."""

    line: int
    column: int
    message: str
    hint: str


def slip_near(text: str, line: int) -> Slip | None:
    """The slip that most likely made `line` (from 1) unreadable: in it, or right above it."""
    lines = text.split("\n")
    near = [
        number
        for number in (line, *range(line - 1, max(line - 4, 0), -1))
        if 0 < number <= len(lines) and len(lines[number - 1]) <= LONGEST_LINE
    ]
    for find in (_hard_space, _several, _goes_on, _no_space):
        for number in near:
            found = find(number, lines[number - 1].rstrip("\r"))
            if found is not None:
                return found
    return _indented_further(lines, line)


def quote_left_open(text: str, index: int) -> Slip | None:
    """The quote that was meant to end in its line, where the next one, right before `index`, ends it."""
    end = text.rfind("\n", 0, index)
    number = text.count("\n", 0, index)
    for line_number in range(number, max(number - MOST_LINES, 0), -1):
        start = text.rfind("\n", 0, end) + 1
        match = _OPENED.match(text[start:end][:LONGEST_LINE])
        if match is not None:
            opened = start + match.start("quote")
            closed = text.find(match["quote"], opened + 1, index)
            if closed > end and not text[closed + 1 : index].strip():
                hint = f"close it with `{match['quote']}` in its line"
                message = "a quote is opened and not closed"
                return Slip(line_number, opened - start + 1, message, hint)
        end = start - 1
    return None


def missing_space(key: str) -> str:
    """A hint for a key that was typed with its value or its dash: `at_most:1`, `-id`."""
    if HARD_SPACE in key:
        return f"{_HARD_SPACE_SAID[0]}: {_HARD_SPACE_SAID[1]}"
    name, colon, value = key.partition(":")
    if colon and name and value:
        return f"write a space after `:`, as in `{name}: {value}`"
    return f"write a space after `-`, as in `- {key[1:]}:`" if key[:1] == "-" and key[1:] else ""


def _hard_space(number: int, line: str) -> Slip | None:
    column = line.find(HARD_SPACE)
    typed = column >= 0 and (not line[:column].strip() or line[:column].rstrip()[-1] in ":-,[{")
    return Slip(number, column + 1, *_HARD_SPACE_SAID) if typed else None


def _several(number: int, line: str) -> Slip | None:
    match = _SEVERAL.match(line)
    if match is None:
        return None
    values = [each.strip("'\"") for each in re.findall(rf"{_ONE}|[^\s,]+", match["all"])]
    plain = all(re.fullmatch(r"[^\W\d][\w-]*", each) for each in values)
    shown = ", ".join(values) if plain else match["all"]
    hint = f"write `{match['key']}: [{shown}]`"
    return Slip(number, match.start("all") + 1, "several values need brackets", hint)


def _goes_on(number: int, line: str) -> Slip | None:
    match = _CLOSED.match(line)
    if match is None:
        return None
    whole, key = match["whole"].strip(), match["key"]
    other = '"' if match["quote"] == "'" else "'"
    if other not in whole:
        quotes = "double" if match["quote"] == "'" else "single"
        hint = f"put the whole in {quotes} quotes: `{key}: {other}{whole}{other}`"
    else:
        hint = f"write `{key}: >-` and the rest in the next line, indented"
    return Slip(number, match.start("rest") + 1, "the text goes on after the closing quote", hint)


def _no_space(number: int, line: str) -> Slip | None:
    if match := _NO_SPACE.match(line):
        message = f"there is no space after `{match['key']}:`"
        return Slip(number, match.start("key") + 1, message, "write a space after `:`")
    if match := _DASH.match(line):
        message = "there is no space after `-`"
        hint = f"write a space after `-`, as in `- {match['key']}:`"
        return Slip(number, match.start("key"), message, hint)
    return None


def _indented_further(lines: list[str], line: int) -> Slip | None:
    """A line below one with a value, and further to the right."""
    if not 0 < line <= len(lines):
        return None
    here = lines[line - 1]
    for number in range(line - 1, 0, -1):
        above = lines[number - 1]
        if not above.strip() or above.lstrip().startswith("#"):
            continue
        start = _begin(above)
        if _begin(here) <= start or above.rstrip().endswith((":", "|", ">", "-")):
            return None
        message = f"this line is indented further than line {number}"
        hint = f"begin both in the same column, after {start} space{'s' * (start != 1)}"
        return Slip(line, _begin(here) + 1, message, hint)
    return None


def _begin(line: str) -> int:
    """How far a line's first key is indented, behind its dash."""
    return len(line) - len(line.lstrip().removeprefix("-").lstrip())
