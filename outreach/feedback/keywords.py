"""Words that a text may consist of to opt out, back in, or ask who writes (COMPLIANCE SMS 10)."""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum


class Keyword(StrEnum):
    """What a text asks for by a word alone."""

    STOP = "stop"  # no more texts
    START = "start"  # texts again
    HELP = "help"  # who writes, and how it ends


_WORDS = {
    Keyword.STOP: (
        "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout",
    ),
    Keyword.START: ("start", "unstop"),
    Keyword.HELP: ("help", "info"),
}  # fmt: skip
# How a sign before them is drawn: of an emoji, say. They are no letters, though Unicode says marks.
_VARIATIONS = dict.fromkeys(range(0xFE00, 0xFE10))
_BY_WORD = {word: keyword for keyword, words in _WORDS.items() for word in words}


def keyword_of(text: str, stop_words: Iterable[str] = ()) -> Keyword | None:
    """The keyword that the whole text is, in any case, with any punctuation; None: it is a text.

    `stop_words` opt out as well: those of outreach.yaml. `nonstop`, `stop it now` are texts.
    """
    word = _plain(text)
    if word and word in {_plain(each) for each in stop_words}:
        return Keyword.STOP
    return _BY_WORD.get(word)


def _plain(text: str) -> str:
    """Letters and digits alone, whatever their case, width and composition; or the text itself."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    shown = folded.translate(_VARIATIONS)
    letters = "".join(each for each in shown if unicodedata.category(each)[0] in "LMN")
    return letters or folded.strip()
