"""How much may be sent in a span of time, as it is written: `50/second`, `100/day, doubling to …`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from outreach.documents import RefusalError

MOST = 100_000_000  # messages in any span: more is a slip of the pen
EXAMPLES = ("50/second", "600/minute", "20000/day", "100/day, doubling to 20000/day")
_RATE = re.compile(r"(\d{1,12})\s*/\s*(second|minute|hour|day)", re.ASCII)
_RAMP = re.compile(rf"{_RATE.pattern}\s*,\s*doubling\s+to\s+{_RATE.pattern}", re.ASCII)
_NEAR = re.compile(
    r"(\d[\d.,'_ ]*?)\s*(?:[^\W\d]+\s*)?(?:/|\b(?:per|a|an|each|every|pro|in a)\b)\s*"
    r"(?:(s)|(m)|(h)|(d|t))\w*",
    re.IGNORECASE,
)


class Unit(StrEnum):
    """A span that messages are counted in."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"  # by the company's clock, from midnight


SECONDS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in each unit.

    With `up_to` a day's count doubles for each further day on which something was sent.
    """

    count: int
    per: Unit
    up_to: int | None = None

    def __str__(self) -> str:
        written = f"{self.count}/{self.per}"
        return written if self.up_to is None else f"{written}, doubling to {self.up_to}/{self.per}"


def parse_rate(text: str) -> Rate:
    """A rate as it is written; RefusalError says how it should be."""
    if match := _RATE.fullmatch(text):
        return Rate(_count(match[1]), Unit(match[2]))
    if match := _RAMP.fullmatch(text):
        return _ramp(Rate(_count(match[1]), Unit(match[2])), Rate(_count(match[3]), Unit(match[4])))
    if text.startswith("doubling"):
        raise RefusalError(
            f"`{text}` belongs to the rate before it",
            f'put both in quotes: "{EXAMPLES[-1]}"',
        )
    raise RefusalError(
        f"`{text}` is no rate", f"write {_meant(text) or f'for example `{EXAMPLES[0]}`'}"
    )


def _count(digits: str) -> int:
    count = int(digits)
    if not 1 <= count <= MOST:
        raise RefusalError(f"{digits} is no rate", f"it must be from 1 to {MOST}")
    return count


def _ramp(first: Rate, last: Rate) -> Rate:
    if first.per is not Unit.DAY or last.per is not Unit.DAY:
        raise RefusalError("only what is sent in a day can double", f"write `{EXAMPLES[-1]}`")
    if last.count <= first.count:
        raise RefusalError(f"`{last}` is no more than `{first}`", f"write `{last}` alone")
    return Rate(first.count, Unit.DAY, last.count)


def _meant(text: str) -> str:
    """`50 per second` or `1,000/min` as it should be written; empty when it can not be told."""
    match = _NEAR.fullmatch(text)
    if match is None:
        return ""
    unit = next(unit for unit, letter in zip(Unit, match.groups()[1:], strict=True) if letter)
    return f"`{re.sub('[^0-9]', '', match[1])}/{unit}`"


def read_rates(written: object) -> tuple[Rate, ...]:
    """One rate, or several that all hold, at most one for each unit."""
    if isinstance(written, tuple):
        return written
    several = isinstance(written, list)
    rates: list[Rate] = []
    for place, each in enumerate(written if isinstance(written, list) else [written]):
        at = (place,) if several else ()
        try:
            rates.append(_rate(each, rates))
        except RefusalError as refusal:
            raise RefusalError(refusal.message, refusal.hint, at=at) from None
    if not rates:
        raise RefusalError("this list is empty", "write at least one, or take the key out")
    return tuple(rates)


def _rate(written: object, before: Sequence[Rate]) -> Rate:
    if not isinstance(written, str):
        count = written if isinstance(written, int) and not isinstance(written, bool) else 50
        raise RefusalError("this must be a rate", f"write for example `{count}/second`")
    rate = parse_rate(" ".join(written.split()))
    if any(rate.per is other.per for other in before):
        raise RefusalError(f"there are two rates by the {rate.per}", "keep one of them")
    return rate


_ONE: dict[str, Any] = {"type": "string", "examples": list(EXAMPLES)}
Rates = Annotated[
    tuple[Rate, ...],
    PlainValidator(read_rates),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]
