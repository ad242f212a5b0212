"""`when_capped: hold`: the first instant at which caps, window and quiet hours all pass."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, false, func, not_, or_, select

from outreach.decisions.candidate import ADDRESS_COLUMN, Scope
from outreach.decisions.grid import Grid, applicable_caps, widest
from outreach.decisions.localities import Locality
from outreach.decisions.rules.cadence import stands_before
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.spans import Cap
from outreach.store.dialect import is_any_of
from outreach.store.sources import named
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


@dataclass(slots=True)
class Occupied:
    """What occupies slots of a customer, and of others who have an address of theirs.

    `others` by the column of that address, each with their key.
    """

    own: list[Slot]
    others: dict[str, list[tuple[str, list[Slot]]]] = field(default_factory=dict)

    def at(self, channel: str) -> list[list[Slot]]:
        """Of each whom a message on the channel would reach, what occupies slots of theirs."""
        others = self.others.get(ADDRESS_COLUMN[channel], [])
        return [self.own, *(slots for _, slots in others)]

    def touches(self) -> "Occupied":
        """The touches alone, without what is open or foreseen."""
        return Occupied(
            _firm(self.own),
            {
                column: [(key, _firm(slots)) for key, slots in those]
                for column, those in self.others.items()
            },
        )


def _firm(slots: Iterable[Slot]) -> list[Slot]:
    return [each for each in slots if each.firm]


def release(
    ruling: Ruling,
    verdicts: Sequence[Verdict],
    places: Mapping[int, Locality],
    taken: Mapping[int, Occupied],
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


def _released(ruling: Ruling, verdict: Verdict, place: Locality, taken: Occupied) -> Verdict:
    """Held for the first channel in the file's order that is free within `late`."""
    for each in verdict.stopped:
        until = _free_from(ruling, verdict, each.channel, place, taken)
        if until is not None:
            return verdict.held(each, until)
    return verdict


def _free_from(
    ruling: Ruling, verdict: Verdict, channel: str, place: Locality, taken: Occupied
) -> datetime | None:
    """The first instant at which clocks and caps let the message leave; None: not before `late`."""
    grid = ruling.grid
    group = grid.groups[grid.channels.index(channel)]
    caps = [
        each.cap
        for each in grid.cap_windows
        if each.group == group and each.cap.channel in (None, channel)
    ]
    at = ruling.starts_at(verdict.asked_at, verdict.late_at)
    for _ in range(ROUNDS):
        is_put_off = at > verdict.asked_at
        opens_at = grid.opening_after(place, group, at, verdict.late_at, is_put_off=is_put_off)
        if opens_at is None:
            return None
        frees = [_free_at(caps, slots, opens_at, grid, place) for slots in taken.at(channel)]
        free_at = max((each for each in frees if each is not None), default=None)
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
        inside = sorted(slot.at for slot in counted_by(cap, taken, at, grid, place))
        if len(inside) >= cap.at_most:
            found.append(grid.leaves_at(cap, inside[-cap.at_most], place))
    return max(found, default=None)


def counted_by(
    cap: Cap, taken: Iterable[Slot], at: datetime, grid: Grid, place: Locality
) -> list[Slot]:
    """What a cap counts of these slots for a message that leaves at an instant."""
    span = grid.window(cap, at, place)
    return [
        slot
        for slot in taken
        if span.back_at <= slot.at < span.ahead_at
        and cap.channel in (None, slot.channel)
        and cap.topic in (None, slot.topic)
    ]


def slots_of(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    verdicts: Sequence[Verdict],
    earlier: Sequence[int],
) -> dict[int, Occupied]:
    """By customer: the slots that count for each, from a window's width before to one after."""
    people = _people(conn, [each.customer_id for each in verdicts])
    near = {**people, **_around(conn, people)}
    near |= _people(conn, {each.merged_into for each in near.values() if each.merged_into})
    everyone = {**near, **_around(conn, near)}
    everyone |= _around(conn, everyone)  # who shares an address with one that others stand for
    slots = _slots(conn, ruling, scope, verdicts, earlier, everyone)
    found = {id_: Occupied(slots.of(one, one.key)) for id_, one in people.items()}
    for column in ("email", "phone"):
        there: dict[str | None, set[int]] = {}
        for each in near.values():
            there.setdefault(getattr(each, column), set()).add(each.merged_into or each.id)
        there[None] = set()  # who has no address shares none
        for id_, one in people.items():
            readers = there[getattr(one, column)] - {id_}
            found[id_].others[column] = [
                (near[other].key, slots.of(near[other], one.key)) for other in sorted(readers)
            ]
    return found


class _Person(NamedTuple):
    """A customer with what others may share."""

    id: int
    key: str
    email: str | None
    phone: str | None
    merged_into: int | None

    def has(self, other: "_Person", column: str) -> bool:
        """Whether this one has the other's address in a column."""
        address = getattr(self, column)
        return address is not None and address == getattr(other, column)


_PERSON = tuple(customers.c[name] for name in _Person._fields)


def _people(conn: Connection, ids: Collection[int]) -> dict[int, _Person]:
    rows = conn.execute(select(*_PERSON).where(is_any_of(conn, customers.c.id, list(ids))))
    return {row.id: _Person(*row) for row in rows}


def _around(conn: Connection, ids: Collection[int]) -> dict[int, _Person]:
    """Who has an address of one of these customers, or was merged into one."""
    own = named(customers, "own")
    these = is_any_of(conn, own.c.id, list(ids))
    ties = [
        customers.c[name].in_(select(own.c[name]).where(these, own.c.shares))
        for name in ("email", "phone")
    ]
    every = (*ties, is_any_of(conn, customers.c.merged_into, list(ids)))
    rows = (row for tie in every for row in conn.execute(select(*_PERSON).where(tie)))
    return {row.id: _Person(*row) for row in rows}


class _Taking(NamedTuple):
    """What occupies a slot: whose it is, the address it went or will go to, and how it counts.

    `planned`: the decided message's own run has planned it, so it counts for higher keys alone.
    """

    person: _Person
    address: str | None
    slot: Slot
    planned: bool


class _Slots:
    """What occupies slots, by whose it is and by the address it went or will go to."""

    def __init__(self, people: Mapping[int, _Person]) -> None:
        self._closed: dict[int, list[_Person]] = {}
        for each in people.values():
            if each.merged_into is not None:
                self._closed.setdefault(each.merged_into, []).append(each)
        self._by_person: dict[int, list[_Taking]] = {}
        self._by_address: dict[str, list[_Taking]] = {}

    def add(self, taking: _Taking) -> None:
        person, address = taking.person, taking.address
        for id_ in {person.id, person.merged_into or person.id}:
            self._by_person.setdefault(id_, []).append(taking)
        if address is not None:
            self._by_address.setdefault(address, []).append(taking)

    def of(self, person: _Person, key: str) -> list[Slot]:
        """Theirs, and what went to their addresses by way of who shares one, as counted for a key.

        The addresses of those whom they stand for are theirs too.
        """
        found = list(self._by_person.get(person.id, ()))
        owners = [person, *self._closed.get(person.id, ())]
        addresses = {each for owner in owners for each in (owner.email, owner.phone) if each}
        for address in sorted(addresses):
            for taking in self._by_address.get(address, ()):
                other = taking.person
                theirs = person.id in (other.id, other.merged_into)
                shares = any(
                    other.has(owner, name) for owner in owners for name in ("email", "phone")
                )
                if shares and not theirs:
                    found.append(taking)
        return [each.slot for each in found if not each.planned or each.person.key < key]


def _slots(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    verdicts: Sequence[Verdict],
    earlier: Sequence[int],
    people: Mapping[int, _Person],
) -> _Slots:
    span = widest(applicable_caps(ruling.campaign, ruling.company))
    asked = [each.asked_at for each in verdicts]
    mine = {each.delivery_id for each in verdicts}
    row = deliveries.c
    name = func.coalesce(campaigns.c.name, "").label("campaign")
    columns = (row.id, row.customer_id, row.slot_at, row.channel, row.topic, row.address, row.firm)
    planned: ColumnElement[bool] = false()
    if scope.mine is not None:
        planned = and_(~row.firm, row.run_id == scope.run_id)
    query = select(*columns, name, planned.label("planned")).outerjoin(
        campaigns, campaigns.c.id == row.campaign_id
    )
    query = query.where(
        is_any_of(conn, row.customer_id, list(people)),
        row.slot_at >= min(asked) - span,
        row.slot_at < max(asked) + span + ruling.campaign.schedule.late,
        or_(row.firm, stands_before(ruling, scope.run_at, earlier), planned),
    )
    if scope.seen_at is not None:
        query = query.where(or_(not_(row.firm), row.slot_at <= max(scope.seen_at, *asked)))
    if ruling.transactional_topics:
        query = query.where(row.topic.not_in(ruling.transactional_topics))
    found = _Slots(people)
    for each in conn.execute(query):
        if each.id not in mine:
            sure = each.firm or each.planned
            slot = Slot(each.slot_at, each.channel, each.topic, sure, each.campaign)
            found.add(_Taking(people[each.customer_id], each.address, slot, each.planned))
    return found
