"""Who waits for the better variant: from when on their message may go, and what they get."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from outreach.decisions.opening import Opening
from outreach.vocabulary import Reason

if TYPE_CHECKING:
    from outreach.decisions.localities import Locality
    from outreach.decisions.ruling import Ruling

LOOK_AGAIN = timedelta(minutes=1)  # where it is time and nobody has chosen yet


def waits_until(winner_at: datetime, asked_at: datetime) -> datetime:
    """Until when who is asked about at an instant waits for a choice that is due at another."""
    return winner_at if winner_at > asked_at else asked_at + LOOK_AGAIN


def waiting(opening: Opening) -> Opening:
    """The clocks' answer for that instant, as it is said of who waits for it.

    Where they let nothing through within `late` they are in the way themselves.
    """
    if opening.opens_at is None:
        return opening
    return Opening(opening.opens_at, Reason.AWAITING_WINNER, opening.stays_until)


def opening_for(
    ruling: Ruling, place: Locality, group: int, asked_at: datetime, late_at: datetime
) -> Opening:
    """When a message that is in time until `late_at` may leave on a group of channels."""
    start = ruling.starts_at(asked_at, late_at)
    found = ruling.grid.opening(place, group, start)
    return found if start == asked_at else waiting(found)
