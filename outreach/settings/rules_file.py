"""Rules as they are written both in outreach.yaml and in campaigns: caps, quiet hours."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from outreach.documents import Document, FileModel, Path, did_you_mean
from outreach.errors import Problem
from outreach.settings.written import Country, HoursOfDay, Name, Weekdays, Whole, Window
from outreach.spans import Cap, QuietHours

BUILT_IN_CHANNELS = frozenset({"email", "sms"})
ADD_TASK = "add `task: {adapter: task}` to `channels` in outreach.yaml"
ONLY_THIS = "it counts messages of all campaigns; to leave out who got one of them write"


class CapFile(FileModel):
    """At most so many messages to one customer in a window of time.

    Messages of any campaign count, unless `channel` or `topic` says which.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {
        "campaign": f"{ONLY_THIS} under `audience` `exclude: received('NAME', days(30))`"
    }

    at_most: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        description="How many messages a customer gets at most in the window.", examples=[2]
    )
    per: Window = Field(
        description="The window: days count the customer's own dates, hours count to the second.",
        examples=["7 days", "36 hours", "calendar week"],
    )
    channel: Name | None = Field(
        None, description="Only messages on this channel count.", examples=["sms"]
    )
    topic: Name | None = Field(
        None, description="Only messages of this topic count.", examples=["offers"]
    )

    def cap(self) -> Cap:
        """The rule itself."""
        return Cap(self.at_most, self.per, self.channel, self.topic)


class QuietHoursFile(FileModel):
    """Hours of the customer's day in which nothing is sent."""

    span: HoursOfDay = Field(
        description="From and to, by the customer's clock; `all_day` for the whole day.",
        examples=["21:00-08:00", "all_day"],
    )
    country: Country | None = Field(
        None, description="Only for customers in this country.", examples=["FR"]
    )
    channel: Name | None = Field(None, description="Only on this channel.", examples=["sms"])
    days: Weekdays | None = Field(
        None, description="Only on these days of the week.", examples=["sunday", "sat-sun"]
    )

    def quiet_hours(self) -> QuietHours:
        """The rule itself."""
        return QuietHours(self.span, self.country, self.channel, self.days)


def unknown_names(
    document: Document, path: Path, key: str, known: Collection[str], where: str
) -> Iterator[Problem]:
    """Problems of the rules listed at `path` whose `key` names nothing in `known`."""
    rules = document.get(path)
    for index in range(len(rules) if isinstance(rules, list) else 0):
        yield from unknown_name(document, (*path, index, key), key, known, where)


def unknown_name(
    document: Document, path: Path, what: str, known: Iterable[str], where: str
) -> Iterator[Problem]:
    """A problem when the text at `path` is not in `known`; `where` says how to make it known."""
    name = document.get(path)
    if isinstance(name, str) and name not in known:
        known = sorted(known)
        hint = did_you_mean(name, known) or where
        if hint == where and known:
            hint = f"{did_you_mean(name, known, listing='there are')}; or {where}"
        yield document.problem(path, f"unknown-{what}", f"there is no {what} `{name}`", hint)
