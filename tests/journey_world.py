"""One journey, who may come into it, and what happens while it is looked after, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, in the words of a campaign's file: `text`, of what `kind` it is, and about what."""

    text: str
    kind: str  # tier, count, within, entered, amount, timed_out
    what: str = ""
    least: int = 1
    span: timedelta = timedelta(0)
    holds: bool = True  # else it is asked whether it does not


@dataclass(frozen=True, slots=True)
class Message:
    """A message, for those for whom `when` holds."""

    id: str
    when: Asked | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait: for a span, until a time of the customer's clock, or until something is so."""

    id: str
    span: timedelta | None = None
    at: time | None = None
    weekday: int | None = None  # Monday 0
    until: Asked | None = None
    at_most: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Fork:
    """A branch: the first way that fits; of the last, None stands for all others."""

    ways: tuple[tuple[Asked | None, "tuple[Item, ...]"], ...]


Item = Message | Pause | Fork


@dataclass(frozen=True, slots=True)
class Journey:
    """The campaign: an `order` starts it `after` it came; `again`: None is always, below 0 never."""

    items: tuple[Item, ...]
    after: timedelta = timedelta(0)
    where: Asked | None = None
    late: timedelta = timedelta(hours=24)
    window: tuple[time, time] | None = None
    audience: Asked | None = None
    exclude: Asked | None = None
    exit: Asked | None = None
    again: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Recorded `at`: an event that is dated `dated`, or a change of the customer's tier."""

    at: datetime
    key: str
    kind: str = ""
    dated: datetime | None = None
    amount: int | None = None
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer who can be reached by mail."""

    key: str
    zone: str
    tier: str


@dataclass(frozen=True, slots=True)
class JourneyWorld:
    """The scheduler looks at each instant of `looks`; the first makes the campaign active.

    `deaths`: at which looks one dies at a commit of which number, before another looks: no matter.
    """

    journey: Journey
    people: tuple[Person, ...]
    happenings: tuple[Happening, ...]  # in the order in which they are recorded
    looks: tuple[datetime, ...]
    deaths: Mapping[datetime, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: when it came up, and that it went or why not; None: it waits."""

    id: str
    planned_at: datetime
    reason: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """One time in the journey: its messages, and how and when it ended."""

    entered_at: datetime
    messages: tuple[Told, ...]
    ended_as: str = ""
    ended_at: datetime | None = None
