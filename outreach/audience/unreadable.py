"""What keeps a text from being an expression, in plain words, with what to write instead."""

import re

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
ONE_EXPRESSION = "write one expression, for example `tier == 'A' and orders >= 2`"
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CHARACTERS = {"!": "for “not” write `not`, for “differs” `!=`", "&": "for “both” write `and`"}
_ODD = re.compile(r"unexpected char '(.)'")

Said = tuple[int, str, str]  # offset, message, hint


def unreadable(source: str, offset: int, why: str, shown: str) -> Said:
    """What is wrong where Jinja stumbles and says `why`; `shown` is what stands there."""
    if said := unpaired(source):
        return said
    before = source[:offset].split()
    if offset >= len(source.rstrip()) and before:
        message = f"can not read the expression at the end: something must follow `{before[-1]}`"
        return offset, message, f"write what follows `{before[-1][:30]}`, or take it out"
    hint = ONE_EXPRESSION
    if odd := _ODD.search(why):
        hint = _CHARACTERS.get(odd[1], f"take `{odd[1]}` out, or put the text in quotes")
    elif why == "the number is too large":
        hint = "write a number below 10^15"
    return offset, f"can not read the expression at {shown}: {why}", hint


def unpaired(source: str) -> Said | None:
    """A quote or a bracket without its partner; None: there is none."""
    plain = _QUOTED.sub(lambda match: "_" * len(match[0]), source)
    return _quote(plain) or _bracket(plain)


def _quote(plain: str) -> Said | None:
    found = re.search("['\"]", plain)
    if found is None:
        return None
    other = "'" if found[0] == '"' else '"'
    hint = f"close it, or write a text that holds `{found[0]}` between two `{other}`"
    return found.start(), "a quote is opened and not closed", hint


def _bracket(plain: str) -> Said | None:
    """A bracket without its partner."""
    opened: list[int] = []
    for at, sign in enumerate(plain):
        if sign in _CLOSING:
            opened.append(at)
        elif sign in _CLOSING.values():
            if not opened:
                return at, f"`{sign}` closes nothing", "take it out, or open it before"
            begin = opened.pop()
            if _CLOSING[plain[begin]] != sign:
                return begin, *_open(plain[begin])
    return (opened[-1], *_open(plain[opened[-1]])) if opened else None


def _open(sign: str) -> tuple[str, str]:
    return f"`{sign}` is not closed", f"write `{_CLOSING[sign]}` where it ends"
