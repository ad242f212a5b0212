"""The scheduler's tick, the part about journeys: customers come in, move on, and leave."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from outreach.campaign.model import Branch, Campaign, Wait
from outreach.decisions.loading import Rulings
from outreach.decisions.ruling import Ruling
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.planning.arrivals import Desk, plan_arrivals
from outreach.planning.arriving import going_revisions
from outreach.planning.entering import enter_by_awaited, enter_by_event, enter_by_move
from outreach.planning.idling import enter_by_idleness, let_backlog_in
from outreach.planning.leaving import leave
from outreach.planning.lives import Life, due, is_due, lives
from outreach.planning.migrating import migrate
from outreach.planning.moving import Stand
from outreach.planning.tick import Candidate
from outreach.store.engine import let_others_write, pace_on, reading, writing
from outreach.store.revisions import is_pinned
from outreach.store.tables import campaigns, enrolments, events
from outreach.vocabulary import Status

log = Logger(__name__)
LOOK_EVERY = timedelta(minutes=15)  # who has become idle: the base is read each time
SWEEP_EVERY = timedelta(minutes=10)  # what waits until something is so, besides at each event
EVENTS = 20_000  # looked at in a transaction
FIRST_MOVED, MOST_MOVED = 5_000, 20_000  # enrolments in a transaction
e = enrolments.c


@dataclass(slots=True)
class Journeys:
    """Looks after all journeys; one a process, two processes at once do no harm."""

    rulings: Rulings
    _swept: dict[int, datetime] = field(default_factory=dict)
    _admitted: set[int] = field(default_factory=set)

    def __call__(
        self,
        engine: Engine,
        project: Iterable[Candidate],
        now: datetime,
        admit: Callable[[Candidate], bool] = lambda _: True,
        may_start: Callable[[Ruling], bool] = lambda _: True,
        let_owed_in: Callable[[Ruling], int] = lambda _: 0,
        owed: Collection[str] = (),
    ) -> bool:
        """Bring every active journey up to `now`; whether anything moved.

        A revision that may not start lets nobody in; who is under way goes on. `let_owed_in` lets
        those in whom a floor gives to the campaign, and says how many; `owed` are such campaigns.
        """
        going = [each for each in project if goes(each.campaign)]
        if not going:
            return False
        with reading(engine) as conn:
            known = lives(conn, now)
        busy = False
        for each in going:
            life = known.get(each.campaign.name)
            if life is None:
                continue
            try:
                if self._is_quiet(each, life, owed):
                    busy |= life.is_under_way and self._advance(engine, life.id, now)
                else:
                    busy |= self._tend(engine, each, life, now, admit, may_start, let_owed_in)
            except (OperationalError, InterfaceError):
                raise  # the database is at fault: the next tick finds the same work
            except OutreachError as error:
                log.error("journey stands still", campaign=each.campaign.name, why=error.message)
            except Exception:  # of one campaign: the others go on
                log.exception("journey stands still", campaign=each.campaign.name)
        return busy

    def advance(self, engine: Engine, campaign: str, now: datetime) -> bool:
        """Move on whoever is under way in a campaign and has come to something; whether any was."""
        with reading(engine) as conn:
            number = select(campaigns.c.id).where(campaigns.c.name == campaign)
            id_ = conn.execute(number).scalar()
        return id_ is not None and self._advance(engine, id_, now)

    def _is_quiet(self, each: Candidate, life: Life, owed: Collection[str]) -> bool:
        """Whether a look can do no more for a campaign than to move on who is under way in it."""
        campaign = each.campaign
        asks_base = campaign.schedule.on_stage is not None or campaign.schedule.idle is not None
        is_known = life.revision_id in self._admitted and campaign.name not in owed
        return is_known and not asks_base and not campaign.migrates and not life.hears

    def _tend(
        self, engine: Engine, each: Candidate, life: Life, now: datetime,
        admit: Callable[[Candidate], bool], may_start: Callable[[Ruling], bool],
        let_owed_in: Callable[[Ruling], int],
    ) -> bool:  # fmt: skip
        if life.revision_id not in self._admitted:
            with reading(engine) as conn:
                known = is_pinned(conn, life.revision_id)
            if not known and not admit(each):
                return self._advance(engine, life.id, now)
            self._admitted.add(life.revision_id)
        with reading(engine) as conn:
            ruling = self.rulings.load(conn, life.revision_id)
        if not may_start(ruling):
            _pass_over(engine, ruling, life, now)
            return self._advance(engine, life.id, now)
        moved = migrate(engine, self.rulings, ruling, now) if each.campaign.migrates else 0
        moved += self._happenings(engine, ruling, life, now)
        moved += self._come_in(engine, ruling, life, now) + let_owed_in(ruling)
        return bool(moved) | self._advance(engine, life.id, now)

    def _come_in(self, engine: Engine, ruling: Ruling, life: Life, now: datetime) -> int:
        """Who comes in by a move, by being idle, or out of the backlog; how many."""
        schedule, entered = ruling.campaign.schedule, 0
        if schedule.on_stage is not None:
            last = life.last_move
            entered += enter_by_move(engine, ruling, life.moves_until, last, life.since, now)
            if last > life.moves_until:
                _note(engine, life, moves_until=last)
        is_due = life.looked_until <= life.since or now - life.looked_until >= LOOK_EVERY
        if is_due and (schedule.on_stage or schedule.idle):
            after = max(life.looked_until, life.since)
            entered += enter_by_idleness(engine, ruling, after, now)
            entered += let_backlog_in(engine, ruling, life.since, now)
            _note(engine, life, looked_until=now)
        return entered

    def _happenings(self, engine: Engine, ruling: Ruling, life: Life, now: datetime) -> int:
        """New events: they end journeys and waits, then start journeys; how many moved."""
        moved = enter_by_awaited(engine, ruling, life.since, now) if life.is_awaited else 0
        # Ids are given one transaction at a time (store/events.py): none below comes later.
        after, last = life.events_until, life.last_event
        while after < last:
            until = min(last, after + EVENTS)
            moved += self._heard(engine, life, after, until, now)
            entered, until = enter_by_event(engine, ruling, after, until, life.since, now)
            moved += entered
            _note(engine, life, events_until=until)
            after = until
            let_others_write(engine)
        return moved

    def _heard(self, engine: Engine, life: Life, after: int, until: int, now: datetime) -> int:
        """Ask `exit`, and what is waited for, of those to whom something happened."""
        theirs = select(events.c.customer_id).where(events.c.id > after, events.c.id <= until)
        query = select(e.id, e.revision_id, e.position, e.begun).where(
            e.campaign_id == life.id, e.ended_at.is_(None), e.customer_id.in_(theirs)
        )
        with reading(engine) as conn:
            rows = conn.execute(query).all()
        moved = 0
        for revision_id in sorted({row.revision_id for row in rows}):
            own = [row for row in rows if row.revision_id == revision_id]
            with reading(engine) as conn:
                ruling = self.rulings.load(conn, revision_id)
            with writing(engine) as conn:
                moved += leave(conn, ruling, [row.id for row in own], now)
                for position, stop in enumerate(ruling.campaign.stops):
                    if isinstance(stop.what, Wait) and stop.what.until is not None:
                        ids = [row.id for row in own if row.position == position and row.begun]
                        moved += Stand(ruling, position, now).end_early(conn, ids)
        return moved

    def _advance(self, engine: Engine, campaign_id: int, now: datetime) -> bool:
        """Move everyone on whose time has come, by the version of the file they go by."""
        with reading(engine) as conn:
            going = list(conn.execute(going_revisions(campaign_id)).scalars())
        moved = 0
        for revision_id in going:
            try:
                moved += self._advance_one(engine, revision_id, now)
            except OutreachError as error:
                log.error("journey stands still", revision=revision_id, why=error.message)
        return bool(moved)

    def _advance_one(self, engine: Engine, revision_id: int, now: datetime) -> int:
        with reading(engine) as conn:
            ruling = self.rulings.load(conn, revision_id)
            stops = ruling.campaign.stops
            come = due(conn, revision_id, len(stops), now)
        moved = 0
        if self._swept.get(revision_id, now - SWEEP_EVERY) <= now - SWEEP_EVERY:
            self._swept[revision_id] = now
            moved += _sweep(engine, ruling, now)
        if not come and not moved:
            return 0
        for position in range(min(come, default=0), len(stops)):  # a way leads forward only
            if position not in come:  # … but somebody may have come to it since
                with reading(engine) as conn:
                    if not is_due(conn, revision_id, position, now):
                        continue
            moved += self._at_stop(engine, ruling, position, now)
        return moved

    def _at_stop(self, engine: Engine, ruling: Ruling, position: int, now: datetime) -> int:
        what = ruling.campaign.stops[position].what
        stand = Stand(ruling, position, now)
        if isinstance(what, Branch):
            return _all(engine, stand.part)
        if isinstance(what, Wait):
            begun = 0 if what.span is not None else _all(engine, stand.begin_wait)
            return begun + _all(engine, stand.end_wait)
        with reading(engine) as conn:
            own = self.rulings.load(conn, ruling.revision_id, what.id)
        planned = plan_arrivals(Desk(engine, own, position), now)
        return planned + _all(engine, stand.passing())


def _pass_over(engine: Engine, ruling: Ruling, life: Life, now: datetime) -> None:
    """Whose idleness began longer than `late` ago starts nothing once the campaign may start."""
    until = now - ruling.campaign.schedule.late
    if ruling.campaign.schedule.is_triggered and until - life.looked_until >= LOOK_EVERY:
        _note(engine, life, looked_until=until)


def goes(campaign: Campaign) -> bool:
    """Whether customers come into a campaign, and move on in it, each by themselves."""
    return campaign.is_journey and campaign.status is Status.ACTIVE


def _all(engine: Engine, move: Callable[[Connection, int], int]) -> int:
    """Move some, by short transactions, until nobody is left to be moved."""
    total, pace = 0, pace_on(engine, FIRST_MOVED, MOST_MOVED)
    while True:
        with writing(engine, pace) as conn:
            moved = move(conn, pace.rows)
        if not moved:
            return total
        total += moved
        let_others_write(engine)


def _sweep(engine: Engine, ruling: Ruling, now: datetime) -> int:
    """Ask all who wait until something is so: time alone may have brought it."""
    moved = 0
    for position, stop in enumerate(ruling.campaign.stops):
        if not isinstance(stop.what, Wait) or stop.what.until is None:
            continue
        here = and_(e.revision_id == ruling.revision_id, e.position == position, e.begun)
        with reading(engine) as conn:
            ids = list(conn.execute(select(e.id).where(here, e.next_at > now)).scalars())
        for first in range(0, len(ids), EVENTS):
            with writing(engine) as conn:
                part = ids[first : first + EVENTS]
                moved += Stand(ruling, position, now).end_early(conn, part)
    return moved


def _note(engine: Engine, life: Life, **values: object) -> None:
    with writing(engine) as conn:
        conn.execute(update(campaigns).where(campaigns.c.id == life.id).values(**values))
