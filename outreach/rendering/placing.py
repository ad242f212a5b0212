"""Where an HTML template may print: a value that somebody else wrote must stay text.

Escaping keeps a value inside of quotes and between tags. It does not help in an attribute without
quotes, in a tag's own words, in scripts, or at the beginning of a link, where
`javascript:` could stand. (OWASP, Cross Site Scripting Prevention: output encoding by context.)
"""

import re
from collections.abc import Collection, Iterator

from outreach.errors import Problem

_JINJA = re.compile(r"\{\{(.*?)\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_RAW = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_FIRST_NAME = re.compile(r"\s*([A-Za-z_]\w*)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<[A-Za-z\x01][^\s/>]*((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)\s*=\s*("[^"]*"|'[^']*'|[^\s>"']*)""", re.DOTALL)
_LINKS = frozenset(["href", "src", "action", "formaction", "background", "poster", "cite", "data"])
_PRINT, _BLANK = "\x01", "\x02"  # stand for each character of a print, and of anything else


def misplaced(path: str, text: str, strangers: Collection[str]) -> list[Problem]:
    """A problem for each value printed where escaping can not keep it text.

    `strangers` are the names whose values customers wrote: no link may begin with one. Style
    sheets are judged by styles.py.
    """
    prints = {m.start(): m[1] or "" for m in _JINJA.finditer(text) if m[0].startswith("{{")}
    plain = _JINJA.sub(_marked, text)
    found = []
    for at, why, hint in _faults(plain, prints, strangers):
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        found.append(Problem(path, line, column, "unsafe", why, hint))
    return found


def _marked(match: re.Match[str]) -> str:
    mark = _PRINT if match[0].startswith("{{") else _BLANK
    return re.sub(r"[^\n]", mark, match[0])


def _faults(
    plain: str, prints: dict[int, str], strangers: Collection[str]
) -> Iterator[tuple[int, str, str]]:
    for raw in _RAW.finditer(plain):
        if raw[1].lower() == "style":
            continue
        for at in _within(raw.start(2), raw.end(2), prints):
            yield at, f"a value has no place in `<{raw[1].lower()}>`", "print it between tags"
    hidden = _COMMENT.sub(_hide, _RAW.sub(_hide, plain))
    for tag in _TAG.finditer(hidden):
        yield from _in_tag(hidden, tag, prints, strangers)


def _hide(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _in_tag(
    plain: str, tag: re.Match[str], prints: dict[int, str], strangers: Collection[str]
) -> Iterator[tuple[int, str, str]]:
    kept: set[int] = set()
    for attribute in _ATTRIBUTE.finditer(plain, tag.start(1), tag.end(1)):
        name, value = attribute[1].lower().strip(_BLANK), attribute[2]
        inside = list(_within(attribute.start(2), attribute.end(2), prints))
        kept.update(inside)
        if not value.startswith(('"', "'")):
            hint = f'write {name}="{{{{ … }}}}"'
            yield from ((at, f"the value of `{name}` is not in quotes", hint) for at in inside)
        elif name.startswith("on"):
            why = f"a value has no place in `{name}`"
            yield from ((at, why, "print it between tags") for at in inside)
        elif name in _LINKS and _is_strange(prints.get(attribute.start(2) + 1, ""), strangers):
            hint = "begin it with text: `https://…`"
            yield inside[0], f"a link in `{name}` begins with a value", hint
    for at in _within(tag.start(1), tag.end(1), prints):
        if at not in kept:
            yield at, "a value has no place in a tag outside of quotes", "print it between tags"


def _is_strange(expression: str, strangers: Collection[str]) -> bool:
    first = _FIRST_NAME.match(expression)
    return first is not None and first[1] in strangers


def _within(start: int, end: int, prints: dict[int, str]) -> Iterator[int]:
    return (at for at in sorted(prints) if start <= at < end)
