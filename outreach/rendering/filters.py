"""The filters and functions a template may use: nothing else is callable."""

import operator
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates, numbers
from jinja2 import Undefined, pass_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context, markup_join, str_join
from markupsafe import Markup

from outreach.rendering.budget import present, weigh
from outreach.rendering.locales import formats_of
from outreach.rendering.month_day import MonthDay, format_month_day, read_day
from outreach.rendering.refusal import RenderError

Function = Callable[..., Any]
_PLAIN = [
    "abs",
    "capitalize",
    "count",
    "dictsort",
    "float",
    "int",
    "items",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
]
_TAKES_MISSING = frozenset({"default", "d", "list", "select", "reject"})
_LONGEST_PATTERN = 60


def default(value: object, other: object = "", boolean: bool = False) -> object:
    """The value, or `other` where it is missing: not given, none, an empty text or list.

    With `boolean` also in place of 0 and of what is false.
    """
    if value is None or isinstance(value, Undefined) or (boolean and not value):
        return other
    return other if isinstance(value, str | list | tuple) and not value else value


def first(values: Iterable[object]) -> object:
    """The first member; none where there is no member, which `or` and `default` take as missing."""
    return next(iter(values), None)


def last(values: Iterable[object]) -> object:
    """The last member; none where there is no member."""
    members = list(values)
    return members[-1] if members else None


def escape_once(value: object) -> object:
    """The value as it is: every value is escaped where HTML is made, and once."""
    return value


def join(values: Iterable[object], separator: str = "", attribute: str | None = None) -> str:
    """The values' texts with `separator` between; what is missing is left out."""
    members = list(values)
    if attribute is not None:
        members = [m.get(attribute) if isinstance(m, dict) else None for m in members]
    present().spend(len(members))
    texts = [printable(member) for member in members if member is not None]
    present().grow(sum(map(len, texts)) + len(separator) * len(texts))
    return markup_join([*_between(texts, separator)])


def _between(texts: list[str], separator: str) -> Iterable[str]:
    for index, text in enumerate(texts):
        if index and separator:
            yield separator
        yield text


def concat(values: list[object]) -> str:
    """What `~` makes: the texts of its operands in a row, escaped if one of them is HTML."""
    texts = [printable(value) for value in values]
    present().grow(sum(map(len, texts)))
    return markup_join(texts) if any(isinstance(t, Markup) for t in texts) else str_join(texts)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}


def compare(sides: list[Any], operators: list[str]) -> bool:
    """A comparison as in `where:`; with something missing `<`, `>`, `in` are false, `not in` true.

    A day whose year is not known lies neither before nor after another.
    """
    for left, name, right in zip(sides[:-1], operators, sides[1:], strict=True):
        missing = (_is_missing(left) or _is_missing(right)) and name not in ("eq", "ne")
        if (missing and name != "notin") or not (missing or _COMPARISONS[name](left, right)):
            return False
    return True


def _is_missing(value: object) -> bool:
    return value is None or isinstance(value, MonthDay)


def replace(value: str, old: str, new: str) -> str:
    """The text with each `old` replaced by `new`."""
    text = str(value)
    present().grow(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def round_number(value: float | Decimal, precision: int = 0) -> float | Decimal:
    """The number rounded half to even, to at most 10 places."""
    places = max(-10, min(10, precision))
    rounded: float | Decimal = round(value, places)  # type: ignore[assignment]
    return rounded


def printable(value: object) -> str:
    """What is printed for a value; RenderError for what nobody wants to read: none, lists, objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value == value.to_integral() else str(value).rstrip("0")
    if isinstance(value, bool | int | float | date | timedelta | MonthDay):
        return str(value)
    if isinstance(value, Undefined):
        return str(value)  # raises and says which name it is
    if value is None:
        raise RenderError("prints a value that is missing; write `or` and what to say instead")
    raise RenderError("prints a list; use `join` or a loop")


def _local(context: Context, value: object) -> date:
    """The value as a date, or an instant on the customer's clock."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            raise RenderError("`date` or `time` of a text that is no date") from None
    if isinstance(value, datetime):
        zone = ZoneInfo(context.get("zone") or "UTC")
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)
    if isinstance(value, date):
        return value
    raise RenderError("`date` or `time` of what is neither")


def _language(context: Context) -> Any:
    return formats_of(context.get("language") or "en")


@pass_context
def format_date(context: Context, value: object, pattern: str = "medium") -> str:
    """A date in the message's language: short, medium, long, full, or a CLDR pattern.

    Of a day whose year is not known, day and month are printed, whatever the pattern asks.
    """
    language = _language(context)
    if isinstance(value, str) and len(value) == len("MM-DD"):  # a birthday
        with suppress(ValueError):
            value = read_day(value)
    pattern = pattern[:_LONGEST_PATTERN]
    if isinstance(value, MonthDay):
        return format_month_day(value, pattern, language)
    return dates.format_date(_local(context, value), pattern, locale=language)


@pass_context
def format_time(context: Context, value: object, pattern: str = "short") -> str:
    """An instant's time of day on the customer's clock, in the message's language."""
    local = _local(context, value)
    if not isinstance(local, datetime):
        raise RenderError("`time` of a date without a time")
    return dates.format_time(
        local, pattern[:_LONGEST_PATTERN], tzinfo=local.tzinfo, locale=_language(context)
    )


@pass_context
def format_number(context: Context, value: float | Decimal) -> str:
    """A number with the separators of the message's language."""
    return numbers.format_decimal(value, locale=_language(context))


@pass_context
def format_money(context: Context, value: float | Decimal, currency: str = "") -> str:
    """An amount with its currency, the brand's unless given."""
    unit = currency or context["brand"]["currency"]
    return numbers.format_currency(value, unit, locale=_language(context))


def bounded_range(*bounds: int) -> range:
    """`range`, every number of it taken from the budget."""
    numbers_ = range(*bounds)
    present().spend(len(numbers_))
    return numbers_


def days(n: float) -> timedelta:
    """A span of n × 24 hours."""
    return timedelta(days=n)


def hours(n: float) -> timedelta:
    """A span of n hours."""
    return timedelta(hours=n)


def weeks(n: float) -> timedelta:
    """A span of n × 168 hours."""
    return timedelta(weeks=n)


def _charged(name: str, function: Function) -> Function:
    """The filter, paying for what it takes and makes, and refusing what is missing."""
    pass_arg = getattr(function, "jinja_pass_arg", None)
    index = 0 if pass_arg is None else 1

    @wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        value = args[index]
        if value is None and name not in _TAKES_MISSING:
            raise RenderError(
                f"`{name}` of a value that is missing; write `or` and what to say instead"
            )
        weigh(value)
        result = function(*args, **kwargs)
        weigh(result)
        return result

    if pass_arg is not None:
        charged.jinja_pass_arg = pass_arg  # type: ignore[attr-defined]
    return charged


_OWN: dict[str, Function] = {
    "d": default,
    "date": format_date,
    "default": default,
    "e": escape_once,
    "escape": escape_once,
    "first": first,
    "join": join,
    "last": last,
    "money": format_money,
    "number": format_number,
    "replace": replace,
    "round": round_number,
    "time": format_time,
}
FILTERS: dict[str, Function] = {
    name: _charged(name, function)
    for name, function in {**{n: JINJA_FILTERS[n] for n in _PLAIN}, **_OWN}.items()
}
FUNCTIONS: dict[str, Function] = {
    "days": days,
    "hours": hours,
    "range": bounded_range,
    "weeks": weeks,
}
