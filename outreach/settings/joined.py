"""Several values or expressions that are written as one, or the other way round."""

import re

from pydantic import BeforeValidator

from outreach.documents import RefusalError

_JOINED = re.compile(
    r"\s*[,;/+&]\s*|\s+(?:or|and|then|else|oder|und|sonst|ou|et)\s+", re.IGNORECASE
)
_COMMAS = re.compile(r"\s*[,;]\s*")
_WORD = re.compile(r"[^\W\d][\w-]*")


def several(written: object, *, words: bool = True) -> list[str]:
    """The names in a text such as `email or sms`; none where it is one name, or no text.

    Without `words` only commas stand between them.
    """
    pattern = _JOINED if words else _COMMAS
    names = pattern.split(written.strip()) if isinstance(written, str) else []
    names = [name for name in names if name]
    return names if len(names) > 1 else []


def of_a_list(what: str, *, words: bool = True, why: str = "") -> BeforeValidator:
    """Refuses several of them in one text."""

    def read(written: object) -> object:
        if names := several(written, words=words):
            hint = f"write `[{', '.join(names)}]`{why}"
            raise RefusalError(f"several {what} are a list", hint)
        return written

    return BeforeValidator(read)


def are_words(written: object) -> bool:
    """Whether it is a list of single words."""
    return isinstance(written, list) and all(
        isinstance(each, str) and _WORD.fullmatch(each) for each in written
    )


def one_expression(written: object, operator: str) -> object:
    """Refuses a list of expressions; of words that may be tags it says how tags are named."""
    if not isinstance(written, list) or not written:
        return written
    if not all(isinstance(each, str) for each in written):
        return written
    if are_words(written) and any("-" in each for each in written):
        hint = f"to name tags write `{{tags: [{', '.join(written)}]}}`"
        raise RefusalError("this must be a group of keys, not a list", hint)
    whole = f" {operator} ".join(f"({each})" if " " in each else each for each in written)
    quoted = f'"{whole}"' if '"' not in whole else f">- {whole}"
    hint = f"join them with `{operator}`: `{quoted}`"
    if are_words(written):
        hint = f"to name tags write `{{tags: [{', '.join(written)}]}}`; or {hint}"
    raise RefusalError("this must be one expression, not a list", hint)


def all_of(written: object) -> object:
    """The same where all must hold."""
    return one_expression(written, "and")
