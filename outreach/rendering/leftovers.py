"""Placeholders of other mailing tools, which a template would print as they stand."""

import re
from collections.abc import Collection
from difflib import get_close_matches

from outreach.errors import Problem

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_UNSEEN = re.compile(r"<(style|script)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_WORD = r"\s*([A-Za-z_][A-Za-z_. ]{1,30}?)\s*"
_KINDS = (
    re.compile(rf"\$?\{{{_WORD}\}}"),
    re.compile(r"%([A-Za-z_]{3,30})%"),
    re.compile(rf"<<{_WORD}>>"),
    re.compile(rf"&lt;&lt;{_WORD}&gt;&gt;"),
    re.compile(r"\*\|([A-Za-z_]{2,30})\|\*"),
    re.compile(rf"\[\[{_WORD}\]\]"),
)
_BRACKETS = re.compile(r"\[([A-Za-z_ ]{3,30})\]")  # may be meant: told only if it is like a name
_OURS = {
    "fname": "first_name",
    "lname": "last_name",
    "name": "first_name",
    "unsub": "unsubscribe_url",
}


def leftovers(path: str, text: str, names: Collection[str]) -> list[Problem]:
    """A warning for each thing in the text that looks like a placeholder and is none of ours."""
    seen = _JINJA.sub(_blank, text)
    if path.endswith(".html"):
        seen = _UNSEEN.sub(_blank, seen)
    found = []
    for kind in (*_KINDS, _BRACKETS):
        for match in kind.finditer(seen):
            meant = _meant(match[1], names, 0.85 if kind is _BRACKETS else 0.6)
            if meant or kind is not _BRACKETS:
                found.append(_warning(path, seen, match, meant))
    return found


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "\0", match[0])


def _meant(word: str, names: Collection[str], likeness: float) -> str:
    plain = re.sub(r"\W+", "_", word.strip()).lower()
    if plain in _OURS:
        return _OURS[plain]
    if plain in names:
        return plain
    close = get_close_matches(plain, sorted(names), n=1, cutoff=likeness)
    return close[0] if close else ""


def _warning(path: str, text: str, match: re.Match[str], meant: str) -> Problem:
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
    hint = f"write `{{{{ {meant} }}}}`" if meant else "names are printed by `{{ … }}`"
    message = f"`{match[0]}` is printed as it stands"
    return Problem(path, line, column, "warning-placeholder", message, hint)
