"""What Jinja says against a template, in the words of someone who does not program."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TAG = re.compile(r"\{%[-+]?\s*(\w+)")
_PAIRS = frozenset(["if", "for", "block", "macro", "call", "with", "raw"])
_TAGS = ("if", "elif", "else", "endif", "for", "endfor", "block", "endblock", "set", "include")
_INNERMOST = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_NAMES = re.compile(r"\{\{[-+]?\s*(\w+(?:[ \t]+\w+)+)")
_OPERATORS = frozenset(["if", "else", "and", "or", "not", "in", "is"])
_TEXTS = re.compile(r"""'(?:[^'\\{}]|\\.)*'|"(?:[^"\\{}]|\\.)*\"""", re.DOTALL)
_ENDS = {"{{": "}}", "{%": "%}"}
_MARK = re.compile(r"\{\{|\{%|%\}|\}\}(?!\})")
_QUOTES = "“”„‟«»‘’‚"
_MEND = "write a tag as in docs/templates.md, or take it out"
_SIGNS = {"&": "for “both” write `and`", "!": "for “not” write `not`"}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its hint, and the offset of what it is about."""

    message: str
    hint: str
    offset: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Where Jinja stumbles in a text: `offset`, within the tag that begins at `tag`."""

    text: str
    offset: int
    tag: int
    message: str

    @property
    def mark(self) -> str:
        """How the tag begins."""
        return self.text[self.tag : self.tag + 2]

    @property
    def is_unclosed(self) -> bool:
        """Whether another tag begins, or the text ends, before this one is closed."""
        rest = _TEXTS.sub('""', self.text[self.tag + 2 :])
        found = _MARK.search(rest)
        return self.mark in _ENDS and (found is None or found[0] != _ENDS[self.mark])


def mended(text: str, offset: int, tag: int, message: str) -> Said:
    """The fault in plain words where it is one of the usual ones, else as Jinja says it."""
    fault = Fault(text, offset, tag, message)
    for rule in _RULES:
        for said in rule(fault):
            return said
    return Said(message.rstrip("."), _MEND, offset)


def _equals(fault: Fault) -> Iterator[Said]:
    if fault.message.endswith("got '='"):
        yield Said("`=` does not compare", "to compare write `==`", fault.offset)


def _half_closed(fault: Fault) -> Iterator[Said]:
    in_tag = fault.message.startswith(("expected token", "unexpected", "Expected an expression"))
    if in_tag and fault.is_unclosed:
        hint = f"close it with `{_ENDS[fault.mark]}`"
        yield Said(f"a `{fault.mark}` is not closed", hint, fault.tag)


def _words(fault: Fault) -> Iterator[Said]:
    if not re.fullmatch(r"expected token 'end of print statement', got '\w+'", fault.message):
        return
    found = _NAMES.match(fault.text, fault.tag)
    if found is None or _OPERATORS & set(found[1].split()[1:]):
        return
    words, at = found[1].split(), found.start(1)
    if words[0] in _TAGS:
        hint = f"write `{{% {found[1]} %}}` with percent signs"
        yield Said(f"`{words[0]}` prints nothing", hint, at)
        return
    name = "_".join(words).lower()
    yield Said(f"`{found[1]}` is no name: names hold no blanks", f"write `{{{{ {name} }}}}`", at)


def _left_open(fault: Fault) -> Iterator[Said]:
    found = _INNERMOST.search(fault.message)
    if fault.message.startswith("Unexpected end of template") and found:
        tag, at = found[1], _opened(fault.text, found[1])
        hint = f"write `{{% end{tag} %}}` where it ends"
        yield Said(f"`{{% {tag} %}}` is never closed", hint, fault.tag if at is None else at)
    elif fault.message.startswith("Missing end of comment"):
        yield Said("a `{#` is not closed", "close it with `#}`", fault.offset)
    elif fault.message.startswith("Missing end of raw"):
        hint = "write `{% endraw %}` where it ends"
        yield Said("`{% raw %}` is never closed", hint, fault.offset)


def _opened(text: str, tag: str) -> int | None:
    """The offset of the innermost tag of this kind that nothing closes; None: there is none."""
    opened: list[int] = []
    for found in _TAG.finditer(text):
        if found[1] == tag and tag in _PAIRS:
            opened.append(found.start())
        elif found[1] == f"end{tag}" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _unknown_tag(fault: Fault) -> Iterator[Said]:
    found, at = re.match(r"Encountered unknown tag '(\w+)'", fault.message), fault.tag
    if found is None:
        return
    tag, inner = found[1], _INNERMOST.search(fault.message)
    if tag in ("elseif", "elsif", "elif", "else") and inner is None:
        yield Said(f"`{{% {tag} %}}` follows no `{{% if … %}}`", "write one before it", at)
    elif tag in ("elif", "else"):
        hint = "write it before `{% else %}`" if tag == "elif" else "write one `{% else %}` alone"
        yield Said(f"`{{% {tag} %}}` can not stand here", hint, at)
    elif tag in ("elseif", "elsif"):
        yield Said(f"there is no `{tag}`", "write `{% elif … %}`", at)
    elif tag.startswith("end"):
        why = f"write `{{% end{inner[1]} %}}` before it" if inner else f"no `{tag[3:]}` is open"
        yield Said(f"`{{% {tag} %}}` closes nothing here", why, at)
    else:
        yield Said(f"there is no tag `{tag}`", f"to print it write `{{{{ {tag} }}}}`", at)


def _empty(fault: Fault) -> Iterator[Said]:
    if fault.message.startswith("Expected an expression, got 'end of"):
        yield Said("a value is missing here", "write a name, say `first_name`", fault.offset)


def _unbalanced(fault: Fault) -> Iterator[Said]:
    found = re.fullmatch(r"unexpected '(.)', expected '(.)'", fault.message)
    if found is not None:
        ends = fault.text[fault.offset - 1 : fault.offset + 1] == "%}"
        at = fault.offset - ends
        yield Said(
            f"a `{found[2]}` is missing here", f"write it before `{fault.text[at : at + 2]}`", at
        )


def _signs(fault: Fault) -> Iterator[Said]:
    found = re.match(r"unexpected char (?:'(.)'|\"(')\")", fault.message)
    if found is None:
        return
    sign = found[1] or found[2]
    if sign in _QUOTES:
        yield Said(f"`{sign}` is no straight quote", "write `\"` or `'`", fault.offset)
    elif sign in "\"'":
        yield Said(f"a `{sign}` is not closed", f"close the text with `{sign}`", fault.offset)
    elif sign in _SIGNS:
        yield Said(f"`{sign}` can not stand here", _SIGNS[sign], fault.offset)


_RULES: tuple[Callable[[Fault], Iterator[Said]], ...] = (
    _signs, _half_closed, _equals, _words, _left_open, _unknown_tag, _unbalanced, _empty,
)  # fmt: skip
