"""A schedule as it is written in a campaign."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Self

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from outreach.campaign.every_text import EveryText
from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.on_date_file import OnDateFile, group_of_date
from outreach.campaign.on_holiday_file import OnHolidayFile, group_of_holiday
from outreach.campaign.public_holidays import Holidays
from outreach.documents import FileModel, RefusalError
from outreach.settings.near_values import near_moment
from outreach.settings.written import HoursOfDay, Late, Weekdays, YesNo, parse_zone, text_as
from outreach.spans import WEEKDAYS

CUSTOMER = "customer"
COMPANY = "company"  # company time; what it is, only outreach.yaml knows
KINDS = tuple(kind.value for kind in ScheduleKind)  # keys of which one says when
_AT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_YEARS = range(1970, 2200)  # every zone can show them
_WORD = re.compile(r"[^\W\d]+")
_IN_WORDS = (
    "write for example `every: friday at 17:00`, `every: day at 09:30`; for one day "
    "`at: 2026-12-24T09:00`"
)
_AT_ONCE = "date and time are one key: `at: 2026-12-24T09:00`"
_CRON_DAYS = {
    "mo": "MON",
    "tu": "TUE",
    "di": "TUE",
    "we": "WED",
    "mi": "WED",
    "th": "THU",
    "do": "THU",
    "fr": "FRI",
    "sa": "SAT",
    "su": "SUN",
    "so": "SUN",
}
_CRON_WORDS = {
    **dict.fromkeys(("daily", "day", "täglich"), "0 10 * * *"),
    **dict.fromkeys(("weekly", "week"), "0 10 * * MON"),
    **dict.fromkeys(("monthly", "month"), "0 10 1 * *"),
    **dict.fromkeys(("weekday", "workday", "working day"), "0 10 * * MON-FRI"),
    **{day: f"0 10 * * {day[:3].upper()}" for day in WEEKDAYS},
}
_CLOCK_ALONE = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_OF_CUSTOMER = ("local", "local time", "customers", "recipient", "own", "user")
_DAY = 2  # where the day of the month stands
_CRON_FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")


def parse_cron(text: str) -> str:
    """Five fields of cron that come at least once: minute hour day-of-month month day-of-week."""
    fields = text.split()
    if len(fields) != 5 and (meant := _in_words(text)):
        raise RefusalError(f"`{text}` is not how cron says it", f'write `cron: "{meant}"`')
    if len(fields) != 5:
        raise RefusalError(
            f"`{text}` has {len(fields)} field{'s' * (len(fields) != 1)}, cron has 5",
            'write minute, hour, day, month and weekday, for example "0 17 * * FRI"',
        )
    try:
        next(CronSim(text, datetime(2024, 1, 1)))  # noqa: DTZ001 - a wall clock has no zone
    except CronSimError as error:
        faulty = str(error).removeprefix("Bad ")
        number = _CRON_FIELDS.index(faulty)
        if number == _DAY and _is_cron(["0", "0", fields[_DAY], "1", "*"]):
            message = f"`{text}` never comes: there is no day `{fields[2]}` in month `{fields[3]}`"
            raise RefusalError(message, "name a day that exists") from None
        hint = _cron_with_days(fields) if number == 4 else ""
        hint = hint or 'write for example "0 17 * * FRI" for Fridays at 17:00'
        raise RefusalError(f"`{fields[number]}` is no {faulty} of cron", hint) from None
    except StopIteration:
        raise RefusalError(f"`{text}` never comes", "name a day that exists") from None
    return " ".join(fields)


def _in_words(text: str) -> str:
    """`daily`, `every friday` or a time of day alone as a cron; empty when it is none of them."""
    word = text.lower().removeprefix("every").removeprefix("@").strip()
    if match := _CLOCK_ALONE.fullmatch(word):
        return f"{int(match[2])} {int(match[1])} * * *"
    return _CRON_WORDS.get(word, _CRON_WORDS.get(word.removesuffix("s"), ""))


def _cron_with_days(fields: list[str]) -> str:
    """A hint with the days of the week as cron knows them; empty when they are no days."""
    days = _WORD.sub(lambda word: _CRON_DAYS.get(word[0].lower()[:2], word[0]), fields[4])
    if days == fields[4]:
        return ""
    meant = [*fields[:4], days]
    return f'write "{" ".join(meant)}"' if _is_cron(meant) else ""


def _is_cron(fields: list[str]) -> bool:
    try:
        next(CronSim(" ".join(fields), datetime(2024, 1, 1)))  # noqa: DTZ001 - a wall clock
    except (CronSimError, StopIteration):
        return False
    return True


def parse_at(text: str) -> datetime:
    """`2026-12-24T09:00`: naive, or aware if it has an offset."""
    if _CLOCK_ALONE.fullmatch(text):
        hint = f'for each day write `cron: "{_in_words(text)}"`; for one day `at: 2026-12-24T{text:0>5}`'
        raise RefusalError(f"`{text}` is a time of day without a date", hint)
    if _AT.fullmatch(text) is None:
        meant = near_moment(text)
        hint = f"write `{meant}`" if meant else "write for example `2026-12-24T09:00`"
        raise RefusalError(f"`{text}` is no date and time", hint)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(f"`{text}` does not exist", "look at a calendar") from None
    if at.year not in _YEARS:
        hint = f"write a year from {_YEARS[0]} to {_YEARS[-1]}"
        raise RefusalError(f"`{text}` is too far away", hint)
    return at


def parse_date(text: str) -> date:
    """`2026-12-24`."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    meant = near_moment(text, with_time=False)
    hint = f"write `{meant}`" if meant else "write for example `2026-12-24`"
    raise RefusalError(f"`{text}` is no date", hint)


def parse_timezone(text: str) -> str:
    """`customer`, `company`, or an IANA zone."""
    if text.lower() in _OF_CUSTOMER:
        message = f"there is no time zone `{text}`"
        raise RefusalError(message, "for each customer's own clock write `customer`")
    return text if text in (CUSTOMER, COMPANY) else parse_zone(text)


def _only_true(written: bool) -> bool:
    if not written:
        raise RefusalError("`manual` can only be `true`", "take it out, or write `manual: true`")
    return written


Cron = Annotated[
    str, *text_as(parse_cron, "cron's five fields", "0 17 * * FRI", "30 9 1 * *", "0 9 * * MON#1")
]
At = Annotated[
    datetime, *text_as(parse_at, "a date and time", "2026-12-24T09:00", pattern=_AT.pattern)
]
Day = Annotated[date, *text_as(parse_date, "a date", "2026-12-24", pattern=r"\d{4}-\d\d-\d\d")]
Timezone = Annotated[
    str, *text_as(parse_timezone, "a time zone", CUSTOMER, COMPANY, "Europe/Berlin")
]


class ScheduleFile(FileModel):
    """When a campaign goes out. Exactly one of KINDS must be written."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in KINDS]})

    later: ClassVar[frozenset[str]] = frozenset({"on_event", "on_stage", "idle", "backlog"})
    elsewhere: ClassVar[Mapping[str, str]] = {
        "on": _IN_WORDS,
        **dict.fromkeys(("date", "time", "datetime"), _AT_ONCE),
    }

    cron: Cron | None = Field(
        None, description="Again and again: minute, hour, day of the month, month, day of the week."
    )
    at: At | None = Field(None, description="Once, at this date and time.")
    every: EveryText | None = Field(
        None, description="Again and again, in words: a day, a weekday, weeks, months, quarters."
    )
    on_date: (
        Annotated[OnDateFile, BeforeValidator(group_of_date, json_schema_input_type=OnDateFile)]
        | None
    ) = Field(
        None,
        description="On, before or after a day of the customer's own.",
        examples=[{"field": "birthday", "at": "09:00"}],
    )
    on_holiday: (
        Annotated[
            OnHolidayFile, BeforeValidator(group_of_holiday, json_schema_input_type=OnHolidayFile)
        ]
        | None
    ) = Field(
        None,
        description="On, before or after a moving feast of the customer's country.",
        examples=[{"name": "Spring Festival", "offset": "-1 day", "at": "09:00"}],
    )
    manual: Annotated[YesNo, AfterValidator(_only_true)] | None = Field(
        None, description="Only by hand, with `outreach send`."
    )
    timezone: Timezone = Field(
        CUSTOMER,
        description="Whose clock the times mean: `customer` is each customer's own, `company` company time.",
    )
    window: HoursOfDay | None = Field(
        None,
        description="Sent only within these hours of the customer's day. Quiet hours hold as well.",
        examples=["09:00-20:00"],
    )
    days: Weekdays | None = Field(
        None, description="Sent only on these days of the week.", examples=["mon-fri"]
    )
    starts: Day | None = Field(None, description="The first day on which it goes out.")
    ends: Day | None = Field(None, description="The last day on which it goes out.")
    holidays: Holidays = Field(
        Holidays.IGNORE,
        description="On a public holiday of the customer's country: `skip` leaves the message out, "
        "`next_workday` sends it on the next day on which people work.",
    )
    late: Late | None = Field(
        None, description="What is not sent so long after its time is not sent. Left out: 24 hours."
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        written = [key for key in KINDS if getattr(self, key) is not None]
        if not written:
            raise RefusalError(
                "`schedule` does not say when",
                "write one of `cron`, `every`, `at`, `on_date`, `on_holiday`, `manual: true`",
                "missing",
            )
        if len(written) > 1:
            both = f"`{written[0]}` and `{written[1]}` stand together"
            raise RefusalError(both, "keep one", at=(written[1],))
        if self.at and self.at.tzinfo and "timezone" in self.model_fields_set:
            hint = "keep one: the offset in `at`, or `timezone`"
            raise RefusalError("`at` has an offset already", hint, at=("timezone",))
        if self.starts and self.ends and self.ends < self.starts:
            hint = f"write {self.starts} or later"
            raise RefusalError("`ends` is before `starts`", hint, at=("ends",))
        first, last = self.starts or date.min, self.ends or date.max
        if self.at and not first <= self.at.date() <= last:
            hint = "take `starts` and `ends` out"
            raise RefusalError("`at` is not between `starts` and `ends`", hint, at=("at",))
        return self

    def schedule(self) -> Schedule:
        """The schedule as the rest uses it; an `at` with an offset needs no zone and has UTC."""
        kind = next(key for key in KINDS if getattr(self, key) is not None)
        aware = self.at is not None and self.at.tzinfo is not None
        given = Schedule(
            kind=ScheduleKind(kind),
            cron=self.cron or "",
            every=self.every,
            on_date=self.on_date.on_date() if self.on_date else None,
            on_holiday=self.on_holiday.on_holiday() if self.on_holiday else None,
            at_local=None if aware else self.at,
            at=self.at.astimezone(UTC) if self.at and aware else None,
            timezone="UTC" if aware else self.timezone,
            window=self.window,
            days=self.days,
            starts=self.starts,
            ends=self.ends,
            holidays=self.holidays,
        )
        return given if self.late is None else replace(given, late=self.late)
