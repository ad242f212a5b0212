"""What came of a simulation, counted on its copy: messages, touches, stages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    and_,
    case,
    func,
    insert,
    or_,
    select,
)

from outreach.store.spelling import latest, text_order
from outreach.store.tables import campaigns, customers, deliveries, stage_changes
from outreach.store.types import EPOCH, BigId
from outreach.vocabulary import State

QUARTER = timedelta(minutes=15)  # every zone's midnight is at one
FEW = 20
WAITING = "waiting"
d, c = deliveries.c, customers.c
PART = 500_000  # deliveries
was_open = Table("was_open", MetaData(), Column("id", BigId, primary_key=True, autoincrement=False))
touched = Table(
    "touched",
    MetaData(),
    Column("id", BigId, primary_key=True, autoincrement=False),  # a customer's
    Column("many", Integer, nullable=False),
)
GONE = (State.SENT.value, State.DELIVERED.value, State.BOUNCED.value, State.COMPLAINED.value)
LEFT_OUT = (State.SKIPPED.value, State.EXPIRED.value)


@dataclass(frozen=True, slots=True)
class Since:
    """Where a simulation began: what of the copy's deliveries and moves is its own."""

    at: datetime
    last_id: int
    last_move: int = 0

    @property
    def own(self) -> ColumnElement[bool]:
        """Deliveries that were planned since, and those that waited already."""
        return self.among(d)

    def among(self, row: Any) -> ColumnElement[bool]:
        """The same by the columns of deliveries under another name."""
        return or_(row.id > self.last_id, row.id.in_(select(was_open.c.id)))


def begin(conn: Connection, at: datetime) -> Since:
    """Note where a simulation begins, in a table that the copy alone has."""
    was_open.create(conn)
    conn.execute(insert(was_open).from_select(["id"], select(d.id).where(d.ready)))
    last, move = (
        conn.execute(select(func.coalesce(func.max(id_), 0))).scalar_one()
        for id_ in (d.id, stage_changes.c.id)
    )
    return Since(at, last, move)


@dataclass(frozen=True, slots=True)
class Fate:
    """Deliveries that fared alike: when they went, were put off, were left out; None: not at all."""

    campaign: str
    channel: str
    lane: str
    reason: str  # of what was left out
    gone_at: datetime | None
    held_at: datetime | None  # the instant they were put off from
    left_at: datetime | None
    deliveries: int


def fates(conn: Connection, since: Since) -> list[Fate]:
    """What became of the copy's own deliveries, by campaign, channel, lane, reason and instants."""
    left = d.state.in_(LEFT_OUT)
    gone_at = case((d.state.in_(GONE), d.claimed_at))
    held_at = case((and_(d.until.is_not(None), ~left), d.planned_at))
    left_at = case((left, func.coalesce(d.claimed_at, d.planned_at)))
    alike = (d.campaign_id, d.channel, d.lane, case((left, d.reason)), gone_at, held_at, left_at)
    part = select(*alike, func.count()).group_by(*alike)
    found: Counter[tuple[Any, ...]] = Counter()
    for which in _in_parts(conn, since):
        for *fate, deliveries_ in conn.execute(part.where(which)):
            found[tuple(fate)] += deliveries_
    names = dict(conn.execute(select(campaigns.c.id, campaigns.c.name)).all())
    return [
        Fate(names[campaign], channel or "", lane, reason or "", gone, held, left_out, number)
        for (campaign, channel, lane, reason, gone, held, left_out), number in found.items()
        if gone or held or left_out
    ]


def _in_parts(conn: Connection, since: Since) -> Iterator[ColumnElement[bool]]:
    """The copy's own deliveries, so many at a time that they are sorted in memory."""
    yield d.id.in_(select(was_open.c.id))
    last = conn.execute(select(func.coalesce(func.max(d.id), 0))).scalar_one()
    for after in range(since.last_id, last, PART):
        yield and_(d.id > after, d.id <= after + PART)


@dataclass(frozen=True, slots=True)
class Counted:
    """Deliveries of one campaign that fared alike in one quarter of an hour."""

    at: datetime  # when the quarter began
    campaign: str
    channel: str
    outcome: str  # send | hold | skip
    reason: str  # of a skip
    deliveries: int


def counted(those: Iterable[Fate]) -> list[Counted]:
    """What went when it went, what was left out when that was decided, what was put off when due.

    What was put off and went later counts twice: on its day as put off, on the other as sent.
    """
    found: Counter[tuple[str, str, datetime, str, str]] = Counter()
    for each in those:
        instants = {"send": each.gone_at, "hold": each.held_at, "skip": each.left_at}
        for outcome, at in instants.items():
            if at is not None:
                quarter = EPOCH + (at - EPOCH) // QUARTER * QUARTER
                reason = each.reason if outcome == "skip" else ""
                found[outcome, each.campaign, quarter, each.channel, reason] += each.deliveries
    return [
        Counted(at, campaign, channel, outcome, reason, number)
        for (outcome, campaign, at, channel, reason), number in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class Touches:
    """Messages that reached each customer: who got none is counted; `number` by how many."""

    customers: int
    number: dict[int, int]

    @property
    def most(self) -> int:
        """The most that anybody got."""
        return max((many for many, people in self.number.items() if people), default=0)

    @property
    def median(self) -> float:
        """The middle of all customers; of an even number of them the mean of two."""
        low, high = self._at((self.customers - 1) // 2), self._at(self.customers // 2)
        return low if low == high else (low + high) / 2

    @property
    def p95(self) -> int:
        """As many or fewer got 95 of 100 (the nearest rank)."""
        return self._at(max(0, -(-self.customers * 95 // 100) - 1))

    def _at(self, place: int) -> int:
        passed = 0
        for many, people in sorted(self.number.items()):
            passed += people
            if place < passed:
                return many
        return 0


def _touched(since: Since) -> ColumnElement[bool]:
    return and_(since.own, d.firm, d.claimed_at >= since.at)


def _people() -> ColumnElement[bool]:
    return and_(c.erased_at.is_(None), c.merged_into.is_(None))


def note_touches(conn: Connection, since: Since) -> None:
    """Note how many messages each customer got, in a table that the copy alone has."""
    touched.create(conn)
    by_customer = select(d.customer_id, func.count()).where(_touched(since)).group_by(d.customer_id)
    conn.execute(insert(touched).from_select(["id", "many"], by_customer))


def touches(conn: Connection) -> Touches:
    """How many messages reached how many customers, once `note_touches` has noted them."""
    many = touched.c.many
    query = select(many, func.count()).join(customers, c.id == touched.c.id).where(_people())
    number: Counter[int] = Counter(dict(conn.execute(query.group_by(many)).all()))
    everyone = conn.execute(select(func.count()).select_from(customers).where(_people()))
    total = everyone.scalar_one()
    number[0] = total - sum(number.values())
    return Touches(total, dict(sorted(number.items())))


@dataclass(frozen=True, slots=True)
class Pestered:
    """Somebody who hears much; `campaigns` by how much of it was theirs."""

    key: str
    touches: int
    campaigns: dict[str, int]


def most_pestered(conn: Connection, since: Since, limit: int = FEW) -> list[Pestered]:
    """Who gets the most messages, the most first, then by key; as noted by `note_touches`."""
    many = touched.c.many
    query = (
        select(c.id, c.key, many)
        .join(touched, touched.c.id == c.id)
        .where(_people())
        .order_by(many.desc(), text_order(c.key))
        .limit(limit)
    )
    found = conn.execute(query).all()
    whose = _by_campaign(conn, since, [row.id for row in found])
    return [Pestered(row.key, row.many, whose[row.id]) for row in found]


def _by_campaign(conn: Connection, since: Since, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    many = func.count().label("many")
    query = (
        select(d.customer_id, campaigns.c.name, many)
        .join(campaigns, campaigns.c.id == d.campaign_id)
        .where(_touched(since), d.customer_id.in_(ids))
        .group_by(d.customer_id, campaigns.c.name)
        .order_by(many.desc(), text_order(campaigns.c.name))
    )
    found: dict[int, dict[str, int]] = {id_: {} for id_ in ids}
    for id_, name, times in conn.execute(query):
        found[id_][name] = times
    return found


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Somebody whom nothing reaches; `why` what most often left them out.

    WAITING where only the end of the days keeps a message from them, "" where nothing asked.
    """

    key: str
    last_contact_at: datetime | None
    why: str


def most_forgotten(conn: Connection, since: Since, limit: int = FEW) -> list[Forgotten]:
    """Whom nothing reaches and who has not been in touch the longest: never first, then by key.

    As noted by `note_touches`.
    """
    reached = select(touched.c.id)
    touch = (
        select(func.max(d.slot_at))
        .where(d.customer_id == c.id, d.firm, d.slot_at.is_not(None))
        .correlate(customers)
        .scalar_subquery()
    )
    heard = c.last_heard_at
    from_them = (
        select(c.id, c.key, heard, touch.label("touch_at"), c.created_at)
        .where(_people(), c.id.not_in(reached))
        .subquery()
        .c
    )
    last: ColumnElement[datetime] = latest(from_them.last_heard_at, from_them.touch_at)
    never = last.is_(None)
    query = (
        select(from_them.id, from_them.key, last.label("last_at"))
        .order_by(
            never.desc(), func.coalesce(last, from_them.created_at), text_order(from_them.key)
        )
        .limit(limit)
    )
    found = conn.execute(query).all()
    why = _why(conn, since, [row.id for row in found])
    return [Forgotten(row.key, row.last_at, why.get(row.id, "")) for row in found]


def _why(conn: Connection, since: Since, ids: Sequence[int]) -> dict[int, str]:
    many, theirs = func.count().label("many"), d.customer_id.in_(ids)
    query = (
        select(d.customer_id, d.reason, many)
        .where(since.own, theirs, d.state.in_(LEFT_OUT))
        .group_by(d.customer_id, d.reason)
        .order_by(many, text_order(d.reason).desc())  # the most frequent last: it stays
    )
    waiting = conn.execute(select(d.customer_id).where(since.own, theirs, d.ready)).scalars()
    left_out = {id_: reason for id_, reason, _ in conn.execute(query)}
    return dict.fromkeys(waiting, WAITING) | left_out
