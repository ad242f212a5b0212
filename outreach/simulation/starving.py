"""Who takes whose place: messages that cadence left out, and the campaigns that filled the caps.

Each message that was left out is looked at again as the chain decided about it: by the caps of its
channel, in the windows that the customer's own calendar gave them at that instant.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    func,
    or_,
    select,
)

from outreach.campaign.model import Campaign
from outreach.campaign.trials import waits_for_winner
from outreach.decisions.candidate import ADDRESS_COLUMN
from outreach.decisions.grid import Grid
from outreach.decisions.localities import Locality, localities
from outreach.decisions.rules.cadence import at_their_addresses
from outreach.decisions.verdict import CADENCE
from outreach.settings.company import Company
from outreach.simulation.counting import Since
from outreach.simulation.span import HOUR, look_at
from outreach.store.dialect import insert_rows
from outreach.store.sources import fenced, named
from outreach.store.tables import campaigns, customers, deliveries, runs
from outreach.store.temporary import empty, make_empty
from outreach.store.types import BigId, Instant
from outreach.vocabulary import Reason, State

_caps = Table(  # each cap as it held for messages that were decided alike
    "caps_then",
    MetaData(),
    Column("place_id", BigId, primary_key=True, autoincrement=False),
    Column("step", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("decided_at", Instant, primary_key=True),
    Column("late_at", Instant, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_most", Integer),
    Column("of_channel", Text),  # null: of all
    Column("of_topic", Text),
    Column("back_at", Instant),
    Column("ahead_at", Instant),
    Column("seen_at", Instant),  # the look at which it was decided
    prefixes=["TEMPORARY"],
)
_OF_CAP = ("number", "at_most", "of_channel", "of_topic", "back_at", "ahead_at", "seen_at")
d, w = deliveries.c, _caps.c
_theirs, _whose = named(deliveries, "theirs"), named(customers, "whose")
_reader, _there = named(customers, "reader"), named(customers, "there")


@dataclass(frozen=True, slots=True)
class Starved:
    """So many customers did not hear from `campaign`, having heard, or to hear, from `by`."""

    campaign: str
    by: str
    customers: int


def starved(
    conn: Connection,
    since: Since,
    project: Mapping[str, Campaign],
    company: Company,
    every: timedelta = HOUR,
) -> list[Starved]:
    """Whom cadence starved, by whom, the most customers first; what was ordered takes nobody's place.

    `every`: how far apart the simulation's looks were. A place that was reserved for a message which
    did not go in the end is nobody's.
    """
    ids = dict(conn.execute(select(campaigns.c.name, campaigns.c.id)).all())
    places = {each.id: each for each in localities(conn)}
    look = partial(look_at, since.at, every)
    found = [
        Starved(name, by, many)
        for name in ids.keys() & project.keys()
        for by, many in _Asked(since, ids, project[name], company, places, look).answer(conn)
    ]
    return sorted(found, key=lambda each: (-each.customers, each.campaign, each.by))


class _Alike(NamedTuple):
    """What messages have in common that were decided alike."""

    place_id: int
    step: str
    channel: str
    decided_at: datetime
    late_at: datetime  # `decided_at` where nobody waits for a winner


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who filled the caps of one campaign."""

    since: Since
    ids: Mapping[str, int]  # of all campaigns
    campaign: Campaign
    company: Company
    places: Mapping[int, Locality]
    look: Callable[[datetime], datetime]  # the first at an instant or after it

    def answer(self, conn: Connection) -> list[tuple[str, int]]:
        """By campaign, how many customers this one did not reach for its touches."""
        make_empty(conn, _caps)
        rows = list(self._caps_then(conn))
        insert_rows(conn, _caps, list(_caps.c.keys()), rows)
        found: Counter[str] = Counter()
        try:
            for shares in (False, True) if rows else ():  # nobody is in both
                found.update(dict(conn.execute(self._by(shares=shares)).all()))
        finally:
            empty(conn, _caps, len(rows))
        return list(found.items())

    def _alike(self) -> list[ColumnElement[Any]]:
        t = _theirs.c
        decided_at = func.coalesce(t.claimed_at, t.planned_at, type_=Instant())
        late_at = t.late_at if waits_for_winner(self.campaign) else decided_at
        return [_whose.c.place_id, t.step, t.channel, decided_at, late_at]

    def _left_out(self) -> ColumnElement[bool]:
        t = _theirs.c
        own = select(runs.c.id).where(runs.c.campaign_id == self.ids[self.campaign.name])
        return and_(
            t.run_id.in_(own),
            t.state == State.SKIPPED.value,
            t.reason.in_([reason.value for reason in CADENCE]),
            self.since.among(t),
        )

    def _caps_then(self, conn: Connection) -> Iterator[tuple[object, ...]]:
        """Each cap as it held for those who were left out, by what decided of its window."""
        steps = {each.id: self.campaign.at_step(each.id) for each in self.campaign.steps}
        grids = {step: Grid(each, self.company) for step, each in steps.items()}
        whose = _theirs.join(_whose, _whose.c.id == _theirs.c.customer_id)
        query = select(*self._alike()).select_from(whose).where(self._left_out()).distinct()
        for row in conn.execute(query):
            alike, seen_at = _Alike(*row), self.look(row[3])
            grid = grids.get(alike.step)
            if grid is None or alike.channel not in grid.channels:
                continue  # decided by an earlier version of the file
            asked_at = seen_at if self.campaign.is_journey else alike.decided_at
            asked_at = max(asked_at, alike.late_at - self._late)
            windows = grid.row(self.places[alike.place_id], asked_at).windows
            group = grid.groups[grid.channels.index(alike.channel)]
            for number, (each, within) in enumerate(zip(grid.cap_windows, windows, strict=True)):
                if each.group == group and each.cap.channel in (None, alike.channel):
                    cap = (each.cap.at_most, each.cap.channel, each.cap.topic)
                    yield (*alike, number, *cap, within.back_at, within.ahead_at, seen_at)

    @property
    def _late(self) -> timedelta:
        return self.campaign.schedule.late

    def _by(self, *, shares: bool) -> Select[Any]:
        """The statement, of those who have an address with others, or of all the rest.

        What went at the very look of the decision is named only where the cap was not full before.
        """
        row = self._left_out_by(shares=shares)
        before = d.slot_at < row.c.seen_at
        of_cap = (row.c.delivery_id, row.c.number, row.c.id)
        many = func.count().over(partition_by=of_cap)
        earlier = func.sum(case((before, 1), else_=0)).over(partition_by=of_cap)
        named_ = or_(before, row.c.is_reserved)
        touches = select(
            row.c.customer_id, d.campaign_id, row.c.at_most,
            many.label("many"), earlier.label("earlier"), named_.label("named"),
        ).join_from(row, deliveries, self._counts(row, shares=shares))  # fmt: skip
        t = touches.subquery("touches").c
        fill = and_(t.many >= t.at_most, or_(t.named, t.earlier < t.at_most))
        query = select(campaigns.c.name, func.count(t.customer_id.distinct()))
        query = query.join(campaigns, campaigns.c.id == t.campaign_id).where(fill)
        return query.group_by(campaigns.c.name)

    def _left_out_by(self, *, shares: bool) -> FromClause:
        """Each message that was left out, by cap and whom it would have reached: `id` is theirs."""
        t = _theirs.c
        alike = [each.label(name) for name, each in zip(_Alike._fields, self._alike(), strict=True)]
        of_them = (t.customer_id, t.id.label("delivery_id"), t.priority, t.run_at, t.reason)
        address = (_whose.c.email, _whose.c.phone)
        those = select(*alike, *of_them, *address).join(_whose, _whose.c.id == t.customer_id)
        row = fenced(those.where(self._left_out(), _whose.c.shares.is_(shares)), "left_out")
        joined = row.join(_caps, and_(*(w[name] == row.c[name] for name in _Alike._fields)))
        person = row.c
        if shares:
            joined = joined.join(_reader, _reader.c.id.in_(_readers(row)))
            person = _reader.c
        query = select(
            (_reader.c.id if shares else row.c.customer_id).label("id"), person.email, person.phone,
            *(row.c[name] for name in ("customer_id", "delivery_id", "priority", "run_at")),
            (row.c.reason == Reason.RESERVED.value).label("is_reserved"),
            *(w[name] for name in _OF_CAP),
        )  # fmt: skip
        return fenced(query.select_from(joined), "left_out_by")

    def _counts(self, row: FromClause, *, shares: bool) -> ColumnElement[bool]:
        """Whether a delivery counts under a cap, as decisions/rules/cadence.py has it."""
        ordered = [name for name, topic in self.company.topics.items() if topic.transactional]
        earlier = [id_ for name, id_ in self.ids.items() if name < self.campaign.name]
        c, alike = row.c, d.priority == row.c.priority
        stands_before = or_(
            d.priority > c.priority,
            and_(alike, d.run_at < c.run_at),
            and_(alike, d.run_at == c.run_at, d.campaign_id.in_(earlier)),
        )
        return and_(
            at_their_addresses(row) if shares else d.customer_id == c.id,
            d.slot_at >= c.back_at,
            d.slot_at < c.ahead_at,
            d.id != c.delivery_id,
            d.topic.not_in(ordered),
            or_(c.of_channel.is_(None), d.channel == c.of_channel),
            or_(c.of_topic.is_(None), d.topic == c.of_topic),
            or_(and_(d.firm, d.slot_at <= c.seen_at), and_(c.is_reserved, stands_before)),
        )


def _readers(row: FromClause) -> Select[Any]:
    """Whom a message to the customer's address on its channel reaches: who has it, or stands for one."""
    there = _there.c
    same = [
        and_(row.c.channel == channel, there[column] == row.c[column])
        for channel, column in ADDRESS_COLUMN.items()
        if column in row.c
    ]
    found = select(func.coalesce(there.merged_into, there.id))
    return found.where(or_(there.id == row.c.customer_id, *same)).correlate(row)
