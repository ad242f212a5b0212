"""The decisions' clock: passed in, always; frozen by `--now`. Retries and leases go by the real one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the instant that decisions, schedules and records use."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FrozenClock:
    """A clock that stands still at `at`."""

    at: datetime

    def now(self) -> datetime:
        """The instant it was frozen at, aware UTC."""
        return self.at.astimezone(UTC)


@dataclass(slots=True)
class MovingClock:
    """A clock that is put forward by hand: what a simulation goes by."""

    at: datetime

    def now(self) -> datetime:
        """The instant it was put to last, aware UTC."""
        return self.at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Instants:
    """The present by both clocks."""

    now: datetime  # of decisions and records; frozen by `--now`
    real_now: datetime  # of retries and answers
