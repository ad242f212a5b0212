"""Floors: who had no touch for too long is a task of their owner's, or comes into a campaign."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Engine,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)

from outreach.audience.compile import compile_selection
from outreach.audience.names import names_of
from outreach.audience.row import Row
from outreach.campaign.floor_audience import audience_of
from outreach.decisions.grid import common_clock
from outreach.decisions.localities import Locality, localities
from outreach.decisions.opening import zone_of
from outreach.decisions.rules.arms import is_control
from outreach.decisions.windows import window
from outreach.owed.giving import staff_of
from outreach.owed.touches import is_talked_to, is_touched, person
from outreach.settings.company import Company, Floor
from outreach.spans import Per, PerKind
from outreach.store import dialect, marks
from outreach.store.engine import let_others_write, reading, writing
from outreach.store.events import ADDING
from outreach.store.tables import consent_states, customers, enrolments, tasks
from outreach.store.types import BigId, Instant
from outreach.store.urgent import NOBODY, Columns
from outreach.vocabulary import ConsentState, Origin, TaskCause, TaskKind, TaskState

AMONG = 20_000  # ids that one look reads
MOST = 1_000  # tasks in one transaction
DUE_WITHIN = timedelta(days=7)
TOUCHED = "touch"
TASK = "task"  # the channel by which staff are in touch
SEES: Columns = [("place_id", BigId), ("since_at", Instant()), ("today", Date())]
t, s, other = tasks.c, consent_states.c, tasks.alias("other")
_IS_FLOOR = t.cause == literal(TaskCause.FLOOR.value, literal_execute=True)

_IS_ANY = select(t.id).where(_IS_FLOOR, t.closed_at.is_(None)).limit(1)  # asked at each tick


@dataclass(frozen=True, slots=True)
class Span:
    """What a floor asks of the customers of one place: a touch since an instant of theirs."""

    place_id: int
    since_at: datetime
    today: date


def look_at_floors(engine: Engine, company: Company, at: datetime, now: datetime) -> int:
    """Let everyone be a task that waits who is owed a touch as of a day's look; how many are new.

    Once for each look, whoever begins it: several may at once, and one that was broken off begins
    anew and finds what is missing.
    """
    with reading(engine) as conn:
        known = marks.floors_looked_at(conn)
        if known is not None and known >= at:
            return 0
        last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
        places = localities(conn)
    end_touched(engine, company, now, everyones=True)
    made = 0
    for floor in (each for each in company.floors if not each.by):
        owed = _Owed(company, floor, _spans(places, company, floor, at), at, now)
        made += sum(_give(engine, owed, ids) for ids in _found(engine, owed, last))
    with writing(engine) as conn:
        marks.note_floors(conn, at)
    return made


def owed_by_campaign(
    engine: Engine, company: Company, campaign: tuple[int, str], at: datetime, now: datetime
) -> Iterator[list[int]]:
    """Customers whom a campaign, by its number and name, is to be in touch with, as of a day's look.

    As many at once as one transaction takes. Who came in by a floor within the span is not asked
    again, whatever came of it.
    """
    with reading(engine) as conn:
        last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
        places = localities(conn)
    for floor in (each for each in company.floors if each.by == campaign[1]):
        spans = _spans(places, company, floor, at)
        yield from _found(engine, _Owed(company, floor, spans, at, now, campaign[0]), last)


def end_touched(engine: Engine, company: Company, now: datetime, *, everyones: bool = False) -> int:
    """End the open tasks of customers with whom somebody was in touch meanwhile; how many.

    `everyones`: also those that wait or are nobody's, of which there may be very many. Of two about
    one customer, as a merge leaves, the newer stays.
    """
    ended = 0
    while True:
        with reading(engine) as conn:
            if conn.execute(_IS_ANY).first() is None:
                return ended
            ids = (
                conn.execute(_to_end(company, now, everyones=everyones).limit(MOST)).scalars().all()
            )
        if not ids:
            return ended
        with writing(engine) as conn:
            dialect.one_at_a_time(conn, ADDING)
            those = (dialect.is_any_of(conn, t.id, ids), t.closed_at.is_(None))
            closed = {"state": TaskState.SETTLED, "closed_at": now, "closed_by": TOUCHED}
            ended += conn.execute(update(tasks).where(*those).values(closed)).rowcount


class _Owed:
    """Who is owed a touch by one floor, as SQL."""

    def __init__(
        self,
        company: Company,
        floor: Floor,
        spans: Sequence[Span],
        at: datetime,
        now: datetime,
        campaign_id: int | None = None,
    ) -> None:
        """`campaign_id` where a campaign is to be in touch: no task stands in for it."""
        self.company, self.floor, self.at, self.now = company, floor, at, now
        self.campaign_id = campaign_id
        self._rows = [(each.place_id, each.since_at, each.today) for each in spans]

    def ids(self, conn: Connection, among: range) -> list[int]:
        """Those among the customers of these ids, the lowest first."""
        sees = dialect.rows_from(conn, "sees", SEES, self._rows)
        query = select(person.c.id).join(sees, sees.c.place_id == person.c.place_id)
        which = person.c.id.between(among[0], among[-1])
        found = conn.execute(query.where(which, *self._rules(sees)).order_by(person.c.id))
        return list(found.scalars())

    def give(self, conn: Connection, ids: Sequence[int]) -> int:
        """Write the tasks of those of these customers down who are owed one still; how many."""
        sees = dialect.rows_from(conn, "sees", SEES, self._rows)
        names, staff = list(self.company.owners), staff_of(self.company)
        known = dialect.is_any_of(conn, person.c.owner, names)
        due_at = self.at + min(DUE_WITHIN, timedelta(days=self.floor.days))
        values = {
            "customer_id": person.c.id,
            "owner": case((known, person.c.owner), else_=literal(staff.fallback, Text())),
            "kind": literal(TaskKind.CALL.value),
            "title": literal(f"nobody has been in touch for {self.floor.days} days"),
            "words": literal(""),
            "state": literal(TaskState.WAITING.value),
            "cause": literal(TaskCause.FLOOR.value),
            "happened_at": literal(self.at, Instant()),
            "due_at": literal(due_at, Instant()),
            "floor_key": cast(person.c.id, Text()) + literal(f" {self.at:%Y-%m-%dT%H:%MZ}"),
            "owed_since": sees.c.since_at,
        }
        row = select(*values.values()).join_from(person, sees, sees.c.place_id == person.c.place_id)
        row = row.where(dialect.is_any_of(conn, person.c.id, ids), *self._rules(sees))
        new = dialect.insert(conn, tasks).from_select(list(values), row)
        made = conn.execute(new.on_conflict_do_nothing().returning(tasks.c.id))
        return len(made.all())

    def _rules(self, sees: FromClause) -> list[ColumnElement[bool]]:
        c, since_at = person.c, sees.c.since_at
        row = Row(c, self.at, sees.c.today, names_of(self.company))
        control = is_control(self.company, c.bucket)
        rules = [
            c.erased_at.is_(None),
            c.merged_into.is_(None),
            c.created_at < since_at,
            compile_selection(audience_of(self.floor), row, certainly=False),
            not_(is_touched(self.company, since_at, sees, planned=True)),
            not_(is_talked_to(since_at, self.now, sees)),
        ]
        if self.campaign_id is None:
            rules += [not_(_is_asked(since_at, sees)), not_(_said_no(sees))]
        else:
            rules.append(not_(_came_in(self.campaign_id, since_at, sees)))
        return rules if control is None else [*rules, not_(control)]


def _found(engine: Engine, owed: _Owed, last: int) -> Iterator[list[int]]:
    """Customers who are owed a touch, as many at once as one transaction takes."""
    for first in range(1, last + 1, AMONG):
        with reading(engine) as conn:
            ids = owed.ids(conn, range(first, first + AMONG))
        for place in range(0, len(ids), MOST):
            yield ids[place : place + MOST]


def _give(engine: Engine, owed: _Owed, ids: Sequence[int]) -> int:
    with writing(engine) as conn:
        dialect.one_at_a_time(conn, ADDING)
        dialect.lock_customers(conn, ids)
        made = owed.give(conn, ids)
    let_others_write(engine)
    return made


def _spans(places: Sequence[Locality], company: Company, floor: Floor, at: datetime) -> list[Span]:
    """By place the first instant of the customers' own days that count, as of `at`."""
    per, home, found = Per(PerKind.DAYS, floor.days), company.brand.timezone, []
    for place in places:
        clocks = place.zones or (home,)
        since_at = min(window(per, at, zone_of(name)).back_at for name in clocks)
        today = at.astimezone(zone_of(common_clock(place.zones) or home)).date()
        found.append(Span(place.id, since_at, today))
    return found


def _is_asked(since_at: ColumnElement[datetime], outer: FromClause) -> ColumnElement[bool]:
    """Whether there is such a task about a person, or one was dropped since an instant."""
    dropped = and_(t.state == TaskState.DROPPED.value, t.closed_at >= since_at)
    asked = select(t.id).where(
        t.customer_id == person.c.id, _IS_FLOOR, or_(t.closed_at.is_(None), dropped)
    )
    return asked.correlate(person, outer).exists()


def _came_in(
    campaign_id: int, since_at: ColumnElement[datetime], outer: FromClause
) -> ColumnElement[bool]:
    """Whether a person is in the campaign, or came in by a floor since an instant."""
    e = enrolments.c
    by_floor = and_(e.origin == Origin.FLOOR.value, e.entered_at >= since_at)
    own = and_(e.campaign_id == campaign_id, e.customer_id == person.c.id)
    found = select(e.id).where(own, or_(e.ended_at.is_(None), by_floor))
    return found.correlate(person, outer).exists()


def _said_no(outer: FromClause) -> ColumnElement[bool]:
    """Whether a person does not want to hear from staff, about anything."""
    no = select(s.customer_id).where(
        s.customer_id == person.c.id,
        s.channel == TASK,
        s.state == ConsentState.WITHDRAWN.value,
    )
    return no.correlate(person, outer).exists()


def _to_end(company: Company, now: datetime, *, everyones: bool) -> Select[tuple[int]]:
    """Tasks that are not needed any more."""
    newer = select(other.c.id).where(
        other.c.customer_id == t.customer_id,
        other.c.cause == TaskCause.FLOOR.value,
        other.c.closed_at.is_(None),
        other.c.id > t.id,
    )
    given = and_(t.state == TaskState.OPEN.value, t.owner != NOBODY)
    return (
        select(t.id)
        .join(person, person.c.id == t.customer_id)
        .where(
            _IS_FLOOR,
            t.closed_at.is_(None),
            true() if everyones else given,
            or_(
                is_touched(company, t.owed_since, tasks, planned=False),
                is_talked_to(t.owed_since, now, tasks),
                newer.correlate(tasks).exists(),
            ),
        )
    )
