"""Look-ahead: when a higher campaign comes next in each place, and whose slots it reserves by that.

A reservation is an open message of a run that is not there yet: as soon as the run has planned
a place its own rows count, and the reservation is gone there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby

from sqlalchemy import Connection, select

from outreach.campaign.model import Schedule
from outreach.campaign.occurrences import (
    CUSTOMER,
    EARLIEST_OFFSET,
    Occurrence,
    instant_in,
    next_occurrence,
)
from outreach.decisions.candidate import Scope
from outreach.decisions.grid import CapWindow, PlaceRow, applicable_caps, widest
from outreach.decisions.localities import Locality
from outreach.decisions.opening import zone_of
from outreach.decisions.ruling import Ruling
from outreach.spans import Cap
from outreach.store.tables import campaigns, runs
from outreach.vocabulary import RunKind, RunState

MOST = 60  # campaigns that reserve at once, the highest first: a bit each in an integer
MOST_DAYS = 14  # of one campaign for days of the customers' own: each is asked by itself
SHAPES = (1, 2, 4, 8, MOST_DAYS)  # so many of them there are in a statement
WIDEST_DAY = timedelta(hours=28)  # from the first place that sees a local time to the last
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One occurrence of a campaign above: `at` by place, only where it is next and may matter.

    `run`: its run (id and occurrence) once there is one to be planned: who has a row in it
    already is not counted twice. `day`: what the occurrence is by its schedule's clock.
    """

    ruling: Ruling
    at: Mapping[int, datetime]
    day: date
    run: tuple[int, datetime] | None = None

    def concerns(self, cap: Cap) -> bool:
        """Whether a cap counts this campaign's messages."""
        named = cap.channel is None or cap.channel in self.ruling.channels
        return named and cap.topic in (None, self.ruling.campaign.topic)


@dataclass(frozen=True, slots=True)
class _Life:
    """What the database knows of a campaign."""

    active_since: datetime | None = None
    looked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """A run that an occurrence has already."""

    id: int
    planning: bool
    planned_until: datetime | None


def reservations(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    places: Iterable[Locality],
    rows: Sequence[PlaceRow],
) -> tuple[Reservation, ...]:
    """What campaigns above reserve in the windows of these places, the highest first.

    With `when_capped: hold` also what may stand in the windows to which a message is put off.
    """
    above = [each for each in ruling.above if not each.topic.transactional]
    if not above or not rows or not ruling.grid.cap_windows:
        return ()
    lives, made = _lives(conn, above), _runs(conn, above, _earliest(above, rows))
    by_id = {place.id: place for place in places}
    found: list[Reservation] = []
    for each in sorted(above, key=lambda one: (-one.campaign.priority, one.campaign.name)):
        id_ = each.campaign_id
        calendar = _Calendar(each, lives.get(id_, _Life()), made.get(id_, {}), scope)
        found += _by_occurrence(ruling, calendar, by_id, rows)
    return tuple(_evened(found[:MOST]))


def _evened(found: Sequence[Reservation]) -> Iterator[Reservation]:
    """The same, with more days of the customers' own, which come nowhere.

    Each hour there are more or fewer days: so it is a statement of few shapes that asks about them.
    """
    room = MOST - len(found)
    for _, those in groupby(found, lambda each: id(each.ruling)):
        days, more = list(those), 0
        if days[0].ruling.campaign.schedule.on_date is not None:
            more = next((many for many in SHAPES if many >= len(days)), 0) - len(days)
        yield from days
        if 0 < more <= room:
            room -= more
            yield from [replace(days[-1], at={}, run=None)] * more


def _by_occurrence(
    ruling: Ruling,
    calendar: "_Calendar",
    places: Mapping[int, Locality],
    rows: Iterable[PlaceRow],
) -> list[Reservation]:
    """One campaign's reservations: where places are a day apart it is not the same for all."""
    found: dict[datetime, dict[int, datetime]] = {}
    for row in rows:
        back_at, ahead_at = _near(ruling, row)
        for first_at, at in calendar.coming_in(places[row.place_id], row.asked_at, ahead_at):
            if back_at <= at < ahead_at:
                found.setdefault(first_at, {})[row.place_id] = at
    return [
        Reservation(calendar.ruling, at, calendar.day(first_at), calendar.run_to_plan(first_at))
        for first_at, at in sorted(found.items())
    ]


def _near(ruling: Ruling, row: PlaceRow) -> tuple[datetime, datetime]:
    """From when to when an instant lies in a window of the place, or in one that a hold may come to."""
    ahead_at = max(each.ahead_at for each in row.windows)
    if ruling.campaign.when_capped == "hold":
        span = widest(applicable_caps(ruling.campaign, ruling.company))
        ahead_at = max(ahead_at, row.asked_at + ruling.campaign.schedule.late + span)
    return min(each.back_at for each in row.windows), ahead_at


def counted_in(
    window: CapWindow, number: int, row: PlaceRow, found: Sequence[Reservation]
) -> list[int]:
    """Numbers of the reservations that stand in one cap's window in a place."""
    span = row.windows[number]
    return [
        place
        for place, each in enumerate(found)
        if (at := each.at.get(row.place_id)) is not None
        and span.back_at <= at < span.ahead_at
        and each.concerns(window.cap)
    ]


def _earliest(above: Iterable[Ruling], rows: Iterable[PlaceRow]) -> datetime:
    """No run that was made for an instant before this one matters any more."""
    late = max(each.campaign.schedule.late for each in above)
    return min(row.asked_at for row in rows) - late - WIDEST_DAY


def _lives(conn: Connection, above: Iterable[Ruling]) -> dict[int, _Life]:
    query = select(campaigns.c.id, campaigns.c.active_since, campaigns.c.looked_until)
    ids = [each.campaign_id for each in above]
    return {
        row.id: _Life(row.active_since, row.looked_until)
        for row in conn.execute(query.where(campaigns.c.id.in_(ids)))
    }


def _runs(
    conn: Connection, above: Iterable[Ruling], since: datetime
) -> dict[int, dict[datetime, _Made]]:
    query = select(
        runs.c.id, runs.c.campaign_id, runs.c.occurrence_at, runs.c.state, runs.c.planned_until
    ).where(
        runs.c.kind == RunKind.SCHEDULE,
        runs.c.campaign_id.in_([each.campaign_id for each in above]),
        runs.c.occurrence_at >= since,
    )
    found: dict[int, dict[datetime, _Made]] = {}
    for row in conn.execute(query):
        made = _Made(row.id, row.state == RunState.PLANNING, row.planned_until)
        found.setdefault(row.campaign_id, {})[row.occurrence_at] = made
    return found


class _Calendar:
    """The coming occurrences of one campaign that no run has planned yet."""

    def __init__(
        self, ruling: Ruling, life: _Life, made: Mapping[datetime, _Made], scope: Scope
    ) -> None:
        self.ruling = ruling
        self._life = life
        self._made = made
        self._scope = scope

    def coming_in(
        self, place: Locality, asked_at: datetime, ahead_at: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """The next occurrence and its instant in a place, from the instant asked on.

        Nothing where there is none, or it is planned. One that has come counts while its run is still to
        be planned: there is no gap into which another campaign slips. Of days of the customers'
        own all before `ahead_at`, MOST_DAYS at most: each is the next one of others.
        """
        schedule, days = self.ruling.campaign.schedule, 0
        now = asked_at if self._scope.seen_at is None else self._scope.seen_at
        for first_at, at in self._in(place, self._since(asked_at)):
            is_ahead, is_open = at >= asked_at, self._is_open(first_at, at, now)
            if schedule.on_holiday and not schedule.on_holiday.comes_to(
                place.country, self.day(first_at)
            ):
                is_ahead = is_open = False  # no feast there
            if is_open and (is_ahead or at <= now <= at + schedule.late):
                yield first_at, at
                days += 1
                if schedule.on_date is None:
                    return
            elif is_ahead and schedule.on_date is None:
                return
            if at >= ahead_at or days >= MOST_DAYS:
                return

    def day(self, first_at: datetime) -> date:
        """The day of an occurrence by the schedule's clock."""
        zone = self.ruling.campaign.schedule.timezone
        if zone == CUSTOMER:
            return (first_at + EARLIEST_OFFSET).date()
        return first_at.astimezone(zone_of(zone)).date()

    def run_to_plan(self, first_at: datetime) -> tuple[int, datetime] | None:
        """The run of an occurrence, if there is one."""
        made = self._made.get(first_at)
        return None if made is None or self._scope.then else (made.id, first_at)

    def _in(self, place: Locality, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Occurrences, by the instant that names them, with their instants in a place."""
        schedule, zone = self.ruling.campaign.schedule, self.ruling.grid.calendar_zone(place)
        back = WIDEST_DAY if schedule.timezone == CUSTOMER else _TICK
        for each in _coming(schedule, self.ruling.company.brand.timezone, since - back):
            at = each.instant_at if each.local is None else instant_in(each.local, zone)
            if at >= since:
                yield each.instant_at, at

    def _since(self, asked_at: datetime) -> datetime:
        """From when on an occurrence may have come and have no rows yet."""
        to_plan = [first_at for first_at, each in self._made.items() if each.planning]
        if self._life.looked_until is not None:
            to_plan.append(self._life.looked_until + _TICK)
        late = self.ruling.campaign.schedule.late
        return min(asked_at, max(asked_at - late, min(to_plan, default=asked_at)))

    def _is_open(self, first_at: datetime, at: datetime, now: datetime) -> bool:
        """Whether a run is yet to plan the occurrence in a place that sees it at `at`."""
        if self._scope.then:
            return at > now
        made, life = self._made.get(first_at), self._life
        if made is not None:
            if life.active_since is not None and at < life.active_since:
                return False
            return made.planning and (made.planned_until is None or at > made.planned_until)
        if life.active_since is None or life.looked_until is None:
            return at >= now  # only in files as yet: it is active from the next tick on
        return at >= life.active_since and first_at > life.looked_until


def _coming(schedule: Schedule, zone: str, after: datetime) -> Iterator[Occurrence]:
    """The occurrences later than `after`, in order."""
    found = _next(schedule, zone, after.replace(minute=0, second=0, microsecond=0) - _TICK)
    while found is not None:
        if found.instant_at > after:
            yield found
        found = _next(schedule, zone, found.instant_at)


@lru_cache(maxsize=4096)
def _next(schedule: Schedule, zone: str, after: datetime) -> Occurrence | None:
    """The first occurrence after an instant: claims ask the same a hundred times a second."""
    return next_occurrence(schedule, zone, after)
