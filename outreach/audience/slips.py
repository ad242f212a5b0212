"""Well-known slips in expressions, such as `=>` or `60 days`, and what to write instead."""

import re
from collections.abc import Iterator

from outreach.audience.operators import no_fixed_date
from outreach.audience.syntax import Fault

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_DATE = re.compile(
    r"(?<![\w.-])(?:(?:19|20)\d\d-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1(?:19|20)\d\d)(?![\w.-])"
)
_SIGNS = {
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "===": "==",
    "!==": "!=",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "&&": "and",
    "||": "or",
    "−": "-",
    "–": "-",
    "×": "*",
}
_SIGN = re.compile("|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True))))
_CAPITALS = re.compile(r"\b(?:AND|OR|NOT|IN|IS)\b")
_CURLY = re.compile("[‘’‚‛“”„‟«»`´]")
_SPAN = re.compile(r"(?<![\w.(])(\d+)\s*(hour|day|week|month|year)s?\b(?!\()")
_COMMA = re.compile(r"[<>=]\s*(\d+),(\d+)(?!\d)")
_WORD = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)+")
_KEY = re.compile(r"\s*(stage|tier|owner|tags|country|locale|where|exclude):(\S+)")
_HAPPENED = {
    **dict.fromkeys(("complained", "complaint", "complaints", "has_complained"), "complaint"),
    **dict.fromkeys(("ordered", "bought", "purchased", "has_ordered"), "order"),
}
_OPTED_OUT = ("unsubscribed", "has_unsubscribed", "withdrawn", "opt_out", "optout")
_STOPPED = (
    *("suppressed", "suppression", "suppressions", "stop", "stops", "stopped", "unsubscribe"),
    *("bounce", "bounces", "bounced", "hard_bounce", "hard_bounced", "blocked", "blocklist"),
    *("blacklist", "blacklisted", "do_not_contact", "consent", "consents", "consented"),
    *("has_consent", "opted_in", "opt_in", "optin", "subscribed", "subscriber"),
)
_CHANNELS = ("sms", "whatsapp")
_BY_ITSELF = "every message asks for consent and suppressions by itself"
_EVERYONE = ("all", "any", "anybody", "anyone", "everybody", "every")


def subtractions_in(source: str) -> tuple[Fault, ...]:
    """A fault for what was never meant as one: `2026-10-12`, or `do-not-greet` alone."""
    if _WORD.fullmatch(source.strip()):
        return (Fault(0, "bad-expression", "a word alone is no expression", for_tag(source)),)
    match = _DATE.search(_outside_quotes(source))
    if match is None:
        return ()
    message = f"`{match[0]}` is no value of an expression"
    return (Fault(match.start(), "bad-expression", message, no_fixed_date()),)


def slips_in(source: str) -> tuple[Fault, ...]:
    """What keeps an expression from being read, the first of each kind, in the order of its text."""
    found = sorted(_slips(_outside_quotes(source)))
    return tuple(Fault(offset, "bad-expression", *said) for offset, *said in found)


def for_name(name: str) -> str:
    """A hint for a word that stands for everyone elsewhere, or for something that happened."""
    if name.lower() in _EVERYONE:
        return "for everyone write `everyone`"
    if name.lower() in _OPTED_OUT:
        return f"write `opted_out`, of consent alone: {_BY_ITSELF}"
    if hint := for_stop(name):
        return hint
    if name.lower() in _CHANNELS:
        return f"who has a number is `phone is defined`; {_BY_ITSELF}"
    kind = _HAPPENED.get(name.lower())
    return f"write `count('{kind}') > 0`" if kind else ""


def for_stop(word: str) -> str:
    """A hint for a word, or a kind of event, that stands for who said stop or can not be reached."""
    if word.lower() not in (*_STOPPED, *_OPTED_OUT):
        return ""
    return f"{_BY_ITSELF}: leave it out; `opted_out` is who took a consent back"


def for_tag(word: str) -> str:
    """A hint for a word that stands alone where an expression may stand."""
    return f"to name a tag write `{{tags: [{word.strip()}]}}`"


def _slips(plain: str) -> Iterator[tuple[int, str, str]]:
    if match := _SIGN.search(plain):
        yield match.start(), f"`{match[0]}` means nothing here", f"write `{_SIGNS[match[0]]}`"
    if match := _CAPITALS.search(plain):
        yield match.start(), f"`{match[0]}` means nothing here", f"write `{match[0].lower()}`"
    if match := _CURLY.search(plain):
        message = (
            f"`{match[0]}` is not a quote that can be read"
            if match[0] != "`"
            else ("a backquote is not a quote that can be read")
        )
        yield match.start(), message, "type straight quotes: `'A'`"
    if match := _SPAN.search(plain):
        yield match.start(), f"`{match[0]}` can not be read", f"write `{_as_call(match)}`"
    if match := _KEY.match(plain):
        hint = f"write a space after `:`, as in `{match[1]}: {match[2]}`"
        yield match.start(1), f"there is no space after `{match[1]}:`", hint
    if match := _COMMA.search(plain):
        number = f"{match[1]},{match[2]}"
        hint = f"write `{match[1]}.{match[2]}`"
        yield match.start(1), f"`{number}` can not be read: numbers have a point", hint


def _as_call(match: re.Match[str]) -> str:
    number, unit = int(match[1]), match[2]
    return f"days({365 * number})" if unit == "year" else f"{unit}s({number})"


def _outside_quotes(source: str) -> str:
    """The text with all that is in straight quotes blanked, each character in its place."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), source)
