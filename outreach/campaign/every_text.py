"""`every: friday at 17:00` and its like, read from one line."""

import re
from datetime import date, datetime
from typing import Annotated

from outreach.campaign.on_date_file import parse_time_of_day
from outreach.campaign.returning import LAST, Every, Unit
from outreach.documents import RefusalError, did_you_mean
from outreach.settings.near_values import near_moment
from outreach.settings.written import text_as
from outreach.spans import WEEKDAYS

_EXAMPLES = (
    "friday at 17:00",
    "day at 09:00",
    "2 weeks on friday at 17:00 from 2026-01-02",
    "month on 31 at 10:00",
    "month on last friday at 10:00",
    "quarter on 1 at 10:00",
)
_FORMS = "write `day at 09:00`, `friday at 17:00`, `2 weeks on friday at 17:00 from 2026-01-02`, "
_FORMS += "`month on 31 at 10:00`, `month on last friday at 10:00` or `quarter on 1 at 10:00`"
_LINE = re.compile(
    r"(?:(?P<count>\d{1,3})\s+)?(?P<unit>\w+)(?:\s+on\s+(?P<on>.+?))?"
    r"\s+at\s+(?P<at>\S+)(?:\s+from\s+(?P<first>\S+))?"
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": LAST}
_STEPS = {"day": (Unit.DAY, 1), "week": (Unit.WEEK, 1), "month": (Unit.MONTH, 1),
          "quarter": (Unit.MONTH, 3)}  # fmt: skip
_MOST = 100  # of units between two times
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(?:\.|st|nd|rd|th)?")


def parse_every(text: str) -> Every:
    """A line such as `2 weeks on friday at 17:00 from 2026-01-02`."""
    words = " ".join(text.lower().split())
    line = _LINE.fullmatch(words)
    if line is None:
        raise RefusalError(f"`{text}` is not how `every` says it", _near(words))
    count, unit, on = int(line["count"] or 1), line["unit"].removesuffix("s"), line["on"]
    at, first = parse_time_of_day(line["at"]), _first(line["first"])
    if weekday_called(line["unit"]) is not None:
        if on is not None or line["count"]:
            again = f"{count} weeks on {line['unit']}" if line["count"] else line["unit"]
            hint = f"write `{again} at {line['at']}`" + _from_hint(count, first)
            raise RefusalError(f"`{text}` is not how `every` says it", hint)
        unit, on = "week", line["unit"]
    if unit not in _STEPS:
        hint = did_you_mean(unit, (*_STEPS, *WEEKDAYS)) or _FORMS
        raise RefusalError(f"`{line['unit']}` is no day, week, month or quarter", hint)
    kind, length = _STEPS[unit]
    if not 1 <= count <= _MOST:
        raise RefusalError(f"every {count} {unit}s can not be", f"write 1 to {_MOST}")
    if count > 1 and first is None:
        message = f"which of the {unit}s is the first is not said"
        raise RefusalError(message, f"write `{words} from 2026-01-02`: from there it is counted")
    found = Every(kind, at, count * length, first=first)
    return _on(found, unit, on, line["at"])


def _on(every: Every, unit: str, on: str | None, clock: str) -> Every:
    """The same, with the day that is meant by what stands after `on`."""
    if every.unit is Unit.DAY:
        if on is not None:
            raise RefusalError(f"`on {on}` means nothing with days", f"write `day at {clock}`")
        return every
    if on is None:
        example = "friday" if every.unit is Unit.WEEK else "1"
        raise RefusalError(
            f"which day of the {unit} is not said", f"write `{unit} on {example} at {clock}`"
        )
    if every.unit is Unit.WEEK:
        weekday = weekday_called(on)
        if weekday is None:
            hint = did_you_mean(on, WEEKDAYS) or "write for example `week on friday at 17:00`"
            raise RefusalError(f"`{on}` is no day of the week", hint)
        return _with(every, weekday=weekday)
    if match := _DAY_OF_MONTH.fullmatch(on):
        if not 1 <= int(match[1]) <= 31:
            hint = "write 1 to 31; in a shorter month 31 is its last day"
            raise RefusalError(f"no month has a day {match[1]}", hint)
        return _with(every, day=int(match[1]))
    which, _, name = on.removeprefix("the ").partition(" ")
    weekday = weekday_called(name)
    if which in _ORDINALS and weekday is not None:
        return _with(every, weekday=weekday, nth=_ORDINALS[which])
    if on.removeprefix("the ") in ("last", "last day"):
        raise RefusalError(f"`{on}` is not how it is written", f"write `{unit} on 31 at {clock}`")
    hint = f"write `{unit} on 1 at {clock}` or `{unit} on last friday at {clock}`"
    raise RefusalError(f"`{on}` is no day of a {unit}", hint)


def _with(
    every: Every, weekday: int | None = None, day: int | None = None, nth: int | None = None
) -> Every:
    return Every(every.unit, every.at, every.step, weekday, day, nth, every.first)


def weekday_called(text: str) -> int | None:
    """`fri`, `friday` or `fridays` as 4."""
    word = text.removesuffix("s") if len(text) > 3 else text
    return next((n for n, day in enumerate(WEEKDAYS) if word in (day, day[:3])), None)


def _first(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        meant = near_moment(text, with_time=False)
        hint = f"write `from {meant}`" if meant else "write for example `from 2026-01-02`"
        raise RefusalError(f"`{text}` is no date", hint) from None


def _from_hint(count: int, first: date | None) -> str:
    return f" with `from {first or '2026-01-02'}` behind it" if count > 1 else ""


def _near(words: str) -> str:
    """What was most likely meant where the line as a whole can not be read."""
    line = None if " at " in words else _LINE.fullmatch(f"{words} at 09:00")
    if line and (
        line["unit"].removesuffix("s") in _STEPS or weekday_called(line["unit"]) is not None
    ):
        return f"say at what time: `{words} at 09:00`"
    return _FORMS


_PATTERN = r"(\d{1,3}\s+)?[A-Za-z]+(\s+on\s+.+)?\s+at\s+([01]\d|2[0-3]):[0-5]\d(\s+from\s+\d{4}-\d\d-\d\d)?"
EveryText = Annotated[Every, *text_as(parse_every, "one line", *_EXAMPLES, pattern=_PATTERN)]
