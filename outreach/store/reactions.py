"""Clicks and openings: which address a link has, and what became of messages with their readers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, null, select, update

from outreach.errors import SetupError
from outreach.store import dialect
from outreach.store.events import ADDING, Event, add_events_numbered
from outreach.store.tables import (
    attempts,
    campaigns,
    customers,
    deliveries,
    events,
    links,
    reactions,
)
from outreach.vocabulary import ReactionKind, State

CLICK, OPEN = "click", "open"  # the kinds of their events
_EVENTS = {ReactionKind.CLICKED: CLICK, ReactionKind.OPENED: OPEN}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What was done with a delivery; `link` names an address, or `address` is one of its own.

    `at` is an instant of decisions' clock, `came_at` of the real one.
    """

    delivery_id: int
    kind: ReactionKind
    at: datetime
    came_at: datetime
    link: str | None = None
    address: str | None = None
    id: int = 0  # of its row; 0: it has none yet
    event_id: int | None = None

    @property
    def target(self) -> str:
        """What tells links of one message apart."""
        return self.link or self.address or ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is to be known of a delivery that was reacted to."""

    id: int
    customer_id: int  # the one it was merged into, where it was
    erased: bool
    campaign: str
    step: str
    channel: str
    state: State
    handed_at: datetime | None  # real clock; None: nobody knows


def save_links(conn: Connection, addresses: Mapping[str, str]) -> None:
    """Keep addresses under their names. SetupError where a name means another one already."""
    if not addresses:
        return
    rows = [{"name": name, "address": address} for name, address in sorted(addresses.items())]
    conn.execute(dialect.insert(conn, links).on_conflict_do_nothing(), rows)
    for name, address in addresses_of(conn, addresses).items():
        if address != addresses[name]:
            message = f"the links `{address}` and `{addresses[name]}` have the same short name"
            raise SetupError(message, "write one of them otherwise: `?1` behind it will do")


def addresses_of(conn: Connection, names: Collection[str]) -> dict[str, str]:
    """The addresses that links of these names lead to; unknown ones are left out."""
    query = select(links.c.name, links.c.address)
    rows = conn.execute(query.where(dialect.is_any_of(conn, links.c.name, sorted(names))))
    return {row.name: row.address for row in rows}


def sent_by(conn: Connection, delivery_ids: Collection[int]) -> dict[int, Sent]:
    """What is known of deliveries, by id; of those that nobody sent, nothing."""
    d, c, a = deliveries.c, customers.c, attempts.c
    handed = select(func.max(a.at)).where(a.delivery_id == d.id).scalar_subquery()
    who = func.coalesce(c.merged_into, c.id)
    rows = conn.execute(
        select(d.id, who, c.erased_at, campaigns.c.name, d.step, d.channel, d.state, handed)
        .join(customers, c.id == d.customer_id)
        .join(campaigns, campaigns.c.id == d.campaign_id)
        .where(dialect.is_any_of(conn, d.id, sorted(delivery_ids)), d.channel.is_not(None))
    )
    return {
        id_: Sent(id_, customer, erased is not None, name, step, channel, State(state), at)
        for id_, customer, erased, name, step, channel, state, at in rows
    }


def lock_reactions(conn: Connection) -> None:
    """Let one transaction at a time look at reactions and add some, so that both is one."""
    dialect.one_at_a_time(conn, ADDING)


def reactions_of(conn: Connection, delivery_ids: Collection[int]) -> list[Reaction]:
    """Every reaction to these deliveries that is kept, in the order they came."""
    r = reactions.c
    query = select(reactions).where(dialect.is_any_of(conn, r.delivery_id, sorted(delivery_ids)))
    return [
        Reaction(
            row.delivery_id, ReactionKind(row.kind), row.at, row.came_at, row.link, row.address,
            row.id, row.event_id,
        )
        for row in conn.execute(query.order_by(r.came_at, r.id))
    ]  # fmt: skip


def latest_reactions(
    conn: Connection, customer_id: int, now: datetime, limit: int
) -> list[dict[str, object]]:
    """What was done with a customer's messages up to now, newest first."""
    r, d = reactions.c, deliveries.c
    query = (
        select(
            r.at, r.kind, d.run_id, d.step, d.channel,
            func.coalesce(links.c.address, r.address).label("link"),
        )
        .join(deliveries, d.id == r.delivery_id)
        .outerjoin(links, links.c.name == r.link)
        .where(d.customer_id == customer_id, r.at <= now)
        .order_by(r.at.desc(), r.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [dict(row) for row in conn.execute(query).mappings()]


def keep(
    conn: Connection, new: Sequence[Reaction], sent: Mapping[int, Sent], now: datetime
) -> None:
    """Keep new reactions; clicks and openings become events of their customers."""
    told = [place for place, one in enumerate(new) if _is_told(one, sent)]
    names = {one.link for one in new if one.link}
    addresses = addresses_of(conn, names) if names else {}
    made = [_event(new[place], sent, addresses) for place in told]
    ids = dict(zip(told, add_events_numbered(conn, made, now), strict=True))
    rows = [
        (
            one.delivery_id,
            one.kind.value,
            one.link,
            one.address,
            one.at,
            one.came_at,
            ids.get(place),
        )
        for place, one in enumerate(new)
    ]
    columns = ("delivery_id", "kind", "link", "address", "at", "came_at", "event_id")
    dialect.insert_rows(conn, reactions, columns, rows)


def _is_told(one: Reaction, sent: Mapping[int, Sent]) -> bool:
    return one.kind in _EVENTS and not sent[one.delivery_id].erased


def _event(one: Reaction, sent: Mapping[int, Sent], addresses: Mapping[str, str]) -> Event:
    of = sent[one.delivery_id]
    data = {"campaign": of.campaign, "step": of.step, "channel": of.channel, "delivery": of.id}
    address = addresses.get(one.link) if one.link else one.address
    data |= {"link": address} if address else {}
    return Event(of.customer_id, _EVENTS[one.kind], one.at, data=data)


def take_back(conn: Connection, scans: Sequence[Reaction]) -> None:
    """Make clicks that are kept what they turned out to be: a machine's; their events are gone."""
    ids = [one.id for one in scans]
    of_events = [one.event_id for one in scans if one.event_id is not None]
    changed = {"kind": ReactionKind.SCANNED.value, "event_id": null()}
    conn.execute(
        update(reactions).where(dialect.is_any_of(conn, reactions.c.id, ids)).values(changed)
    )
    conn.execute(delete(events).where(dialect.is_any_of(conn, events.c.id, of_events)))


def forget(conn: Connection, delivery_ids: Sequence[int]) -> None:
    """Keep that something was done with these deliveries, not which links they alone had."""
    r = reactions.c
    theirs = dialect.is_any_of(conn, r.delivery_id, list(delivery_ids))
    conn.execute(update(reactions).where(theirs, r.address.is_not(None)).values(address=null()))


def has(kind: ReactionKind, delivery_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a delivery was clicked or opened, as SQL."""
    r = reactions.alias()
    found = select(r.c.id).where(r.c.delivery_id == delivery_id, r.c.kind == kind.value)
    return exists(found.correlate_except(r))
