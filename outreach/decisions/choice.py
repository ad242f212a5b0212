"""The choice of a channel in Python, for a row of the chain whose slots fill up further.

The same steps as in `chain.py`, for what SQL can not see: other messages of the same run.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.decisions.awaiting import opening_for
from outreach.decisions.localities import Locality
from outreach.decisions.order import CODES, REASONS, caps_of
from outreach.decisions.release import Occupied, counted_by, release
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import ChainRow, Verdict, verdict_of
from outreach.vocabulary import Reason

Target = tuple[str, str]  # a channel, and an address on it


@dataclass(frozen=True, slots=True)
class Choice:
    """A final verdict, with the channels that now stop at another rule than before, and that rule."""

    verdict: Verdict
    fails: Mapping[str, Reason]


def open_channels(row: ChainRow, channels: tuple[str, ...]) -> list[int]:
    """Numbers of the channels on which nothing that is asked before cadence stops a row."""
    stops = [(number, row[f"stop_{number}"]) for number in range(len(channels))]
    return [n for n, stop in stops if stop is None or stop // 2 > CODES[Reason.DUPLICATE]]


def choose(
    ruling: Ruling,
    place: Locality,
    row: ChainRow,
    taken: Occupied,
    used: Collection[Target],
) -> Choice:
    """What is decided where these slots are taken, and other messages go to `used` addresses.

    The row says `stop_…`, `address_…` and `consent_…` of each channel; it is of a customer who
    gets the message as long as any channel is free.
    """
    numbers = range(len(ruling.channels))
    stops: list[int | None] = [row[f"stop_{number}"] for number in numbers]
    for number in open_channels(row, ruling.channels):
        target = (ruling.channels[number], row[f"address_{number}"])
        double = CODES[Reason.DUPLICATE] * 2 + 1
        stops[number] = double if target in used else _stop(ruling, place, row, taken, number)
    ended = (n for n in numbers if stops[n] is None or (stops[n] or 0) % 2 == 1)
    furthest = max(numbers, key=lambda n: stops[n] or 0)  # the first of equals
    chosen = _row(ruling, place, row, stops, next(ended, furthest))
    verdict = verdict_of(chosen, ruling.channels, ruling.variants)
    if ruling.campaign.when_capped == "hold":
        everywhere = {place.id: place}
        verdict = release(ruling, [verdict], everywhere, {verdict.customer_id: taken})[0]
    before = [row[f"stop_{number}"] for number in numbers]
    fails = {
        ruling.channels[number]: REASONS[stop // 2]
        for number, stop in enumerate(stops)
        if stop is not None and stop != before[number]
    }
    return Choice(verdict._replace(stopped=()), fails)


def _stop(
    ruling: Ruling, place: Locality, row: ChainRow, taken: Occupied, number: int
) -> int | None:
    """Where cadence or the clock stops a channel, as the chain's `stop_…` says it; None: free."""
    grid, channel = ruling.grid, ruling.channels[number]
    opening = opening_for(ruling, place, grid.groups[number], row["asked_at"], row["late_at"])
    at = opening.opens_at or row["asked_at"]
    for reason, slots in (
        (Reason.CAPPED, taken.touches()),
        (Reason.RESERVED, taken),
    ):
        overall, own = (
            any(
                len(counted_by(cap, those, at, grid, place)) >= cap.at_most
                for cap in (grid.cap_windows[each].cap for each in places)
                for those in slots.at(channel)
            )
            for places in caps_of(ruling, number)
        )
        if overall or own:
            return CODES[reason] * 2 + int(overall)
    late = opening.opens_at is None or opening.opens_at >= row["late_at"]
    return CODES[opening.why] * 2 if opening.why is not None and late else None


def _row(
    ruling: Ruling, place: Locality, row: ChainRow, stops: list[int | None], number: int
) -> dict[str, Any]:
    """The row as the chain would give it with these stops and this channel."""
    stop, group = stops[number], ruling.grid.groups[number]
    opening = opening_for(ruling, place, group, row["asked_at"], row["late_at"])
    return {
        **row,
        **{f"stop_{n}": each for n, each in enumerate(stops)},
        "number": number,
        "code": None if stop is None else stop // 2,
        "why": None if opening.why is None else CODES[opening.why],
        "opens_at": opening.opens_at,
        "address": row[f"address_{number}"],
        "consent_id": row[f"consent_{number}"],
    }
