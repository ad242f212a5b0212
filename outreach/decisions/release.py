"""`when_capped: hold`: the first instant at which caps, window and quiet hours all pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, cast, func, not_, null, or_, select, union_all

from outreach.decisions.candidate import Scope
from outreach.decisions.grid import Grid, applicable_caps, widest
from outreach.decisions.localities import Locality
from outreach.decisions.rules.cadence import stands_before
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.spans import Cap
from outreach.store.tables import campaigns, customers, deliveries

ROUNDS = 50  # each round moves the instant past one touch or one closed span


@dataclass(frozen=True, slots=True)
class Slot:
    """One occupied cadence slot of a customer, theirs or at an address they share."""

    at: datetime
    channel: str | None
    topic: str
    firm: bool  # a touch; else an open message that comes first, or one that is foreseen
    campaign: str


def release(
    ruling: Ruling,
    verdicts: Sequence[Verdict],
    places: Mapping[int, Locality],
    taken: Mapping[int, list[Slot]],
) -> list[Verdict]:
    """The verdicts, those stopped by cadence held as the campaign's `when_capped: hold` says.

    `taken`: what occupies slots of those who are stopped, by customer.
    """
    return [
        _released(ruling, each, places[each.place_id], taken[each.customer_id])
        if each.stopped
        else each
        for each in verdicts
    ]


def _released(ruling: Ruling, verdict: Verdict, place: Locality, taken: list[Slot]) -> Verdict:
    """Held for the first channel in the file's order that is free within `late`."""
    for each in verdict.stopped:
        until = _free(ruling, verdict, each.channel, place, taken)
        if until is not None:
            return verdict.held(each, until)
    return verdict


def _free(
    ruling: Ruling, verdict: Verdict, channel: str, place: Locality, taken: list[Slot]
) -> datetime | None:
    """The first instant at which clocks and caps let the message leave; None: not before `late`."""
    grid = ruling.grid
    group = grid.groups[grid.channels.index(channel)]
    caps = [
        each.cap
        for each in grid.cap_windows
        if each.group == group and each.cap.channel in (None, channel)
    ]
    at = verdict.asked_at
    for _ in range(ROUNDS):
        opens_at = grid.opening_after(place, group, at, verdict.late_at)
        if opens_at is None:
            return None
        free_at = _free_at(caps, taken, opens_at, grid, place)
        if free_at is None:
            return opens_at
        if free_at >= verdict.late_at:
            return None
        at = free_at
    return None


def _free_at(
    caps: Iterable[Cap],
    taken: list[Slot],
    at: datetime,
    grid: Grid,
    place: Locality,
) -> datetime | None:
    """When the caps that are full at `at` have room again; None: there is room."""
    found = []
    for cap in caps:
        span = grid.window(cap, at, place)
        inside = sorted(
            slot.at
            for slot in taken
            if span.back_at <= slot.at < span.ahead_at
            and cap.channel in (None, slot.channel)
            and cap.topic in (None, slot.topic)
        )
        if len(inside) >= cap.at_most:
            found.append(grid.leaves_at(cap, inside[-cap.at_most], place))
    return max(found, default=None)


def slots_of(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    verdicts: Sequence[Verdict],
    earlier: Sequence[int],
) -> dict[int, list[Slot]]:
    """By customer: the slots that count for each, from a window's width before to one after."""
    span = widest(applicable_caps(ruling.campaign, ruling.company))
    asked = [each.asked_at for each in verdicts]
    ids = [each.customer_id for each in verdicts]
    mine = {each.delivery_id for each in verdicts}
    row = deliveries.c
    sharing = _sharing(conn, ids)
    query = select(
        row.id,
        row.customer_id,
        row.slot_at,
        row.channel,
        row.topic,
        row.address,
        row.firm,
        func.coalesce(campaigns.c.name, "").label("campaign"),
    )
    query = query.outerjoin(campaigns, campaigns.c.id == row.campaign_id).where(
        row.customer_id.in_({*ids, *(other for others in sharing.values() for other, _ in others)}),
        row.slot_at >= min(asked) - span,
        row.slot_at < max(asked) + span + ruling.campaign.schedule.late,
        or_(row.firm, stands_before(ruling, scope.run_at, earlier)),
    )
    if scope.seen_at is not None:
        query = query.where(or_(not_(row.firm), row.slot_at <= max(scope.seen_at, *asked)))
    if ruling.transactional_topics:
        query = query.where(row.topic.not_in(ruling.transactional_topics))
    found: dict[int, list[tuple[str | None, Slot]]] = {}
    for each in conn.execute(query):
        if each.id not in mine:
            slot = Slot(each.slot_at, each.channel, each.topic, each.firm, each.campaign)
            found.setdefault(each.customer_id, []).append((each.address, slot))
    return {id_: _theirs(id_, found, sharing.get(id_, ())) for id_ in ids}


def _theirs(
    customer_id: int,
    found: Mapping[int, Sequence[tuple[str | None, Slot]]],
    sharing: Sequence[tuple[int, str | None]],
) -> list[Slot]:
    own = {customer_id, *(other for other, at in sharing if at is None)}
    theirs = [slot for id_ in sorted(own) for _, slot in found.get(id_, ())]
    others = [
        slot
        for other, at in sharing
        if other not in own
        for address, slot in found.get(other, ())
        if address == at
    ]
    return theirs + others


def _sharing(conn: Connection, ids: Sequence[int]) -> dict[int, list[tuple[int, str | None]]]:
    """For customers who share an address: who with, and the address; None: was merged into it."""
    other = customers.alias("other")
    parts = [
        select(customers.c.id, other.c.id.label("other"), other.c[name].label("address")).where(
            customers.c.id.in_(ids),
            customers.c.shares,
            other.c[name] == customers.c[name],
            other.c.id != customers.c.id,
        )
        for name in ("email", "phone")
    ]
    merged = select(customers.c.id, other.c.id.label("other"), cast(null(), Text).label("address"))
    parts.append(
        merged.where(
            customers.c.id.in_(ids), customers.c.shares, other.c.merged_into == customers.c.id
        )
    )
    found: dict[int, list[tuple[int, str | None]]] = {}
    for id_, other_id, address in conn.execute(union_all(*parts)):
        found.setdefault(id_, []).append((other_id, address))
    return found
