"""What customers are assumed to do with a message, and when: chance that is the same each time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

ALL = 10_000  # parts that a share is of
DAY = timedelta(days=1)


class Deed(StrEnum):
    """What a customer may do with a message."""

    OPEN = "open"  # a mail
    CLICK = "click"  # follows a link
    REPLY = "reply"  # answers
    PURCHASE = "purchase"  # orders something
    OPT_OUT = "opt_out"  # says no to its topic on its channel


KINDS = tuple(Deed)
BY_HAND = "task"  # a person speaks with them: there is nothing to open, follow or say no to


@dataclass(frozen=True, slots=True)
class Habits:
    """What customers of one stage do, in parts of 10,000 of their messages."""

    shares: Mapping[Deed, int] = field(default_factory=dict)
    amount: Decimal | None = None  # of an order


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Habits by stage; `within`: how long after a message each deed comes at most.

    `events_per_day`: by kind, how many customers it happens to on a day, whatever they get.
    """

    stages: Mapping[str, Habits]
    otherwise: Habits
    within: Mapping[Deed, timedelta]
    events_per_day: Mapping[str, int] = field(default_factory=dict)

    def of(self, stage: str | None) -> Habits:
        """The habits of who stands in a stage."""
        return self.stages.get(stage or "", self.otherwise)


class Reached(NamedTuple):
    """A message that reached somebody."""

    delivery_id: int
    customer_id: int
    key: str
    stage: str | None
    campaign: str
    step: str
    channel: str
    at: datetime
    ordered: bool  # of a transactional topic: there is nothing to say no to


class Done(NamedTuple):
    """A deed that will be done with a message."""

    at: datetime
    deed: Deed
    delivery_id: int
    customer_id: int
    amount: Decimal | None = None


class Happening(NamedTuple):
    """An event that will happen to a customer of itself; `place`: which of all customers, from 0."""

    at: datetime
    kind: str
    place: int


def happenings(
    assumptions: Assumptions, day: datetime, customers: int, seed: int
) -> list[Happening]:
    """What happens in the 24 hours from `day`, in order: the same for the same seed and day."""
    found = []
    for kind, many in assumptions.events_per_day.items():
        for number in range(many if customers else 0):
            drawn, moment = _drawn(f"{seed}\x00{kind}\x00{day}\x00{number}", customers)
            found.append(Happening(day + moment * DAY, kind, drawn))
    return sorted(found)


def deeds(assumptions: Assumptions, reached: Reached, seed: int) -> Iterator[Done]:
    """What is done with one message: the same for the same seed, customer and message.

    A link is followed by one of those who open; of a text message nothing says that it was.
    """
    habits = assumptions.of(reached.stage)
    if not habits.shares:
        return
    of = f"{seed}\x00{reached.key}\x00{reached.campaign}\x00{reached.step}\x00{reached.at}"
    for deed, share in habits.shares.items():
        if not _can(deed, reached):
            continue
        # Whoever opens and whoever clicks is drawn by one lot, so that the few are of the many.
        lot = "read" if deed in (Deed.OPEN, Deed.CLICK) else deed.value
        drawn, moment = _drawn(f"{of}\x00{lot}")
        if drawn < share:
            later = 2 if deed is Deed.CLICK else 1  # nobody clicks before they open
            when = assumptions.within[deed] * (1 - (1 - moment) / later)
            amount = habits.amount if deed is Deed.PURCHASE else None
            yield Done(reached.at + when, deed, reached.delivery_id, reached.customer_id, amount)


def _can(deed: Deed, reached: Reached) -> bool:
    match deed:
        case Deed.OPEN:
            return reached.channel == "email"
        case Deed.OPT_OUT:
            return reached.channel != BY_HAND and not reached.ordered
        case Deed.CLICK | Deed.REPLY:
            return reached.channel != BY_HAND
        case _:
            return True


def _drawn(of: str, lots: int = ALL) -> tuple[int, float]:
    """A lot from 0 on, and a part of a span above 0 and up to 1."""
    digest = blake2b(of.encode(), digest_size=16).digest()
    lot = int.from_bytes(digest[:8], "big") % lots
    return lot, (int.from_bytes(digest[8:12], "big") + 1) / 2**32
