"""What the later messages of a journey would cost at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.cost import is_priced
from outreach.app.counted import count_parts
from outreach.app.project import campaign_named
from outreach.campaign.openings import openings
from outreach.decisions.asking import Question


@dataclass(frozen=True, slots=True)
class LaterCost:
    """What a later message costs if all who come in come to it, and meet its `when`."""

    step: str
    messages: int
    total: Decimal  # in brand.currency
    channels: dict[str, Decimal]


def later_steps(context: Context, name: str) -> list[str]:
    """The later messages of a campaign that have a price on any of their channels."""
    campaign = campaign_named(context, name)
    firsts = {each.step.id for each in openings(campaign) if each.step}
    later = (each for each in campaign.steps if each.id not in firsts)
    return [each.id for each in later if is_priced(context.company(), each.channels)]


def later_cost(
    context: Context, conn: Connection, more: Sequence[Connection], question: Question
) -> LaterCost:
    """The most that the message of the question costs; `more` connections count the base too."""
    step = question.ruling.step
    found = count_parts(context, conn, more, [question], [step])
    return LaterCost(step.id, found.funnel.send + found.funnel.hold, found.total, found.channels)
