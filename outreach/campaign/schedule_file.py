"""A schedule as it is written in a campaign."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from outreach.campaign.cron_text import CLOCK_ALONE, in_words, parse_cron
from outreach.campaign.every_text import EveryText
from outreach.campaign.model import OnEvent, Schedule, ScheduleKind
from outreach.campaign.on_date_file import OnDateFile, group_of_date
from outreach.campaign.on_holiday_file import OnHolidayFile, group_of_holiday
from outreach.campaign.public_holidays import Holidays
from outreach.campaign.trigger_file import (
    Backlog,
    IdleFile,
    OnEventFile,
    OnStageFile,
    group_of_event,
    group_of_idle,
    group_of_stage,
)
from outreach.campaign.triggers import Idle, OnStage
from outreach.documents import FileModel, RefusalError
from outreach.settings.near_values import near_moment
from outreach.settings.written import HoursOfDay, Late, Weekdays, YesNo, parse_zone, text_as

CUSTOMER = "customer"
COMPANY = "company"  # company time; what it is, only outreach.yaml knows
NO_TIME = timedelta(0)
KINDS = tuple(kind.value for kind in ScheduleKind)  # keys of which one says when
_AT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_YEARS = range(1970, 2200)  # every zone can show them
_IN_WORDS = (
    "write for example `every: friday at 17:00`, `every: day at 09:30`; for one day "
    "`at: 2026-12-24T09:00`"
)
_AT_ONCE = "date and time are one key: `at: 2026-12-24T09:00`"
_OF_CUSTOMER = ("local", "local time", "customers", "recipient", "own", "user")


def parse_at(text: str) -> datetime:
    """`2026-12-24T09:00`: naive, or aware if it has an offset."""
    if CLOCK_ALONE.fullmatch(text):
        hint = f'for each day write `cron: "{in_words(text)}"`; for one day `at: 2026-12-24T{text:0>5}`; '
        hint += "of `on_date` and `on_holiday` it stands within them"
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
    on_event: (
        Annotated[
            OnEventFile, BeforeValidator(group_of_event, json_schema_input_type=OnEventFile | str)
        ]
        | None
    ) = Field(
        None,
        description="When something happens to a customer: the kind of event.",
        examples=["order", {"kind": "order", "where": "event.amount > 100", "after": "2 hours"}],
    )
    on_stage: Annotated[OnStageFile, BeforeValidator(group_of_stage)] | None = Field(
        None,
        description="When a customer comes into a stage, or leaves one.",
        examples=[{"enter": "decline"}],
    )
    idle: Annotated[IdleFile, BeforeValidator(group_of_idle)] | None = Field(
        None,
        description="When a customer has not been in touch, say, for so long.",
        examples=[{"since": "last_contact_at", "for": "30 days"}],
    )
    backlog: Backlog | None = Field(
        None,
        description="Of `on_stage: {enter: …}` and `idle`: so many a day who were there before are "
        "let in, longest waiting first. Left out: none.",
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
                "write one of `cron`, `every`, `at`, `on_date`, `on_holiday`, `on_event`, "
                "`on_stage`, `idle`, `manual: true`",
                "missing",
            )
        if len(written) > 1:
            both = f"`{written[0]}` and `{written[1]}` stand together"
            raise RefusalError(both, "keep one", at=(written[1],))
        has_backlog = self.idle is not None or (self.on_stage is not None and self.on_stage.enter)
        if self.backlog is not None and not has_backlog:
            message = "`backlog` is of `idle` and `on_stage: {enter: …}`"
            raise RefusalError(message, "take it out", at=("backlog",), key=True)
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
        event, stage, idle = self.on_event, self.on_stage, self.idle
        given = Schedule(
            kind=ScheduleKind(kind),
            cron=self.cron or "",
            every=self.every,
            on_date=self.on_date.on_date() if self.on_date else None,
            on_holiday=self.on_holiday.on_holiday() if self.on_holiday else None,
            on_event=None if event is None else OnEvent(event.kind, None, event.after or NO_TIME),
            on_stage=None if stage is None else OnStage(stage.enter or (), stage.leave or ()),
            idle=None if idle is None else Idle(idle.since, idle.span),
            backlog=self.backlog or 0,
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
