"""Two plans for the same base set beside one another: who gets it by one and not by the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    false,
    func,
    insert,
    literal,
    or_,
    select,
)

from outreach.decisions.asking import Question
from outreach.decisions.order import REASONS
from outreach.planning.decided import Decided
from outreach.planning.plan import in_turn
from outreach.store.tables import customers
from outreach.store.types import BigId, Instant
from outreach.vocabulary import Decision

AWAY = -1  # stands for no reason in a number


class Change(StrEnum):
    """What becomes of a customer by the later plan."""

    ADDED = "added"  # gets it now
    LOST = "lost"  # gets it no more
    MOVED = "moved"  # gets it on another channel, or later or sooner


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan decides; `decision` None: the audience does not pick them."""

    decision: Decision | None
    reason: str | None = None
    channel: str | None = None  # of what goes
    other_time: bool = False  # held by both plans, by this one until another instant

    def __str__(self) -> str:
        if self.decision is None:
            return "not in the audience"
        if self.decision is Decision.SKIP:
            return str(self.reason)
        held = f", held for {self.reason}" if self.reason else ""
        until = ", until another time" if self.other_time else ""
        return f"{self.decision.value} by {self.channel}{held}{until}"


@dataclass(frozen=True, slots=True)
class Group:
    """Customers of one stage with the same outcomes."""

    change: Change
    before: Outcome
    after: Outcome
    stage: str  # "" for none
    customers: int


class Both:
    """The answers of two plans on one connection; None for a side that has no such campaign.

    `at_once`: both come at the same time, so that until when they hold can be compared.
    """

    def __init__(
        self,
        conn: Connection,
        before: Sequence[Question] | None,
        after: Sequence[Question] | None,
        *,
        at_once: bool = True,
    ) -> None:
        self._conn, self._at_once = conn, at_once
        self._channels = [_channels(each or ()) for each in (before, after)]
        self._sides = [self._kept("plan_before"), self._kept("plan_after")]
        self.counts = [self._fill(*each) for each in zip(self._sides, (before, after), strict=True)]

    def drop(self) -> None:
        """Forget the answers."""
        for each in self._sides:
            each.drop(self._conn)

    def _kept(self, name: str) -> Table:
        made = Table(
            name, MetaData(),
            Column("id", BigId, primary_key=True, autoincrement=False), Column("number", Integer),
            Column("code", Integer), Column("why", Integer), Column("opens_at", Instant),
            prefixes=["TEMPORARY"],
        )  # fmt: skip
        made.drop(self._conn, checkfirst=True)
        made.create(self._conn)
        return made

    def _fill(self, table: Table, questions: Sequence[Question] | None) -> dict[str, int]:
        """The answers of one plan; how many are sent, held, in all."""
        before = 0  # channels of the messages before
        for question in in_turn(self._conn, questions or ()):
            decided = Decided(self._conn, question)
            try:
                row = decided.table.c
                held = and_(row.code.is_(None), row.why.is_not(None))
                number, opens_at = row.number + before, case((held, row.opens_at))
                rows = select(row.id, number, row.code, row.why, opens_at)
                self._conn.execute(insert(table).from_select([c.name for c in table.c], rows))
            finally:
                decided.drop()
            before += len(question.ruling.channels)
        goes, held = table.c.code.is_(None), table.c.why.is_not(None)
        query = select(func.count(), func.count(case((and_(goes, ~held), 1))),
                       func.count(case((and_(goes, held), 1))))  # fmt: skip
        audience, send, hold = self._conn.execute(query.select_from(table)).one()
        return {"audience": audience, "send": send, "hold": hold}

    def groups(self) -> list[Group]:
        """Who differs, counted: added, lost, moved; the most first."""
        columns = [*self._outcomes(), func.coalesce(customers.c.stage, "")]
        query = self._differing(select(func.count(), *columns)).group_by(*columns)
        found = [self._group(row) for row in self._conn.execute(query)]
        order = list(Change)
        return sorted(
            found, key=lambda g: (order.index(g.change), -g.customers, str(g.before), g.stage)
        )

    def rows(self) -> Iterator[tuple[str, Group]]:
        """Exactly the customers who differ, by key, each as a group of one."""
        columns = [*self._outcomes(), func.coalesce(customers.c.stage, "")]
        query = self._differing(select(literal(1), *columns, customers.c.key))
        for row in self._conn.execute(query.order_by(customers.c.id).execution_options(yield_per=2_000)):  # fmt: skip
            yield row[-1], self._group(row[:-1])

    def _outcomes(self) -> list[ColumnElement[Any]]:
        """Of both sides: whether it knows the customer, and its answer; whether they hold otherwise."""
        return [
            *(
                column
                for side in self._sides
                for column in (
                    case((side.c.id.is_(None), 0), else_=1),
                    *(func.coalesce(side.c[name], AWAY) for name in ("number", "code", "why")),
                )
            ),
            case((self._other_time(), 1), else_=0),
        ]

    def _other_time(self) -> ColumnElement[bool]:
        """Whether both hold the message, and not until the same instant."""
        before, after = (each.c.opens_at for each in self._sides)
        return before != after if self._at_once else false()

    def _differing(self, query: Select[Any]) -> Select[Any]:
        before, after = (each.c for each in self._sides)
        got, gets = (and_(each.id.is_not(None), each.code.is_(None)) for each in (before, after))
        whys = [func.coalesce(each.why, AWAY) for each in (before, after)]
        moved = or_(self._channel(0) != self._channel(1), whys[0] != whys[1], self._other_time())
        left, right = self._sides
        joined = customers.outerjoin(left, left.c.id == customers.c.id)
        joined = joined.outerjoin(right, right.c.id == customers.c.id)
        differs = or_(and_(got, ~gets), and_(gets, ~got), and_(got, gets, moved))
        return query.select_from(joined).where(differs)

    def _channel(self, side: int) -> ColumnElement[str]:
        """The name of the channel: the same number may be another in each plan."""
        number = self._sides[side].c.number
        whens = dict(enumerate(self._channels[side]))
        return case(whens, value=number, else_="") if whens else literal("", Text)

    def _group(self, row: Any) -> Group:
        many, known, *rest = row
        before = self._outcome(0, known, *rest[:3])
        after = replace(self._outcome(1, *rest[3:7]), other_time=bool(rest[7]))
        goes = [each.decision in (Decision.SEND, Decision.HOLD) for each in (before, after)]
        change = Change.MOVED if all(goes) else Change.ADDED if goes[1] else Change.LOST
        return Group(change, before, after, rest[8], many)

    def _outcome(self, side: int, known: int, number: int, code: int, why: int) -> Outcome:
        if not known:
            return Outcome(None)
        if code != AWAY:
            return Outcome(Decision.SKIP, REASONS[code].value)
        channel = self._channels[side][number]
        if why == AWAY:
            return Outcome(Decision.SEND, None, channel)
        return Outcome(Decision.HOLD, REASONS[why].value, channel)


def _channels(questions: Sequence[Question]) -> tuple[str, ...]:
    """The channels of all first messages, one message after the other."""
    return tuple(name for question in questions for name in question.ruling.channels)
