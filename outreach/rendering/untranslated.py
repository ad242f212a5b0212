"""Parts of a message that are in one language while the others are in the reader's."""

import re
from collections.abc import Iterator, Mapping

from outreach.errors import WARNING, Problem
from outreach.rendering.locales import chain, choose
from outreach.rendering.sources import Sources

_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")


def untranslated(sources: Sources, channels: frozenset[str]) -> Iterator[Problem]:
    """A warning for each subject, and each text message, that a language of the mail lacks.

    Also for a mail that a language of the text message lacks. A task is for staff.
    """
    if "email" not in channels:
        return
    mails = {
        **sources.locales("body", "txt"),
        **sources.locales("body", "mjml"),
        **sources.locales("body", "html"),
    }
    subjects = sources.locales("subject", "txt")
    for locale, path, other in _in_another(sources, mails, subjects):
        if _has_words(sources, other):
            message = f"the mail in `{locale}` has the subject of `{_name(other)}`"
            hint = f"add `subject.{locale}.txt`"
            yield Problem(path, 0, 0, f"{WARNING}untranslated", message, hint)
    texts = sources.locales("sms", "txt") if "sms" in channels else {}
    for locale, path, other in _in_another(sources, mails, texts):
        message = f"who reads the mail in `{locale}` gets the text message of `{_name(other)}`"
        hint = f"add `sms.{locale}.txt`"
        yield Problem(path, 0, 0, f"{WARNING}untranslated", message, hint)
    for locale, path, other in _in_another(sources, texts, mails):
        message = f"who reads the text message in `{locale}` gets the mail of `{_name(other)}`"
        hint = f"add `body.{locale}.{other.rpartition('.')[2]}`"
        yield Problem(path, 0, 0, f"{WARNING}untranslated", message, hint)


def _in_another(
    sources: Sources, files: Mapping[str, str], others: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Locale and path of each file whose reader gets, of the others, one in another language."""
    brand = sources.brand_locale
    for locale, path in sorted(files.items()):
        chosen = choose(locale, brand, frozenset(others)) if locale else None
        if chosen is not None and not {*chain(chosen or brand)} & {*chain(locale)}:
            yield locale, path, others[chosen]


def _has_words(sources: Sources, path: str) -> bool:
    try:
        text = sources.text(path)
    except ValueError:
        return False  # told where it is read
    return _LETTER.search(_TAGS.sub("", text)) is not None


def _name(path: str) -> str:
    return path.rpartition("/")[2]
