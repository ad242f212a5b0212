"""Files of a template's folder that are never read: misnamed, or of what there is not yet."""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from outreach.campaign.load import LATER_CHANNELS
from outreach.errors import Problem
from outreach.rendering.locales import is_locale
from outreach.rendering.sources import Name, Sources, split_name, used_by
from outreach.vocabulary import WRITTEN_TASKS

_READ = ("subject.txt", "body.html", "body.mjml", "body.txt", "sms.txt", "task.txt")
_STEMS = {"subject": ("txt",), "body": ("html", "mjml", "txt"), "sms": ("txt",), "task": ("txt",)}
_JOINED = re.compile(r"(subject|body|sms|task)[-_ ]([a-z]{2,3}(?:[-_][a-z]+)*)", re.IGNORECASE)


def misnamed(sources: Sources) -> Iterator[Problem]:
    """A warning for each file whose name looks as if it was meant to be read."""
    for path in sorted(sources.files):
        file_name = path.rpartition("/")[2]
        meant = _meant(file_name) if sources.is_own(path) else ""
        if meant and meant != file_name:
            small = meant == file_name.lower()
            hint = f"rename it to `{meant}`" if small else f"did you mean `{meant}`?"
            yield _unread(path, hint)


def unread(
    files: Mapping[str, bytes],
    templates: Mapping[str, Collection[str]],
    attached: Collection[str] = (),
) -> Iterator[Problem]:
    """A warning for each file of the `templates` that no message is made of, with what to do.

    Each with the variants that its campaigns compare. Misnamed ones and those that are `attached`
    aside. What another file names may be included there, and is taken as read.
    """
    for template, variants in templates.items():
        own = dict(used_by(template, files))
        within = [f"templates/{each}/" for each in templates if each.startswith(f"{template}/")]
        for path in own:
            rest = path.removeprefix(f"templates/{template}/")
            file_name = rest.rpartition("/")[2]
            name = split_name(file_name)
            spellings = {file_name.encode(), f"{name.stem}.{name.extension}".encode()}
            plain = f"{name.stem}.{name.extension}"
            if {rest.removeprefix("attachments/"), file_name, plain} & set(attached):
                continue
            if (name.stem, name.extension) == ("messages", "po"):
                continue
            variant, _, inside = rest.partition("/")
            rest = inside if variant in variants else rest
            if rest == path or path.startswith(tuple(within)) or _is_part(rest, name):
                continue
            others = [text for other, text in own.items() if other != path]
            if not any(each in text for each in spellings for text in others):
                yield _unread(path, _instead(rest, name))


def perhaps_variants(template: str, files: Mapping[str, bytes]) -> set[str]:
    """The folders in a template's that hold parts of a message: variants, once a campaign names them."""
    found = set()
    for path in dict(used_by(template, files)):
        folder, _, inside = path.removeprefix(f"templates/{template}/").partition("/")
        if split_name(inside).stem in _STEMS:
            found.add(folder)
    return found


def _is_part(rest: str, name: Name) -> bool:
    """Whether the file is a part of a message, or told as one that was meant to be."""
    is_right_here = "/" not in rest
    return is_right_here and (name.stem.partition(".")[0] in _STEMS or bool(_meant(rest)))


def _instead(rest: str, name: Name) -> str:
    """What to do about a file that is never read."""
    if name.stem in WRITTEN_TASKS:
        first_line = f"`{name.stem}: …` as its first line"
        return f"put the text into `task.txt`, with {first_line}; see docs/tasks.md"
    if name.stem in LATER_CHANNELS:
        return f"channel `{name.stem}` is not supported yet: take the file out"
    if "/" in rest and name.stem in _STEMS:
        variant = rest.partition("/")[0]
        return f"name `{variant}` among the `variants` of an `experiment`, or take it out"
    return "include it in a file that is read, or take it out"


def _unread(path: str, hint: str) -> Problem:
    return Problem(path, 0, 0, "warning-unread", "is never read", hint)


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
