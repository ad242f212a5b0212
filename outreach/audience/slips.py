"""Well-known slips in expressions, such as `=>` or `60 days`, and what to write instead."""

import re
from collections.abc import Iterator

from outreach.audience.operand_hints import no_fixed_date
from outreach.audience.syntax import Fault, read

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
    ">>": ">",
    "<<": "<",
}
_BRACE = re.compile(r"\{\{|\}\}|\{%|%\}")
_BRACES = re.compile(
    r"\{%[-+]?\s*end\w+\s*[-+]?%\}|\{%[-+]?\s*(?:(?:el)?if\b)?|\{\{[-+]?|\s*[-+]?[%}]\}"
)
_SIGN = re.compile("|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True))))
_CAPITALS = re.compile(r"\b(?:AND|OR|NOT|IN|IS)\b")
_CURLY = re.compile("[‘’‚‛“”„‟«»`´]")
_UNITS = {
    "hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year",
    "stunde": "hour", "tag": "day", "woche": "week", "monat": "month", "jahr": "year",
    "heure": "hour", "jour": "day", "semaine": "week", "mois": "month", "an": "year",
}  # fmt: skip
_SPAN = re.compile(rf"(?<![\w.(])(\d+)\s*({'|'.join(_UNITS)})(?:en|e|n|s)?\b(?!\()", re.IGNORECASE)
_AMOUNT = re.compile(
    r"[$€£¥]\s*(\d[\d.,]*)|(?<![\w.])(\d+(?:\.\d+)?)\s*(?:[$€£¥]|%(?=\s*(?:$|and|or)))"
)
_NUMBER = re.compile(r"[<>=]\s*(\d+(?:[.,' ’]\d+)*\.?)(?![\w.])")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,' ’]\d{3})+")
_POINTS = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{3}){2,}(?![\w.])")  # an index, to Jinja
_AS_DECIMALS = re.compile(r"[1-9]\d{0,2}\.\d\d0")  # nobody writes a last 0 of three decimals
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
    """A fault for what was never meant as one: `2026-10-12`, `1.000.000`, or `do-not-greet` alone."""
    if _WORD.fullmatch(source.strip()):
        return (Fault(0, "bad-expression", "a word alone is no expression", for_tag(source)),)
    plain = _outside_quotes(source)
    if match := _POINTS.search(plain):
        said = _misread(match[0]) or ("", "")
        return (Fault(match.start(), "bad-expression", *said),)
    match = _DATE.search(plain)
    if match is None:
        return ()
    message = f"`{match[0]}` is no value of an expression"
    return (Fault(match.start(), "bad-expression", message, no_fixed_date()),)


def slips_in(source: str) -> tuple[Fault, ...]:
    """What keeps an expression from being read, the first of each kind, in the order of its text."""
    plain = _outside_quotes(source)
    found = sorted([*_braces(source, plain), *_slips(plain)])
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
    hint = f"write `count('{kind}') > 0`" if kind else ""
    if kind == "order":  # what a journey is about: whoever it is for may have ordered long ago
        hint += f", of what came in a journey `count('{kind}', since=entered_at) > 0`"
    return hint


def for_stop(word: str) -> str:
    """A hint for a word, or a kind of event, that stands for who said stop or can not be reached."""
    if word.lower() not in (*_STOPPED, *_OPTED_OUT):
        return ""
    return f"{_BY_ITSELF}: leave it out; `opted_out` is who took a consent back"


def for_tag(word: str) -> str:
    """A hint for a word that stands alone where an expression may stand."""
    word = word.strip()
    return f"to name a tag write `{{tags: [{word}]}}`, in `when` and `exit` `\"'{word}' in tags\"`"


def _braces(source: str, plain: str) -> Iterator[tuple[int, str, str]]:
    """A template's braces: an expression stands without them."""
    if match := _BRACE.search(plain):
        bare = _BRACES.sub("", source).strip()
        hint = "take the braces off" + (
            "" if isinstance(read(bare), Fault) else f": write `{bare}`"
        )
        yield match.start(), "an expression stands without braces", hint


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
    if match := _AMOUNT.search(plain):
        hint = f"write the number alone: `{_plain_number(match[1] or match[2])}`"
        yield match.start(), f"`{match[0].strip()}` can not be read", hint
    for match in _NUMBER.finditer(plain):
        if said := _misread(match[1]):
            yield match.start(1), *said
            break


def _misread(number: str) -> tuple[str, str] | None:
    """What is wrong with a number that a person writes, and what to write; None: nothing."""
    if number.endswith("."):
        return f"`{number}` can not be read", f"write `{number[:-1]}`"
    if not set(number) - {*"0123456789."} and number.count(".") < 2:
        return None
    if number.count(",") == 1 and _THOUSANDS.fullmatch(number):
        return _either(number)
    if number.count(",") == 1 and number.replace(",", "").isdigit():
        return (
            f"`{number}` can not be read: numbers have a point",
            f"write `{_plain_number(number)}`",
        )
    message = f"`{number}` can not be read: nothing stands between thousands"
    return message, f"write `{_plain_number(number)}`"


def _either(number: str) -> tuple[str, str]:
    """Of a number that means thousands to some people, and decimals to others."""
    whole, decimals = re.split("[.,]", number)
    meant = f"{whole}.{decimals.rstrip('0') or '0'}"
    return f"`{number}` can be read in two ways", f"write `{whole}{decimals}`, or `{meant}`"


def _plain_number(number: str) -> str:
    """Without what stands between thousands, a point before the decimals, and no `.00`."""
    if _THOUSANDS.fullmatch(number):
        return re.sub(r"\D", "", number)
    *whole, decimals = re.split(r"\D", number)
    decimals = decimals if decimals.strip("0") else ""
    return "".join(whole) + (f".{decimals}" if decimals and whole else decimals)


def thousands_in(source: str) -> tuple[tuple[int, str, str], ...]:
    """Offset, message and hint of each number such as `1.000`, which is 1 and hardly meant so."""
    found = []
    for match in _NUMBER.finditer(_outside_quotes(source)):
        if _AS_DECIMALS.fullmatch(match[1]):
            whole, decimals = match[1].split(".")
            meant = f"{whole}.{decimals.rstrip('0')}".removesuffix(".")
            message = f"`{match[1]}` is {meant}: the point stands before decimals"
            hint = f"write `{whole}{decimals}`, or `{meant}` if that is meant"
            found.append((match.start(1), message, hint))
    return tuple(found)


def _as_call(match: re.Match[str]) -> str:
    number, unit = int(match[1]), _UNITS[match[2].lower()]
    return f"days({365 * number})" if unit == "year" else f"{unit}s({number})"


def _outside_quotes(source: str) -> str:
    """The text with all that is in straight quotes blanked, each character in its place."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), source)
