"""Customers move on in journeys: behind a message, at the end of a wait, on one way of a branch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import Integer

from outreach.audience.compile import compile_expression
from outreach.campaign.model import Branch, Step, Stop, Wait
from outreach.campaign.occurrences import CUSTOMER, instant_in
from outreach.campaign.triggers import Moment
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.entrants import entrants, those_for_whom
from outreach.decisions.localities import Locality, localities
from outreach.decisions.opening import zone_of
from outreach.decisions.ruling import Ruling
from outreach.planning.arriving import arrived, gone_on
from outreach.planning.leaving import leave_unasked
from outreach.store.dialect import is_any_of, rows_from, shift
from outreach.store.spelling import list_with
from outreach.store.tables import customers, deliveries, enrolments
from outreach.store.types import BigId, Instant
from outreach.vocabulary import Ending, Reason, State

DAY = timedelta(days=1)
IN_HANDS = (State.CLAIMED.value, State.HANDING.value)
NEVER = cast(null(), Instant())  # with its type: a CASE of PostgreSQL wants to know it
e, d = enrolments.c, deliveries.c


@dataclass(frozen=True, slots=True)
class Stand:
    """One stop of a campaign's revision, where enrolments stand; moves are made on a connection."""

    ruling: Ruling
    position: int
    now: datetime

    @property
    def stops(self) -> tuple[Stop, ...]:
        """The whole way."""
        return self.ruling.campaign.stops

    @property
    def stop(self) -> Stop:
        """This one."""
        return self.stops[self.position]

    def _here(self, *, begun: bool) -> ColumnElement[bool]:
        return and_(self._still_here(begun=begun), e.next_at <= self.now)

    def _still_here(self, *, begun: bool) -> ColumnElement[bool]:
        """The same of enrolments that were found by it: no index leads to them but their ids'."""
        return and_(
            e.revision_id == self.ruling.revision_id,
            e.position == self.position,
            e.begun.is_(begun),
            e.ended_at.is_(None),
        )

    def _first(self, *, begun: bool, most: int) -> Select[Any]:
        """Ids of those who are here, who came first in front."""
        return select(e.id).where(self._here(begun=begun)).order_by(e.next_at, e.id).limit(most)

    def passing(self) -> Callable[[Connection, int], int]:
        """What moves on those whose message is out, or was left out: each call some; how many.

        Where `exit` holds for whom it left out the journey is over, and where nobody is there any
        more. Whose wait behind it is over too is past that.
        """
        what = self.stop.what
        assert isinstance(what, Step)
        of_step = and_(d.enrolment_id == e.id, d.step == what.id)
        over = and_(d.ready.is_(False), d.state.not_in(IN_HANDS))
        left_at = func.coalesce(
            d.sent_at, d.settled_at, d.claimed_at, d.due_at, e.next_at, type_=Instant()
        )
        since = case((d.state == State.SKIPPED.value, _skipped_at()), else_=left_at)
        moved = gone_on(self.stops, self.stop.then, since, self.now)
        going = update(enrolments).where(of_step, over, self._still_here(begun=True))
        going = going.values(**_unless_ended(moved, self.now))
        last: tuple[datetime, int] | None = None

        def some(conn: Connection, most: int) -> int:
            nonlocal last
            # Who is here is found first, their messages by that, and each one's row by its id:
            # PostgreSQL would join all with all where many have just come, of whom no statistics tell.
            page = self._first(begun=True, most=most)
            while ids := list(conn.execute(_beyond(page, last)).scalars()):
                come_at = conn.execute(select(e.next_at).where(e.id == ids[-1])).scalar_one()
                last = come_at, ids[-1]
                gone = leave_unasked(conn, self.ruling, what.id, ids, self.now)
                theirs = is_any_of(conn, d.enrolment_id, ids)
                if count := gone + conn.execute(going.where(theirs)).rowcount:
                    return count
            return 0

        return some

    def begin_wait(self, conn: Connection, most: int) -> int:
        """Work out until when those wait who have come to a wait; how many there were."""
        wait = self.stop.what
        assert isinstance(wait, Wait)
        if wait.moment is not None:
            return self._until_moment(conn, wait.moment, most)
        assert wait.at_most is not None
        begun = (
            update(enrolments)
            .where(e.id.in_(self._first(begun=False, most=most)), self._here(begun=False))
            .values(begun=True, next_at=shift(e.next_at, wait.at_most))
        )
        ids = list(conn.execute(begun.returning(e.id)).scalars())
        self.end_early(conn, ids)
        return len(ids)

    def end_early(self, conn: Connection, ids: Sequence[int]) -> int:
        """Those of the waiting for whom what they wait for has come go on; how many."""
        wait = self.stop.what
        assert isinstance(wait, Wait)
        if wait.until is None:
            return 0
        met = those_for_whom(conn, self.ruling, wait.until, list(ids), self.now)
        if not met:
            return 0
        here = and_(e.revision_id == self.ruling.revision_id, e.position == self.position, e.begun)
        moved = arrived(self.stops, self.stop.then, literal(self.now, Instant()))
        going = update(enrolments).where(is_any_of(conn, e.id, met), here, e.ended_at.is_(None))
        return len(conn.execute(going.values(**moved).returning(e.id)).all())

    def end_wait(self, conn: Connection, most: int) -> int:
        """Those whose wait is over go on from its end; how many. What came last is asked again."""
        wait = self.stop.what
        assert isinstance(wait, Wait)
        ids = list(conn.execute(self._first(begun=True, most=most)).scalars())
        if not ids:
            return 0
        values = arrived(self.stops, self.stop.then, e.next_at)
        if wait.until is not None:
            self.end_early(conn, ids)
            values["timed_out"] = list_with(e.timed_out, literal(wait.id))
        over = update(enrolments).where(is_any_of(conn, e.id, ids), self._still_here(begun=True))
        conn.execute(over.values(**values))
        return len(ids)

    def part(self, conn: Connection, most: int) -> int:
        """Those who have come to a branch go the first way that fits; how many."""
        branch = self.stop.what
        assert isinstance(branch, Branch)
        ids = list(conn.execute(self._first(begun=False, most=most)).scalars())
        if not ids:
            return 0
        for to, those in self._ways(conn, branch, ids).items():
            values = arrived(self.stops, to, e.next_at)
            here = self._still_here(begun=False)
            going = update(enrolments).where(is_any_of(conn, e.id, those), here)
            conn.execute(going.values(**values))
        return len(ids)

    def _ways(self, conn: Connection, branch: Branch, ids: list[int]) -> dict[int, list[int]]:
        """By the position where they go on, who goes there; who is gone goes on behind."""
        scope = Scope(self.now, seen_at=self.now, enrolled=tuple(ids))
        found = entrants(conn, self.ruling, scope, everywhere(localities(conn), self.now))
        whens = [
            (compile_expression(way.when, found.row), number)
            for number, way in enumerate(branch.ways)
            if way.when is not None
        ]
        others = [number for number, way in enumerate(branch.ways) if way.when is None]
        rest = literal(others[0] if others else -1, Integer())
        number = case(*whens, else_=rest) if whens else rest
        enrolment = found.candidate.enrolment
        assert enrolment is not None
        query = select(enrolment.c.id, number).select_from(found.joined())
        chosen: dict[int, int] = dict(
            conn.execute(found.filled(query.where(found.candidate.is_enrolled))).all()
        )
        ways: dict[int, list[int]] = {}
        for id_ in ids:
            way = chosen.get(id_, -1)
            to = self.stop.then if way == -1 else branch.ways[way].to
            ways.setdefault(to, []).append(id_)
        return ways

    def _until_moment(self, conn: Connection, moment: Moment, most: int) -> int:
        query = (
            select(e.id, e.next_at, customers.c.place_id)
            .join(customers, customers.c.id == e.customer_id)
            .where(self._here(begun=False))
            .order_by(e.next_at, e.id)
            .limit(most)
        )
        rows = conn.execute(query).all()
        if not rows:
            return 0
        places = {each.id: each for each in localities(conn)}
        comes = _Moments(self.ruling, moment)
        at = [(id_, comes.after(since, places[place])) for id_, since, place in rows]
        v = rows_from(conn, "moments", [("id", BigId), ("at", Instant())], at).c
        conn.execute(
            update(enrolments)
            .where(e.id == v.id, self._still_here(begun=False))
            .values(begun=True, next_at=v.at)
        )
        return len(rows)


class _Moments:
    """When a clock shows a time next; each place's answer is kept while it holds."""

    def __init__(self, ruling: Ruling, moment: Moment) -> None:
        self.ruling = ruling
        self.moment = moment
        self._kept: dict[int, tuple[datetime, datetime]] = {}

    def after(self, since: datetime, place: Locality) -> datetime:
        """The first such instant later than `since`."""
        kept = self._kept.get(place.id)
        if kept is None or not kept[0] <= since < kept[1]:
            kept = self._kept[place.id] = since, self._next(since, place)
        return kept[1]

    def _next(self, since: datetime, place: Locality) -> datetime:
        zone_name = self.ruling.campaign.schedule.timezone
        zone = (
            self.ruling.grid.calendar_zone(place) if zone_name == CUSTOMER else zone_of(zone_name)
        )
        day = since.astimezone(zone).date()
        while True:
            if self.moment.weekday in (None, day.weekday()):
                at = instant_in(datetime.combine(day, self.moment.at), zone)
                if at > since:
                    return at
            day += DAY


def _beyond(page: Select[Any], last: tuple[datetime, int] | None) -> Select[Any]:
    """The rows behind the last one that was read."""
    if last is None:
        return page
    place = tuple_(literal(last[0], Instant()), literal(last[1], BigId))
    return page.where(tuple_(e.next_at, e.id) > place)


def _skipped_at() -> ColumnElement[datetime]:
    """When a message was left out: at its claim, else as it was planned."""
    return func.coalesce(d.claimed_at, e.next_at, type_=Instant())


def _unless_ended(moved: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The same, but for those for whom the journey ended at the message."""
    why = func.coalesce(d.reason, "")
    gone = (d.state == State.SKIPPED.value) & why.in_((Reason.EXITED.value, Reason.ERASED.value))
    over = {"ended_at": literal(now, Instant()), "next_at": NEVER, "ended_as": case(
        (why == Reason.ERASED.value, Ending.ERASED.value), else_=Ending.EXITED.value,
    )}  # fmt: skip
    stays = {"ended_at": e.ended_at, "ended_as": e.ended_as, "next_at": e.next_at}
    values = dict(moved)
    for name, value in over.items():
        values[name] = case((gone, value), else_=moved.get(name, stays[name]))
    return values
