"""What a plan counts of all messages that may come first: how many, what they cost, to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.cost import (
    SegmentsTaken,
    cost_of,
    priced_regions,
    region_number,
    segments_of_all,
    segments_taken,
)
from outreach.app.unlocks import Unlock, unlocks_of, unlocks_of_all
from outreach.campaign.model import Step
from outreach.decisions.asking import Question
from outreach.planning.funnel import Funnel, sum_of, together
from outreach.planning.plan import count, in_turn
from outreach.planning.spread import Spread, spread_of, spread_of_all


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of a plan; `channels` is the cost by channel, `steps` how many have which first."""

    funnel: Funnel
    total: Decimal
    channels: dict[str, Decimal]
    taken: SegmentsTaken | None
    spread: Spread | None  # asked closely, as are the unlocks
    unlocks: list[Unlock] | None
    steps: dict[str, int]  # empty where everybody has the same


def count_parts(
    context: Context, conn: Connection, more: Sequence[Connection], questions: Sequence[Question],
    steps: Sequence[Step | None], *, closely: bool = False,
) -> Counted:  # fmt: skip
    """Count every question; `more` connections read the same state. `closely`: two more passes.

    `steps` are the messages that they are about, None where those asked about come to none.
    """
    parts = [
        _count(context, conn, more, question, step, closely=closely)
        for question, step in zip(in_turn(conn, questions), steps, strict=True)
    ]
    found = together([each.funnel for each in parts])
    channels: dict[str, Decimal] = {}
    for name, price in (item for each in parts for item in each.channels.items()):
        channels[name] = channels.get(name, Decimal(0)) + price
    return Counted(
        funnel=found,
        total=sum((each.total for each in parts), Decimal(0)),
        channels=channels,
        taken=segments_of_all([(p.taken, p.funnel.channels["sms"]) for p in parts if p.taken]),
        spread=spread_of_all([each.spread for each in parts if each.spread]) if closely else None,
        unlocks=unlocks_of_all(each.unlocks or () for each in parts) if closely else None,
        steps=sum_of(each.steps for each in parts) if len(parts) > 1 else {},
    )


def _count(
    context: Context, conn: Connection, more: Sequence[Connection], question: Question,
    step: Step | None, *, closely: bool,
) -> Counted:  # fmt: skip
    company, channels = context.company(), question.ruling.channels
    regions = priced_regions(company, channels)
    funnel = count(conn, question, more, region_number(regions) if regions else None)
    texts = funnel.channels.get("sms", 0)
    taken = segments_taken(context, conn, question, texts, closely=closely) if texts else None
    total, by_channel = cost_of(company, channels, funnel, regions, taken)
    closely = closely and step is not None
    return Counted(
        funnel, total, by_channel, taken,
        spread_of(conn, question) if closely else None,
        unlocks_of(conn, question) if closely else None,
        {} if step is None else {step.id: funnel.send + funnel.hold},
    )  # fmt: skip
