"""A claimed delivery in this process."""

import time
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from outreach.channels.adapter import Message
from outreach.settings.rate_limits import domain_of, lane_of


@dataclass(frozen=True, slots=True)
class Paid:
    """The rate limits of which a delivery has taken a token each, on a day in company time.

    `until` (time.monotonic) is how long the tokens are good for handing it over.
    """

    names: tuple[str, ...]
    day: date
    until: float = float("inf")


@dataclass(slots=True)  # not frozen: that takes three times as long to make, for each message
class Held:
    """What this process knows of a delivery that it claimed; `fence` is the claim's own."""

    id: int
    fence: int
    run_id: int
    customer_id: int
    channel: str
    address: str
    locale: str | None
    due_at: datetime
    late_at: datetime
    lapses: int
    tries: int
    resend: bool  # `on_unknown: resend`
    variant: str | None = None  # of an experiment
    lane: str = ""
    paid: Paid | None = None
    decided_at: float = field(default_factory=time.monotonic)

    own_lane: str = field(init=False)  # in which it waits where its domain goes apart; or empty

    def __post_init__(self) -> None:
        domain = domain_of(self.address)
        self.own_lane = self.lane or (lane_of(self.channel, domain) if domain else "")


class Ready(NamedTuple):
    """A claimed delivery with its message, waiting to be handed over."""

    held: Held
    message: Message
    message_id: str
