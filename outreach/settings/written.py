"""Single values as people write them in files: zones, countries, shares, spans … as types."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetJsonSchemaHandler,
    PlainValidator,
    Strict,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from outreach.documents import RefusalError, closest, did_you_mean
from outreach.settings.geography import countries, zones
from outreach.settings.near_values import near_hours, near_span, plain_text, windows_meant
from outreach.spans import WEEKDAYS, DaySpan, Per, parse_day_span, parse_per, parse_span

T = TypeVar("T")
ARM_SIZE = 10_000  # shares are kept in parts of 10,000
_NAME = re.compile(r"[^\W_][\w-]{0,79}")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%", re.ASCII)
_USUAL_COUNTRIES = {"UK": "GB", "USA": "US", "UAE": "AE", "ENGLAND": "GB", "SCOTLAND": "GB"}
_LAST_DAYS = re.compile(r"(\w+)\s*-\s*(\w+)")
_WORKING_DAYS = re.compile(r"(\d{1,3})\s*(?:working|business|work|week)[\s-]*days?", re.IGNORECASE)
_ALL_BUT = re.compile(
    r"(?:not|no|never|except|without|all but|everyday but|ohne|nicht)\s+(?:on\s+)?(\w+)"
)
_DAYS_IN_WORDS = {
    **dict.fromkeys(("weekdays", "weekday", "workdays", "workday", "working days"), "mon-fri"),
    **dict.fromkeys(("weekend", "weekends"), "sat-sun"),
}
_EVERY_DAY = ("daily", "all", "every", "everyday", "every day", "always", "any")


def text_as(
    parse: Callable[[str], T], what: str, *examples: str, pattern: str = ""
) -> tuple[Any, Any]:
    """Annotations of a value that is written as text and read by `parse`, with its JSON Schema.

    `pattern` is for editors: what it does not match is refused, not all that matches is taken.
    """

    def read(written: object) -> T:
        if not isinstance(written, str):
            raise RefusalError(f"this must be {what}", f"write for example `{examples[0]}`")
        return parse(plain_text(written))

    schema: dict[str, Any] = {"type": "string", "examples": list(examples)}
    if pattern:
        schema["pattern"] = f"^({pattern})$"
    return PlainValidator(read), WithJsonSchema(schema)


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        raise RefusalError("this text is empty", "write something, or take the key out")
    return text


def parse_name(text: str) -> str:
    """A name of a topic, step, sender …: letters of any language, digits, `-` and `_`."""
    name = unicodedata.normalize("NFC", text)
    if _NAME.fullmatch(name) is None:
        raise RefusalError(
            f"`{text}` can not be a name",
            "use letters, digits, `-` and `_`, at most 80, a letter or digit first",
        )
    return name


def parse_country(text: str) -> str:
    """A country's two letters (ISO 3166 alpha-2), in capitals."""
    if text in countries():
        return text
    upper = _USUAL_COUNTRIES.get(text.upper(), text.upper())
    upper = upper if upper in countries() else _country_called(text)
    hint = f"did you mean `{upper}`?" if upper else "write for example `DE`"
    raise RefusalError(f"`{text}` is no country's two letters", hint)


def _country_called(text: str) -> str:
    """The letters of the country with this name in a language we greet in, or one nearly so."""
    from babel import Locale

    codes: dict[str, str] = {}
    for language in ("en", "de", "fr", "es", "zh_Hans", "ja"):
        names = Locale.parse(language).territories
        for code in countries().keys() & names.keys():
            codes.setdefault(names[code].lower(), code)
    name = closest(text, codes)
    return "" if name is None else codes[name]


def parse_locale(text: str) -> str:
    """A language, with script or country where it matters: `de`, `zh-Hans`, `pt-BR`."""
    from babel import Locale, UnknownLocaleError

    try:
        found = Locale.parse(text.replace("_", "-"), sep="-", resolve_likely_subtags=False)
    except (UnknownLocaleError, ValueError):
        raise RefusalError(
            f"`{text}` is no language", "write for example `de` or `zh-Hans`"
        ) from None
    canonical = "-".join(filter(None, (found.language, found.script, found.territory)))
    if canonical != text:
        raise RefusalError(f"`{text}` is not how it is written", f"write `{canonical}`")
    return text


def parse_zone(text: str) -> str:
    """A time zone by its IANA name."""
    if text in zones():
        return text
    hint = did_you_mean(text, zones()) or "write for example `Europe/Berlin`"
    raise RefusalError(f"there is no time zone `{text}`", hint)


def parse_currency(text: str) -> str:
    """A currency's three letters (ISO 4217), in capitals."""
    from babel import Locale

    if text not in Locale("en").currencies:
        raise RefusalError(f"`{text}` is no currency's three letters", "write for example `EUR`")
    return text


def parse_share(text: str) -> int:
    """`2%` as parts of 10,000."""
    match = _SHARE.fullmatch(text)
    if match is None or Decimal(match[1]) > 100:
        hint = "leave the key out" if text == "none" else "write for example `10%`"
        raise RefusalError(f"`{text}` is no share", hint)
    return int(Decimal(match[1]) * 100)


def or_near(parse: Callable[[str], T], near: Callable[[str], str], text: str) -> T:
    """What `parse` reads; where it refuses, the form that was most likely meant is told."""
    try:
        return parse(text)
    except ValueError as error:
        meant = near(text)
        if not meant or meant == text:
            raise
        raise RefusalError(str(error).partition("; ")[0], f"write `{meant}`") from None


def parse_window(text: str) -> Per:
    """The window of a cap."""
    return or_near(parse_per, windows_meant, text)


def parse_hours(text: str) -> DaySpan:
    """From and to by the clock of a day."""
    return or_near(parse_day_span, _quoted_hours, text)


def _quoted_hours(text: str) -> str:
    meant = near_hours(text)
    return f'"{meant}"' if meant and meant != text else ""


def parse_late(text: str) -> timedelta:
    """A span of time that is more than nothing."""
    if match := _WORKING_DAYS.fullmatch(text.strip()):
        message = f"`{text}` can not be told: spans run by the clock, nights and weekends too"
        raise RefusalError(message, f"write `{int(match[1]) * 24} hours`", "not-supported")
    span = or_near(parse_span, near_span, text)
    if not span:
        raise RefusalError(f"`{text}` is no time at all", "write for example `6 hours`")
    return span


def parse_weekday(text: str) -> int:
    """`mon` or `Monday` as 0 … `sunday` as 6."""
    for number, day in enumerate(WEEKDAYS):
        if text.lower() in (day, day[:3]):
            return number
    hint = did_you_mean(text, WEEKDAYS) or "write for example `mon` or `monday`"
    word = text.lower()
    if word in _DAYS_IN_WORDS:
        hint = f"write `{_DAYS_IN_WORDS[word]}`"
    elif word in _EVERY_DAY:
        hint = "take the key out: every day is meant then"
    elif match := _ALL_BUT.fullmatch(word):
        left_out = next((n for n, day in enumerate(WEEKDAYS) if match[1] in (day, day[:3])), None)
        if left_out is not None:
            first, last = WEEKDAYS[(left_out + 1) % 7], WEEKDAYS[left_out - 1]
            hint = f"name the days that are meant: `{first[:3]}-{last[:3]}`"
    raise RefusalError(f"`{text}` is no day of the week", hint)


def _read_days(written: object) -> frozenset[int]:
    """`mon-fri`, `sunday`, or a list of such; a span may go over the weekend: `sat-mon`."""
    days: set[int] = set()
    for each in written if isinstance(written, list) else [written]:
        if not isinstance(each, str):
            raise RefusalError("this must be days of the week", "write for example `mon-fri`")
        span = _LAST_DAYS.fullmatch(each.strip())
        first = parse_weekday(span[1] if span else each.strip())
        last = parse_weekday(span[2]) if span else first
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    if not days:
        raise RefusalError("no day is named", "write for example `mon-fri`, or take the key out")
    return frozenset(days)


def one_or_many(written: object) -> object:
    """A single value as a list of one."""
    return written if isinstance(written, list | dict) else [written]


def _distinct(items: tuple[str, ...]) -> tuple[str, ...]:
    for item in items:
        if items.count(item) > 1:
            raise RefusalError(f"`{item}` is named twice", "keep one of them")
    return items


def _at_least_one(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items:
        raise RefusalError("this list is empty", "write at least one, or take the key out")
    return items


@dataclass(frozen=True, slots=True)
class _OrOneAlone:
    """Tells editors that one item may stand without `[]`."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


Several = Annotated[
    tuple[T, ...],
    BeforeValidator(one_or_many),
    AfterValidator(_at_least_one),
    AfterValidator(_distinct),
    _OrOneAlone(),
]  # none twice, at least one; one alone may stand without `[]`
Words = Annotated[str, AfterValidator(_clean)]
Name = Annotated[
    str, text_as(parse_name, "a name", "greetings")[0], WithJsonSchema({"type": "string"})
]
Whole = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]
SPANS = r"\d+\s+(second|minute|hour|day|week)s?"
_CLOCKS = r"([01]\d|2[0-3]):[0-5]\d"
Country = Annotated[
    str, *text_as(parse_country, "a country's two letters", "DE", "CN", pattern="[A-Z]{2}")
]
Language = Annotated[str, *text_as(parse_locale, "a language", "de", "zh-Hans")]
Zone = Annotated[str, *text_as(parse_zone, "a time zone", "Europe/Berlin")]
Currency = Annotated[
    str, *text_as(parse_currency, "a currency's three letters", "EUR", pattern="[A-Z]{3}")
]
Share = Annotated[
    int, *text_as(parse_share, "a share", "10%", "2.5%", pattern=r"\d{1,3}(\.\d{1,2})?\s*%")
]
Window = Annotated[
    Per,
    *text_as(
        parse_window, "a window", "7 days", "36 hours", "calendar day", "calendar week",
        "calendar month", pattern=rf"calendar\s+(day|week|month)|{SPANS}",
    ),
]  # fmt: skip
Late = Annotated[
    timedelta, *text_as(parse_late, "a span of time", "6 hours", "2 days", pattern=SPANS)
]
HoursOfDay = Annotated[
    DaySpan,
    *text_as(
        parse_hours, "hours of the day", "09:00-20:00",
        pattern=rf"all_day|{_CLOCKS}\s*-\s*({_CLOCKS}|24:00)",
    ),
]  # fmt: skip
Weekdays = Annotated[
    frozenset[int],
    PlainValidator(_read_days),
    WithJsonSchema(
        {"type": ["string", "array"], "items": {"type": "string"}, "examples": ["mon-fri"]}
    ),
]
