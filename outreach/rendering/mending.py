"""What Jinja says against a template, in the words of someone who does not program."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TAG = re.compile(r"\{%[-+]?\s*(\w+)")
_PAIRS = frozenset(["if", "for", "block", "macro", "call", "with", "raw"])
_TAGS = ("if", "elif", "else", "endif", "for", "endfor", "block", "endblock", "set", "include")
_INNERMOST = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_QUOTES = "“”„‟«»‘’‚"
_SIGNS = {"&": "for “both” write `and`", "!": "for “not” write `not`"}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its hint, and the line it is about."""

    message: str
    hint: str
    line: int


def mended(text: str, line: int, message: str) -> Said:
    """The fault in plain words where it is one of the usual ones, else as Jinja says it."""
    lines = text.split("\n")
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    for rule in _RULES:
        for said in rule(text, source, line, message):
            return said
    return Said(message.rstrip("."), "", line)


def _equals(_text: str, _source: str, line: int, message: str) -> Iterator[Said]:
    if message.endswith("got '='"):
        yield Said("`=` does not compare", "to compare write `==`", line)


def _half_closed(_text: str, source: str, line: int, message: str) -> Iterator[Said]:
    if message == "unexpected '}'" or message.endswith("got '{'"):
        mark = "{%" if re.search(r"\{%(?:(?!%\}).)*\}?", source) and "{{" not in source else "{{"
        end = "%}" if mark == "{%" else "}}"
        yield Said(f"a `{mark}` is not closed", f"close it with `{end}`", line)


def _words(_text: str, source: str, line: int, message: str) -> Iterator[Said]:
    if not re.fullmatch(r"expected token 'end of print statement', got '\w+'", message):
        return
    found = re.search(r"\{\{[-+]?\s*(\w+(?:[ \t]+\w+)+)", source)
    if found is None:
        return
    words = found[1].split()
    if words[0] in _TAGS:
        yield Said(
            f"`{words[0]}` prints nothing", f"write `{{% {found[1]} %}}` with percent signs", line
        )
        return
    name = "_".join(words).lower()
    yield Said(f"`{found[1]}` is no name: names hold no blanks", f"write `{{{{ {name} }}}}`", line)


def _left_open(text: str, _source: str, line: int, message: str) -> Iterator[Said]:
    found = _INNERMOST.search(message)
    if message.startswith("Unexpected end of template") and found:
        tag, at = found[1], _opened(text, found[1]) or line
        yield Said(
            f"`{{% {tag} %}}` is never closed", f"write `{{% end{tag} %}}` where it ends", at
        )
    elif "expected 'end of print statement'" in message and "end of template" in message:
        yield Said("a `{{` is not closed", "close it with `}}`", line)
    elif "expected 'end of statement block'" in message and "end of template" in message:
        yield Said("a `{%` is not closed", "close it with `%}`", line)
    elif message.startswith("Missing end of comment"):
        yield Said("a `{#` is not closed", "close it with `#}`", line)


def _opened(text: str, tag: str) -> int:
    """The line of the innermost tag of this kind that nothing closes; 0: none."""
    opened: list[int] = []
    for found in _TAG.finditer(text):
        if found[1] == tag and tag in _PAIRS:
            opened.append(text.count("\n", 0, found.start()) + 1)
        elif found[1] == f"end{tag}" and opened:
            opened.pop()
    return opened[-1] if opened else 0


def _unknown_tag(_text: str, _source: str, line: int, message: str) -> Iterator[Said]:
    found = re.match(r"Encountered unknown tag '(\w+)'", message)
    if found is None:
        return
    tag, inner = found[1], _INNERMOST.search(message)
    if tag in ("elseif", "elsif", "elif", "else") and inner is None:
        yield Said(f"`{{% {tag} %}}` follows no `{{% if … %}}`", "write one before it", line)
    elif tag in ("elseif", "elsif"):
        yield Said(f"there is no `{tag}`", "write `{% elif … %}`", line)
    elif tag.startswith("end"):
        why = f"write `{{% end{inner[1]} %}}` before it" if inner else f"no `{tag[3:]}` is open"
        yield Said(f"`{{% {tag} %}}` closes nothing here", why, line)
    else:
        yield Said(f"there is no tag `{tag}`", f"to print it write `{{{{ {tag} }}}}`", line)


def _signs(_text: str, _source: str, line: int, message: str) -> Iterator[Said]:
    found = re.match(r"unexpected char '(.)'", message)
    if found is None:
        return
    if found[1] in _QUOTES:
        yield Said(f"`{found[1]}` is no straight quote", "write `\"` or `'`", line)
    elif found[1] in _SIGNS:
        yield Said(f"`{found[1]}` can not stand here", _SIGNS[found[1]], line)


_RULES: tuple[Callable[[str, str, int, str], Iterator[Said]], ...] = (
    _equals, _half_closed, _words, _left_open, _unknown_tag, _signs,
)  # fmt: skip
