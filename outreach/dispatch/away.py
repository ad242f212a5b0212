"""Channels whose provider can not be used for now: since when, where, and what was answered."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.channels.adapter import Outcome
from outreach.clock import Clock
from outreach.logger import Logger
from outreach.vocabulary import Answer, Fault

log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Away:
    """One channel; `place` is the provider's `host:port`, `since` by the real clock."""

    channel: str
    place: str
    since: datetime
    why: str  # stage, code and words of the first answer, without addresses and secrets


class AwayChannels:
    """What a process knows of its channels' trouble; any thread may tell it."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is the real one."""
        self._clock = clock
        self._lock = threading.Lock()
        self._away: dict[str, Away] = {}

    def learn(self, channel: str, place: str, outcome: Outcome) -> None:
        """Whether the provider is there, as an answer tells; what was not begun says nothing."""
        if outcome.answer is Answer.UNREACHABLE or outcome.fault is Fault.CHANNEL:
            self._note(channel, place, outcome, self._clock.now())
        elif outcome.begun and outcome.answer is not Answer.UNKNOWN and channel in self._away:
            self._clear(channel, self._clock.now())

    def _note(self, channel: str, place: str, outcome: Outcome, now: datetime) -> None:
        """The first answer in a row is kept, and logged."""
        why = f"{outcome.stage}: {outcome.code} {outcome.detail}"
        found = Away(channel, place, now, " ".join(why.split()).rstrip(":"))
        with self._lock:
            is_new = self._away.setdefault(channel, found) is found
        if is_new:
            since = f"{now:%Y-%m-%dT%H:%M:%SZ}"
            log.warning(
                "channel can not be used", channel=channel, place=place, since=since, why=found.why
            )

    def _clear(self, channel: str, now: datetime) -> None:
        with self._lock:
            found = self._away.pop(channel, None)
        if found is not None:
            seconds = round((now - found.since).total_seconds())
            log.warning("channel works again", channel=channel, place=found.place, seconds=seconds)

    def since(self, span: timedelta) -> list[Away]:
        """The channels that are away for so long or longer, by name."""
        now = self._clock.now()
        with self._lock:
            return sorted(
                (each for each in self._away.values() if now - each.since >= span),
                key=lambda each: each.channel,
            )
