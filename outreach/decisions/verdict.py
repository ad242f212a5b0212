"""The chain's answer for one candidate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from outreach.decisions.chain import REASONS
from outreach.vocabulary import Decision, Reason


@dataclass(frozen=True, slots=True)
class Verdict:
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

    def held_until(self, until: datetime) -> "Verdict":
        """The same, held until `until` for its reason; skipped at once where that is too late."""
        if until > self.late_at:
            return replace(self, decision=Decision.SKIP, until=None)
        return replace(self, decision=Decision.HOLD, until=until)


def verdict_of(row: Mapping[str, Any], channels: tuple[str, ...]) -> Verdict:
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
    )
