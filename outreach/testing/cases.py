"""A case of a campaign test, read: what is so, when it is asked, what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outreach.imports.customer_rows import CustomerRow
from outreach.vocabulary import ConsentState, ReactionKind

NEVER = "never"  # what is written for `next` where no time helps


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of a case; `stage` is given, else it is worked out."""

    row: CustomerRow
    stage: str | None = None
    stage_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A word of consent; `key` whose."""

    key: str
    channel: str
    topic: str
    state: ConsentState
    at: datetime
    source: str
    proof: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event; `amount` and `data` as imports read them."""

    key: str
    at: datetime
    values: Mapping[str, Any]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Touched:
    """A message of any campaign before: gone out, or `open`."""

    key: str
    at: datetime
    campaign: str
    channel: str
    topic: str
    priority: int
    open: bool


@dataclass(frozen=True, slots=True)
class Had:
    """A message of the journey that went out to the customer."""

    step: str
    channel: str
    at: datetime
    reactions: tuple[tuple[ReactionKind, datetime], ...] = ()
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Where the customer stands in the journey, by the position of the stop, and since when."""

    entered_at: datetime
    position: int
    since: datetime
    had: tuple[Had, ...] = ()
    timed_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `expect` as written, its instants read."""

    file: str
    line: int
    name: str
    campaign: str
    at: datetime
    people: tuple[Person, ...]  # the first is asked about
    arm: str | None = None
    words: tuple[Said, ...] = ()
    suppressions: tuple[tuple[str, str], ...] = ()  # channel, address
    events: tuple[Happened, ...] = ()
    touches: tuple[Touched, ...] = ()
    way: UnderWay | None = None  # None: the campaign begins with them
    expect: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Whom it is about."""
        return self.people[0].row.key
