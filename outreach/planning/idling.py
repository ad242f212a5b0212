"""Journeys that start because nothing happened, and for those who were waiting before them."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    exists,
    func,
    literal,
    not_,
    select,
)
from sqlalchemy.types import BigInteger

from outreach.audience.row import Row
from outreach.decisions.entrants import Entrants
from outreach.decisions.ruling import Ruling
from outreach.planning.entering import Case, enrol, enrolled, everyone_now
from outreach.store.dialect import shift
from outreach.store.engine import let_others_write, reading, writing
from outreach.store.spelling import microseconds_between
from outreach.store.tables import customers, enrolments
from outreach.store.types import EPOCH, Instant
from outreach.vocabulary import Origin

RANGE = 50_000  # customers looked at in one statement


def counted_from(ruling: Ruling, row: Row) -> ColumnElement[datetime]:
    """The instant from which a customer's idle time counts; never in touch: from `created_at`."""
    idle = ruling.campaign.schedule.idle
    assert idle is not None
    return func.coalesce(row.column(idle.since), row.column("created_at"), type_=Instant())


def enter_by_idleness(engine: Engine, ruling: Ruling, after: datetime, now: datetime) -> int:
    """Start the journey for those whose span was crossed later than `after`, up to `now`.

    Once for each instant that is counted from. The base is read by ranges; only where somebody
    crossed is anything written.
    """
    idle, entered = ruling.campaign.schedule.idle, 0
    if idle is None:
        return 0

    def crossing(found: Entrants) -> ColumnElement[datetime]:
        return shift(counted_from(ruling, found.row), idle.span)

    for first, last in _ranges(engine):
        with reading(engine) as conn:
            found = everyone_now(conn, ruling, now)
            own = found.candidate.customer.c.id
            query = select(own).select_from(found.joined()).where(own > first, own <= last)
            at = crossing(found)
            query = query.where(at > after, at <= now, *found.may_enter())
            if conn.execute(found.filled(query.limit(1))).first() is None:
                continue
        with writing(engine) as conn:
            found = everyone_now(conn, ruling, now)
            at, own = crossing(found), found.candidate.customer.c.id
            query = select(own).select_from(found.joined()).where(own > first, own <= last)
            query = query.where(at > after, at <= now, *found.may_enter())
            case = Case(Origin.IDLE, _number(counted_from(ruling, found.row)), at, at)
            entered += enrol(conn, enrolled(ruling, found, case, query))
        let_others_write(engine)
    return entered


def let_backlog_in(engine: Engine, ruling: Ruling, since: datetime, now: datetime) -> int:
    """Let in who was waiting before the campaign was active (`since`), so many a company day.

    Longest waiting first: who is idle, or in the stage, and never was in the journey.
    """
    schedule = ruling.campaign.schedule
    if not schedule.backlog:
        return 0
    with reading(engine) as conn:
        room = schedule.backlog - _let_in_today(conn, ruling, now)
        ids = _longest_waiting(conn, ruling, since, now, room) if room > 0 else []
    if not ids:
        return 0
    with writing(engine) as conn:
        found = everyone_now(conn, ruling, now)
        own = found.candidate.customer.c.id
        query = select(own).select_from(found.joined()).where(own.in_(ids), *found.may_enter())
        at = literal(now, Instant())
        case = Case(Origin.BACKLOG, literal(0, BigInteger()), at, at)
        return enrol(conn, enrolled(ruling, found, case, query))


def _longest_waiting(
    conn: Connection, ruling: Ruling, since: datetime, now: datetime, room: int
) -> list[int]:
    found, schedule = everyone_now(conn, ruling, now), ruling.campaign.schedule
    own, before = found.candidate.customer.c.id, enrolments.alias()
    if schedule.idle is not None:
        waiting = counted_from(ruling, found.row)
        is_waiting: ColumnElement[bool] = shift(waiting, schedule.idle.span) <= since
    else:
        assert schedule.on_stage is not None
        waiting = found.row.column("stage_since")
        stage = found.row.column("stage")
        is_waiting = and_(stage.in_(schedule.on_stage.enter), waiting <= since)
    been = select(before.c.id).where(
        before.c.campaign_id == ruling.campaign_id, before.c.customer_id == own
    )
    query = select(own).select_from(found.joined())
    query = query.where(is_waiting, not_(exists(been.correlate_except(before))), *found.may_enter())
    return list(conn.execute(found.filled(query.order_by(waiting, own).limit(room))).scalars())


def _let_in_today(conn: Connection, ruling: Ruling, now: datetime) -> int:
    zone = ZoneInfo(ruling.company.brand.timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    e = enrolments.c
    today: Select[Any] = select(func.count()).where(
        e.campaign_id == ruling.campaign_id,
        e.origin == Origin.BACKLOG.value,
        e.entered_at >= midnight,
    )
    return int(conn.execute(today).scalar_one())


def _number(at: ColumnElement[datetime]) -> ColumnElement[int]:
    return microseconds_between(literal(EPOCH, Instant()), at)


def _ranges(engine: Engine) -> Iterator[tuple[int, int]]:
    with reading(engine) as conn:
        last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    for first in range(0, last, RANGE):
        yield first, first + RANGE
