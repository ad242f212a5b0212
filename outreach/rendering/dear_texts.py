"""Text messages that cost more than they need: told by `check`, by what stands in the template."""

import re
from collections.abc import Iterator

from outreach.errors import WARNING, Problem
from outreach.rendering.positions import line_at
from outreach.rendering.segments import outside_gsm, segments

LONG = 3  # segments; more is a mail
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MEANT = {
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "–": "-", "—": "-", "…": "...",
    "\u00a0": " ", "\u202f": " ", "\u200b": "", "`": "'", "´": "'",
}  # fmt: skip


def dear(path: str, text: str) -> Iterator[Problem]:
    """Warnings of signs that halve what fits into a segment, and of texts that take many."""
    plain = _JINJA.sub(lambda tag: "\n" * tag[0].count("\n"), text)
    outside = outside_gsm(plain)
    if outside and all(char in _MEANT for char in outside):
        at = min(text.find(char) for char in outside)
        line, char = line_at(text, at), text[at]
        shown = "a space that does not break" if char.isspace() or char == "\u200b" else f"`{char}`"
        message = f"{shown} is not in the GSM alphabet: 70 instead of 160 characters fit a segment"
        meant = _MEANT[char]
        hint = f"write `{meant}`" if meant.strip() else "write a plain space, or nothing"
        yield Problem(path, int(line), line.column, f"{WARNING}segments", message, hint)
        plain = "".join(_MEANT.get(char, char) for char in plain)
    taken = segments(" ".join(plain.split()))
    if taken.segments > LONG:
        message = (
            f"each message takes {taken.segments} segments or more, and is paid for as so many"
        )
        hint = "make it shorter, or send a mail"
        yield Problem(path, 0, 0, f"{WARNING}segments", message, hint)
