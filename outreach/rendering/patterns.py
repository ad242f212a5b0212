"""Patterns of dates and times as people write them elsewhere, and what is meant by them here."""

import re
from collections.abc import Iterator, Mapping

from jinja2 import nodes

from outreach.rendering.walking import all_of

LENGTHS = ("short", "medium", "long", "full")
_QUOTED = re.compile(r"'[^']*'")  # plain words in a CLDR pattern
_RUN = re.compile(r"([A-Za-z])\1*")
_PERCENT = re.compile(r"%-?([A-Za-z])")
_PERCENTS = {
    "d": "dd", "e": "d", "m": "MM", "b": "MMM", "B": "MMMM", "y": "yy", "Y": "yyyy", "a": "EEE",
    "A": "EEEE", "H": "HH", "I": "hh", "M": "mm", "S": "ss", "p": "a",
}  # fmt: skip
# Unicode TR 35, Date Field Symbols.
_LETTERS = {"date": frozenset("GyYuQqMLwWdDEec"), "time": frozenset("abBhHkKmsSzZvVOxX")}
_MEANT = {
    "date": {"D": "d", "T": "d", "Y": "y", "J": "y", "m": "M", "n": "M"},
    "time": {"M": "m", "S": "s", "i": "m"},
}
_FRENCH = {"J": "d", "A": "y", "M": "M"}
_EXAMPLES = {"date": "d MMMM yyyy", "time": "HH:mm"}
_WHY = {
    ("date", "D"): "`D` is the day of the year",
    ("date", "Y"): "`Y` is the year that a week belongs to",
    ("date", "m"): "`m` is minutes",
    ("time", "M"): "`M` is the month",
    ("time", "S"): "`S` is a part of a second",
}


def misread_patterns(tree: nodes.Template) -> Iterator[tuple[nodes.Filter, str, str, str]]:
    """`date` and `time` with a pattern that says something else than was meant.

    Each with the pattern, message and hint.
    """
    for node in all_of(tree, nodes.Filter):
        given = [*node.args, *(each.value for each in node.kwargs if each.key == "pattern")]
        if node.name not in _LETTERS or not given or not isinstance(given[0], nodes.Const):
            continue
        pattern = given[0].value
        if isinstance(pattern, str) and (why := _fault(node.name, pattern)):
            message = f"`{pattern}` is no pattern of a {node.name}: {why}"
            yield node, pattern, message, _hint(node.name, pattern)


def _fault(name: str, pattern: str) -> str:
    """Why the pattern is none, or hardly meant; empty where it is in order."""
    if pattern in LENGTHS:
        return ""
    if "%" in pattern:
        return "its parts are letters without `%`"
    runs = {run[0] for run in _RUN.finditer(_QUOTED.sub("", pattern))}
    letters = {run[0] for run in runs}
    for letter in sorted(letters - _LETTERS[name]):
        other = "time" if name == "date" else "date"
        if (name, letter) in _WHY:
            return _WHY[name, letter]
        if letter in _LETTERS[other]:
            return f"`{letter}` belongs to a {other}"
        return f"`{letter}` stands for nothing, and words stand in single quotes"
    for letter, beside in (("D", "dMLYE"), ("Y", "dMLy"), ("S", "hH")):
        if letter in letters and letters & set(beside) and not ("w" in letters and letter == "Y"):
            return _WHY[name, letter]
    longest = {"d": 2, "D": 3, "h": 2, "H": 2, "m": 2, "s": 2}
    long = next((run for run in sorted(runs) if len(run) > longest.get(run[0], 6)), "")
    return f"`{long}` is too long" if long else ""


def _hint(name: str, pattern: str) -> str:
    meant = _meant(name, pattern)
    if meant and not _fault(name, meant):
        quote = '"' if "'" in meant else "'"
        return f"write `{name}({quote}{meant}{quote})`"
    if name == "date" and set(pattern) & {*"hHs"}:
        return "print both: `|date('dd.MM.yyyy')` and `|time('HH:mm')`"
    return f"write for example `{name}('{_EXAMPLES[name]}')`, or `{name}('long')`"


def _meant(name: str, pattern: str) -> str:
    if "%" in pattern:
        return _PERCENT.sub(lambda found: _PERCENTS.get(found[1], "?"), pattern)
    letters: Mapping[str, str] = _MEANT[name]
    if name == "date" and {"J", "A"} <= set(pattern):
        letters = _FRENCH
    return _RUN.sub(lambda run: letters.get(run[1], run[1]) * len(run[0]), pattern)
