"""The text part of a mail, made from its HTML where the template has none.

HTML is rendered with marks in place of values; inscriptis turns each distinct marked page into text
once, and values are filled into both. So it costs nothing per customer, and what a stranger wrote
is never read as HTML.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from markupsafe import escape

from outreach.rendering.sandbox import MARK, MARK_END

_LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
_MANY_BLANKS = re.compile(r"\n\s*\n\s*\n")


@dataclass(frozen=True, slots=True)
class _Holes:
    """A text cut where values stand: pieces, and which of them take which value."""

    pieces: tuple[str, ...]
    holes: tuple[tuple[int, int], ...]  # position among the pieces, number of the value

    def fill(self, values: Sequence[str]) -> str:
        pieces = list(self.pieces)
        for position, number in self.holes:
            pieces[position] = values[number]
        return "".join(pieces)


def fill(marked: str, values: Sequence[str]) -> tuple[str, str]:
    """The page with its values escaped, and its text with the values as they are."""
    page, text = _cut_page(marked)
    return page.fill([str(escape(value)) for value in values]), text.fill(values)


@lru_cache(maxsize=256)
def _cut_page(marked: str) -> tuple[_Holes, _Holes]:
    return _cut(marked), _cut(text_of(marked))


def _cut(marked: str) -> _Holes:
    first, *rest = marked.split(MARK)
    pieces, holes = [first], []
    for part in rest:
        number, _, text = part.partition(MARK_END)
        holes.append((len(pieces), int(number)))
        pieces += ["", text]
    return _Holes(tuple(pieces), tuple(holes))


def text_of(html: str) -> str:
    """A page's text: links as `words <address>`, paragraphs apart, no markup."""
    from inscriptis import get_text  # type: ignore[import-untyped]  # and with it lxml
    from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

    text = get_text(html, ParserConfig(display_links=True))
    text = _LINK.sub(_link, text)
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return _MANY_BLANKS.sub("\n\n", "\n".join(lines)) + "\n"


def _link(match: re.Match[str]) -> str:
    words, address = match[1].strip(), unescape(match[2])
    if not address or address.startswith("#"):
        return words
    return address if words in ("", address) else f"{words} <{address}>"
