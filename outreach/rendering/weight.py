"""What makes a mail heavy, cut off or mute: told by `check` of each language."""

import re
from collections.abc import Iterator

from jinja2 import nodes

from outreach.errors import WARNING, Problem
from outreach.rendering.assets import MANY_BYTES, MOST_BYTES
from outreach.rendering.positions import line_at
from outreach.rendering.read import Source, Variant
from outreach.rendering.walking import all_of

CLIPPED_AT = 102_000  # bytes of a page: behind them Gmail shows "[Message clipped]"
_IMAGE = re.compile(r"<(?:img|mj-image)\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_ALT = re.compile(r"(?<![\w-])alt\s*=", re.IGNORECASE)


def too_heavy(variant: Variant) -> Iterator[Problem]:
    """A problem where the files of a mail are more than servers take."""
    size = _size(variant)
    if size > MOST_BYTES:
        message = f"its pictures and attachments have {_mb(size)}: many servers take no such mail"
        hint = f"at most {_mb(MOST_BYTES)}; link to them instead"
        yield Problem(_path(variant), 0, 0, "too-large", message, hint)


def heavy(variant: Variant) -> Iterator[Problem]:
    """Warnings of mails that take long to send, and of pages that Gmail cuts off."""
    size = _size(variant)
    if MANY_BYTES < size <= MOST_BYTES:
        message = f"its pictures and attachments have {_mb(size)} in each mail"
        hint = "make them smaller, or write `images: hosted`"
        yield Problem(_path(variant), 0, 0, f"{WARNING}heavy", message, hint)
    if variant.html is not None and (page := _fixed_bytes(variant.html)) > CLIPPED_AT:
        message = f"the page has {page // 1000} kB: Gmail cuts it off behind {CLIPPED_AT // 1000}"
        hint = "what is cut off is often the opt-out; make it shorter"
        yield Problem(variant.html.path, 0, 0, f"{WARNING}clipped", message, hint)


def without_words(path: str, text: str) -> Iterator[Problem]:
    """A warning for each picture that nobody can read aloud, nor see where pictures are off."""
    plain = _JINJA.sub(lambda each: "\x01" * len(each[0]), text)
    for found in _IMAGE.finditer(plain):
        if _ALT.search(found[0]) is None:
            line = line_at(text, found.start())
            message = "a picture without `alt`: it says nothing where pictures are not shown"
            hint = 'write alt="what it shows", or alt="" if it is an ornament'
            yield Problem(path, int(line), line.column, f"{WARNING}alt", message, hint)


def _size(variant: Variant) -> int:
    pictures = [] if variant.html is None else list(variant.html.pictures.values())
    files = [*dict.fromkeys(pictures), *(asset for asset, _ in variant.attached)]
    return sum(len(each.encoded) for each in files)


def _fixed_bytes(source: Source) -> int:
    """What a page has at least: the text of its templates."""
    data = (
        each.data
        for tree in source.part.trees.values()
        for each in all_of(tree, nodes.TemplateData)
    )
    return sum(len(each.encode()) for each in data)


def _path(variant: Variant) -> str:
    source = variant.html or variant.text or variant.subject
    return "" if source is None else source.path


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"
