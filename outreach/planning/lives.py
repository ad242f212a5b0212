"""Active campaigns as the database knows them, and whether anything has come to their journeys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from outreach.store.tables import (
    awaited_events,
    campaigns,
    enrolments,
    events,
    stage_changes,
)
from outreach.store.types import BigId, Instant

c, e = campaigns.c, enrolments.c
_REVISION, _NOW = bindparam("revision", type_=BigId), bindparam("now", type_=Instant())


@dataclass(frozen=True, slots=True)
class Life:
    """An active campaign as the database knows it, up to where it has looked at events and moves.

    `last_event` and `last_move` are the latest there are.
    """

    id: int
    since: datetime
    looked_until: datetime
    revision_id: int
    events_until: int
    moves_until: int
    last_event: int
    last_move: int
    is_awaited: bool  # an event has come that was dated ahead
    is_under_way: bool  # somebody is in it

    @property
    def hears(self) -> bool:
        """Whether anybody may come in or leave by an event, before their time has come."""
        return self.is_awaited or self.events_until < self.last_event


def lives(conn: Connection, now: datetime) -> Mapping[str, Life]:
    """By name, all in one question: most looks find that nothing has come."""
    return {
        row.name: Life(
            row.id, row.active_since, row.looked_until or row.active_since, row.revision_id,
            row.events_until or 0, row.moves_until or 0, row.last_event or 0, row.last_move or 0,
            row.is_awaited, row.is_under_way,
        )
        for row in conn.execute(_LIVES, {"now": now})
    }  # fmt: skip


def due(conn: Connection, revision_id: int, stops: int, now: datetime) -> list[int]:
    """The stops at which anybody's time has come: two looks at an index for each."""
    found = conn.execute(_due(stops), {"revision": revision_id, "now": now}).one()
    return [position for position, is_due in enumerate(found) if is_due]


def is_due(conn: Connection, revision_id: int, position: int, now: datetime) -> bool:
    """Whether anybody's time has come at a stop."""
    asked = select(_has_come(position))
    return bool(conn.execute(asked, {"revision": revision_id, "now": now}).scalar_one())


@lru_cache(maxsize=64)
def _due(stops: int) -> Select[Any]:
    asked: list[ColumnElement[Any]] = [_has_come(each).label(f"at_{each}") for each in range(stops)]
    return select(*asked)


def _has_come(position: int) -> ColumnElement[bool]:
    here = and_(e.revision_id == _REVISION, e.position == position, e.next_at <= _NOW)
    return or_(*(exists(select(e.id).where(here, e.begun.is_(begun))) for begun in (False, True)))


def _lives() -> Select[Any]:
    way, awaited = enrolments.alias(), awaited_events.alias()
    under_way = select(way.c.id).where(way.c.campaign_id == c.id, way.c.ended_at.is_(None))
    come = select(awaited.c.event_id).where(awaited.c.campaign_id == c.id, awaited.c.at <= _NOW)
    return select(
        campaigns,
        select(func.max(events.c.id)).scalar_subquery().label("last_event"),
        select(func.max(stage_changes.c.id)).scalar_subquery().label("last_move"),
        exists(come.correlate(campaigns)).label("is_awaited"),
        exists(under_way.correlate(campaigns)).label("is_under_way"),
    ).where(and_(c.active_since.is_not(None), c.revision_id.is_not(None)))


_LIVES = _lives()
