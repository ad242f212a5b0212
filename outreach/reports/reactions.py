"""How many messages were clicked and opened, by variant and by link."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from outreach.reports.funnel import which
from outreach.store.tables import deliveries, links, reactions
from outreach.vocabulary import ReactionKind

ERASED = "(erased)"  # a link of a customer who was erased


@dataclass(frozen=True, slots=True)
class Reacted:
    """Messages by what was done with them, each counted once a kind; `variants` by variant.

    `links`: messages by the address in them that was followed; of addresses that only one message
    had, what they begin with.
    """

    messages: Mapping[ReactionKind, int] = field(default_factory=dict)
    variants: Mapping[str | None, Mapping[ReactionKind, int]] = field(default_factory=dict)
    links: Mapping[str, int] = field(default_factory=dict)


def reacted(conn: Connection, campaign: str | None = None, run_id: int | None = None) -> Reacted:
    """What was done with the messages of one run, of one campaign, or with all."""
    r, d = reactions.c, deliveries.c
    number = func.count(r.delivery_id.distinct())
    of_these = which(campaign, run_id)
    query = (
        select(d.variant, r.kind, number)
        .join(deliveries, d.id == r.delivery_id)
        .where(of_these)
        .group_by(d.variant, r.kind)
    )
    messages: dict[ReactionKind, int] = {}
    variants: dict[str | None, dict[ReactionKind, int]] = {}
    for variant, kind, count in conn.execute(query):
        messages[ReactionKind(kind)] = messages.get(ReactionKind(kind), 0) + count
        variants.setdefault(variant, {})[ReactionKind(kind)] = count
    address = func.coalesce(links.c.address, r.address, "")
    followed = (
        select(address, number)
        .join(deliveries, d.id == r.delivery_id)
        .outerjoin(links, links.c.name == r.link)
        .where(of_these, r.kind == ReactionKind.CLICKED.value)
        .group_by(address)
        .order_by(number.desc(), address)
    )
    found = {each or ERASED: count for each, count in conn.execute(followed)}
    return Reacted(messages, variants, found)
