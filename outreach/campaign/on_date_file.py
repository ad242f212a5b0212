"""A day of the customer's own as it is written in a schedule: `on_date`."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from outreach.campaign.returning import LeapDay, OnDate
from outreach.documents import FileModel, RefusalError
from outreach.settings.attribute_names import COLUMNS, FACTS
from outreach.settings.date_names import date_name
from outreach.settings.near_values import near_clock, near_span, plain_text
from outreach.settings.written import text_as
from outreach.spans import parse_clock

BIRTHDAY = "birthday"
ONE_DAY = (
    "for a later message write a `wait` behind the first, for another day a campaign of its own"
)
OF_DATES = "name `birthday`, an attribute of the type `date`, or a date that you import"
_NINE = time(9)
_OFFSET = re.compile(r"([+-]?)\s*(\d{1,4})\s+(day|week)s?", re.ASCII)
_SIDE = re.compile(
    r"(?P<span>.+?)\s+(?P<before>before|earlier|ahead|prior|vorher|davor)|(?P<later>.+?)\s+(?:after|later|danach)"
)
_WEEK = 7
_YEAR = 365  # days
_MOST_DAYS = 3_650  # to a day that comes once
_FOR_YEARLY = "`leap_day` is of days that come back each year"


def parse_time_of_day(text: str) -> time:
    """`09:00`."""
    try:
        return parse_clock(text)
    except ValueError as error:
        meant = near_clock(text)
        hint = f'write `"{meant}"`' if meant else 'write for example `"09:00"`'
        raise RefusalError(str(error).partition("; ")[0], hint) from None


def parse_date_field(text: str) -> str:
    """The name of a customer's date."""
    if text in COLUMNS | FACTS and text != BIRTHDAY:
        raise RefusalError(f"`{text}` is no day of the customer's own", OF_DATES)
    name = date_name(text)
    if name is None:
        raise RefusalError(f"`{text}` can not be the name of a date", OF_DATES)
    if name != text:
        raise RefusalError(f"`{text}` is not how it is written", f"write `{name}`")
    return text


def _offset(written: object) -> int:
    """Days: negative before the date, positive after it."""
    if isinstance(written, int) and not isinstance(written, bool):
        meant = f"{written} day{'s' * (abs(written) != 1)}"
        raise RefusalError(f"`{written}` does not say of what", f"write `{meant}`")
    if not isinstance(written, str):
        raise RefusalError("this must be days before or after", "write for example `-3 days`")
    text = plain_text(written)
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise RefusalError(f"`{text}` is no number of days", _meant(text))
    days = int(match[2]) * (_WEEK if match[3] == "week" else 1)
    return -days if match[1] == "-" else days


def _meant(text: str) -> str:
    """How days before or after are written."""
    if re.search(r"\d\s*(h|hours?|min|minutes?|stunden?)\b", text.lower()):
        return 'an offset is in whole days; the hour is `at`: `{offset: -1 day, at: "18:00"}`'
    if re.search(r"(month|monat|quarter|year|jahr)", text.lower()):
        return "an offset is in days or weeks: `-30 days`, `2 weeks`"
    side, sign = text.lower(), ""
    if match := _SIDE.fullmatch(side):
        side, sign = (match["span"], "-") if match["before"] else (match["later"], "")
    elif side[:1] in "+-":
        side, sign = side[1:], side[:1].strip("+")
    near = near_span(side)
    return (
        f"write `{sign}{near}`" if near else "write `-3 days` for three days before, `3 days` after"
    )


TimeOfDay = Annotated[
    time,
    *text_as(
        parse_time_of_day, "a time of day", "09:00", "17:30", pattern=r"([01]\d|2[0-3]):[0-5]\d"
    ),
]
Offset = Annotated[
    int,
    PlainValidator(_offset),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[+-]?\s*\d{1,4}\s+(day|week)s?$",
            "examples": ["-3 days", "1 week"],
        }
    ),
]
DateField = Annotated[
    str, *text_as(parse_date_field, "the name of a date", BIRTHDAY, "wedding", "contract_end")
]


def group_of_date(written: object) -> object:
    """Refuses a name alone with how the group is written."""
    if isinstance(written, str):
        hint = f'write `on_date: {{field: {written}, at: "09:00"}}`'
        raise RefusalError("`on_date` must be a group of keys, not text", hint)
    if isinstance(written, list):
        raise RefusalError("`on_date` is one day, not a list", ONE_DAY)
    return written


class OnDateFile(FileModel):
    """A message on, before or after a day of the customer's own."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("timezone", "window", "days", "late", "starts", "ends", "holidays"),
                        "it belongs under `schedule`, beside `on_date`"),
        **dict.fromkeys(("date", "name", "column", "attribute"), "the date is `field`"),
        **dict.fromkeys(("time", "hour"), 'the time of day is `at: "09:00"`'),
        **dict.fromkeys(("before", "days_before"), "write `offset: -3 days`"),
        **dict.fromkeys(("after", "days_after"), "write `offset: 3 days`"),
    }  # fmt: skip

    field: DateField = Field(
        description="Which day: `birthday`, an attribute of the type date, or a date's name.",
        examples=[BIRTHDAY],
    )
    repeat: Literal["yearly", "once"] | None = Field(
        None,
        description="Each year, or on the very day. Left out: yearly for `birthday`, else once.",
    )
    offset: Offset | None = Field(
        None, description="Days before (`-3 days`) or after (`3 days`) the day."
    )
    at: TimeOfDay | None = Field(None, description="The time of day. Left out: 09:00.")
    leap_day: LeapDay | None = Field(
        None,
        description="Where a year has no 29 February: on the 28th, on 1 March, or not at all. "
        "Left out: feb-28.",
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.field == BIRTHDAY and self.repeat == "once":
            message = "a `birthday` is the day of birth, which never comes again"
            raise RefusalError(message, "write `repeat: yearly`", at=("repeat",))
        most = _YEAR - 1 if self.is_yearly else _MOST_DAYS
        offset = self.offset or 0
        if abs(offset) > most:
            side = "before" if offset < 0 else "after"
            again = "a day that comes back each year" if self.is_yearly else "the day"
            message = f"{abs(offset)} days {side} {again} makes no sense"
            raise RefusalError(message, f"write at most {most} days", at=("offset",))
        if self.leap_day is not None and not self.is_yearly:
            hint = "take it out, or write `repeat: yearly`"
            raise RefusalError(_FOR_YEARLY, hint, at=("leap_day",), key=True)
        return self

    @property
    def is_yearly(self) -> bool:
        """Whether the day comes back each year."""
        return self.field == BIRTHDAY if self.repeat is None else self.repeat == "yearly"

    def on_date(self) -> OnDate:
        """The day as the rest uses it."""
        return OnDate(
            self.field,
            self.is_yearly,
            self.at or _NINE,
            self.offset or 0,
            self.leap_day or LeapDay.FEB_28,
        )
