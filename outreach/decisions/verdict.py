"""The chain's answer for one candidate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from outreach.decisions.order import REASONS
from outreach.vocabulary import Decision, Reason

ChainRow = RowMapping | Mapping[str, Any]  # a row of the chain, by the names of its columns
CADENCE = (Reason.CAPPED, Reason.RESERVED)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A channel that cadence stops; the message may wait for it."""

    channel: str
    address: str
    consent_id: int | None
    reason: Reason


class Verdict(NamedTuple):
    """What is decided about one customer's message, or about one delivery at its claim."""

    customer_id: int
    delivery_id: int  # 0 in a plan
    place_id: int
    decision: Decision
    reason: Reason | None
    until: datetime | None  # of a hold
    channel: str | None  # the channel that would carry it; of a skip the one that got furthest
    address: str | None
    consent_id: int | None
    locale: str | None  # the customer's
    late_at: datetime
    asked_at: datetime
    variant: str | None = (
        None  # of an experiment; None: nothing is compared, or it is not chosen yet
    )
    stopped: tuple[Stopped, ...] = ()  # with `when_capped: hold`: what may be waited for, in order
    arm: Reason | None = None  # with it: the hold-out this customer is in

    def held(self, on: Stopped, until: datetime) -> "Verdict":
        """The same, held for a channel that is free then; who is held out would not have gone."""
        if self.arm is not None:
            return self._replace(reason=self.arm)
        return self._replace(
            decision=Decision.HOLD,
            reason=on.reason,
            until=until,
            channel=on.channel,
            address=on.address,
            consent_id=on.consent_id,
        )


def verdict_of(row: ChainRow, channels: tuple[str, ...], variants: tuple[str, ...] = ()) -> Verdict:
    """The verdict of one row of the chain."""
    code, why = row["code"], row["why"]
    held = code is None and why is not None
    decision = Decision.HOLD if held else Decision.SEND if code is None else Decision.SKIP
    reason = why if held else code
    return Verdict(
        customer_id=row["id"],
        delivery_id=row["mine_id"],
        place_id=row["place_id"],
        decision=decision,
        reason=None if reason is None else REASONS[reason],
        until=row["opens_at"] if held else None,
        channel=channels[row["number"]],
        address=row["address"],
        consent_id=row["consent_id"],
        locale=row["locale"],
        late_at=row["late_at"],
        asked_at=row["asked_at"],
        variant=variants[row["variant"]] if variants and row["variant"] is not None else None,
        stopped=_stopped(row, channels),
        arm=REASONS[row["arm"]] if "arm" in row and row["arm"] is not None else None,
    )


def _stopped(row: ChainRow, channels: tuple[str, ...]) -> tuple[Stopped, ...]:
    """The channels that cadence stops, where nothing else ended the choice."""
    stop = None if row["code"] is None else row.get(f"stop_{row['number']}")
    if stop is None:  # it goes, or nothing is held and the row does not say it
        return ()
    ended = stop % 2 == 1
    if ended and REASONS[stop // 2] not in CADENCE:
        return ()
    tried = range(row["number"] + 1 if ended else len(channels))
    return tuple(
        Stopped(channels[number], row[f"address_{number}"], row[f"consent_{number}"], reason)
        for number in tried
        if (reason := REASONS[row[f"stop_{number}"] // 2]) in CADENCE
    )
