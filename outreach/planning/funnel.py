"""A plan's counts: how many would get a message, and how many not, by reason."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from outreach.decisions.order import REASONS
from outreach.vocabulary import Reason

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Funnel:
    """Counts of a plan; `audience = send + hold + Σ skip` holds always."""

    send: int
    held: dict[Reason, int]
    skip: dict[Reason, int]
    channels: dict[str, int]  # of those sent or held
    locales: dict[str, int]  # of those sent or held: the language variant they would read
    variants: dict[str, int]  # of those sent or held, but for those who wait for the winner
    held_until: tuple[datetime, datetime] | None = None  # the earliest and the latest
    unnamed: dict[str, int] = field(default_factory=dict)  # readers of files that name no language
    by: Mapping[tuple[str, int], int] = field(default_factory=dict)  # of those sent or held

    @property
    def hold(self) -> int:
        """How many would be held, whatever for."""
        return sum(self.held.values())

    @property
    def audience(self) -> int:
        """How many the audience picks."""
        return self.send + self.hold + sum(self.skip.values())


def together(parts: Sequence[Funnel]) -> Funnel:
    """The counts of messages of which each customer has one."""
    if len(parts) == 1:
        return parts[0]
    spans = [each.held_until for each in parts if each.held_until]
    return Funnel(
        sum(each.send for each in parts),
        by_rule(sum_of(each.held for each in parts)),
        by_rule(sum_of(each.skip for each in parts)),
        sum_of(each.channels for each in parts),
        dict(sorted(sum_of(each.locales for each in parts).items())),
        sum_of(each.variants for each in parts),
        (min(each[0] for each in spans), max(each[1] for each in spans)) if spans else None,
        dict(Counter(sum_of(each.unnamed for each in parts)).most_common()),
        sum_of(each.by for each in parts),
    )


def by_rule(found: Mapping[Reason, int]) -> dict[Reason, int]:
    """Counts by reason, in the order in which the rules are asked."""
    return {reason: found[reason] for reason in REASONS if found.get(reason)}


def sum_of(counts: Iterable[Mapping[Key, int]]) -> dict[Key, int]:
    """Their sums, in the order in which the keys come."""
    found: dict[Key, int] = {}
    for each in counts:
        for key, many in each.items():
            found[key] = found.get(key, 0) + many
    return found
