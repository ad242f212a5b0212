"""What somebody may have meant by a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, words: Iterable[str]) -> str | None:
    """The known word most like `word`, whatever its case; None when nothing is near."""
    known = {each.lower(): each for each in sorted(words)}
    matches = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return known[matches[0]] if matches else None


def did_you_mean(word: str, words: Iterable[str], *, listing: str = "") -> str:
    """A hint for an unknown word: the nearest known one, else `listing` and all of them if few."""
    known = sorted(words)
    match = closest(word, known)
    if match is not None:
        return f"did you mean `{match}`?"
    if listing and known:
        shown = ", ".join(f"`{each}`" for each in known[:20])
        return f"{listing} {shown}" + (" …" if len(known) > 20 else "")
    return ""
