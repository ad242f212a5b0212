"""A claimed delivery in this process."""

from dataclasses import dataclass
from datetime import date, datetime

from outreach.channels.adapter import Message


@dataclass(frozen=True, slots=True)
class Paid:
    """The rate limits of which a delivery has taken a token each, on a day in company time.

    `until` (time.monotonic) is how long the tokens are good for handing it over.
    """

    names: tuple[str, ...]
    day: date
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
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
    lane: str = ""
    paid: Paid | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed delivery with its message, waiting to be handed over."""

    held: Held
    message: Message
    message_id: str
