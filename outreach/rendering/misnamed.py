"""Files of a template's folder that are never read because their name is not quite right."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from outreach.errors import Problem
from outreach.rendering.locales import is_locale
from outreach.rendering.sources import Sources, split_name

_READ = ("subject.txt", "body.html", "body.txt", "sms.txt", "task.txt")
_STEMS = {"subject": ("txt",), "body": ("html", "txt"), "sms": ("txt",), "task": ("txt",)}
_JOINED = re.compile(r"(subject|body|sms|task)[-_ ]([a-z]{2,3}(?:[-_][a-z]+)*)", re.IGNORECASE)


def misnamed(sources: Sources) -> Iterator[Problem]:
    """A warning for each file whose name looks as if it was meant to be read."""
    for path in sorted(sources.files):
        folder, _, file_name = path.rpartition("/")
        meant = _meant(file_name) if folder == sources.folder else ""
        if meant and meant != file_name:
            small = meant == file_name.lower()
            hint = f"rename it to `{meant}`" if small else f"did you mean `{meant}`?"
            yield Problem(path, 0, 0, "warning-unread", "is never read", hint)


def _meant(file_name: str) -> str:
    """The name that was probably meant; the name itself or "" where nothing is wrong with it."""
    name = split_name(file_name)
    stem, ending = name.stem.lower(), name.extension.lower()
    locale = f".{name.locale}" if name.locale else ""
    joined = _JOINED.fullmatch(name.stem)
    if joined is not None and is_locale(joined[2]):
        stem, locale = joined[1].lower(), f".{joined[2].replace('_', '-')}"
    if stem in _STEMS:
        html = ending.startswith(("htm", "xhtm")) and "html" in _STEMS[stem]
        ending = ending if ending in _STEMS[stem] else "html" if html else "txt"
        return f"{stem}{locale}.{ending}"
    if "." in stem:  # an unknown language is told by itself
        return ""
    close = get_close_matches(f"{stem}.{ending}", _READ, n=1, cutoff=0.8)
    return close[0].replace(".", f"{locale}.") if close else ""
