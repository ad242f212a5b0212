"""What starts a journey for a customer, how long it pauses, whether one may come in again."""

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class OnStage:
    """A move of the main lifecycle starts it: into one of these stages, or out of one."""

    enter: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Idle:
    """So long after an instant of the customer's, with none since, it starts once."""

    since: str  # a fact or column that is an instant; missing: `created_at`
    span: timedelta


@dataclass(frozen=True, slots=True)
class Moment:
    """The next time that a clock shows this, in the campaign's zone."""

    at: time
    weekday: int | None = None  # Monday 0; None: any day


class ReentryKind(StrEnum):
    """Whether who was in a journey may come in again; never twice at once."""

    ALWAYS = "always"
    AFTER = "after"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Reentry:
    """`span` counts from when they last came in."""

    kind: ReentryKind = ReentryKind.ALWAYS
    span: timedelta = timedelta(0)


ALWAYS = Reentry()
