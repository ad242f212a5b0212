"""Customers come into journeys: by an event, a move of their stage, being idle, or a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    literal,
    not_,
    select,
)

from outreach.audience.compile import compile_expression
from outreach.campaign.model import OnEvent
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.entrants import Entrants, entrants
from outreach.decisions.localities import localities
from outreach.decisions.rules.arms import on_entering
from outreach.decisions.ruling import Ruling
from outreach.planning.arriving import arrived
from outreach.store.dialect import insert, is_any_of, shift
from outreach.store.engine import let_others_write, reading, writing
from outreach.store.stages import MAIN
from outreach.store.tables import awaited_events, enrolments, events, stage_changes
from outreach.store.types import BigId, Instant
from outreach.vocabulary import Origin

MOST = 20_000  # events or moves looked at in a transaction
LOOK_BACK = 50_000  # moves: a transaction may commit its own after others took higher ids


@dataclass(frozen=True, slots=True)
class Case:
    """What starts a journey, in a statement: which one it is, whose, and when."""

    origin: Origin
    origin_id: ColumnElement[int]
    entered_at: ColumnElement[datetime]
    since: ColumnElement[datetime]  # from when on they are at the first stop


def enrolled(ruling: Ruling, found: Entrants, case: Case, query: Select[Any]) -> Select[Any]:
    """The rows of new enrolments out of a question whose FROM and WHERE are given."""
    place = arrived(ruling.campaign.stops, 0, case.since)
    columns: dict[str, ColumnElement[Any]] = {
        "campaign_id": literal(ruling.campaign_id, BigId),
        "revision_id": literal(ruling.revision_id, BigId),
        "customer_id": found.candidate.customer.c.id,
        "origin": literal(case.origin.value),
        "origin_id": case.origin_id,
        "entered_at": case.entered_at,
        "position": literal(0),
        "begun": place["begun"],
        "next_at": place["next_at"],
        **on_entering(ruling, found.candidate.customer.c.bucket),
    }
    labelled = (each.label(name) for name, each in columns.items())
    return found.filled(query.with_only_columns(*labelled, maintain_column_froms=True))


def enrol(conn: Connection, rows: Select[Any]) -> int:
    """Write new enrolments; who is in the journey already, or came in by the same, is left out."""
    names = [column.name for column in rows.selected_columns]
    made = insert(conn, enrolments).from_select(names, rows).on_conflict_do_nothing()
    return conn.execute(made.execution_options(preserve_rowcount=True)).rowcount


def enter_by_event(
    engine: Engine, ruling: Ruling, after: int, last: int, since: datetime, now: datetime
) -> tuple[int, int]:
    """Start the journey for those to whom it happened: events with ids beyond `after`, to `last`.

    How many came in, and up to which id was looked. Only what happened since the campaign is
    active (`since`), and was recorded within `late`. What is dated ahead starts it in its time.
    """
    on_event = ruling.campaign.schedule.on_event
    if on_event is None:
        return 0, last
    until = min(last, after + MOST)
    with writing(engine) as conn:
        new = and_(events.c.id > after, events.c.id <= until)
        entered = _by_events(conn, ruling, on_event, new, since, now)
        _await(conn, ruling, on_event, new, now)
    return entered, until


def enter_by_awaited(engine: Engine, ruling: Ruling, since: datetime, now: datetime) -> int:
    """Start the journey by events that were dated ahead and have come."""
    on_event, waits = ruling.campaign.schedule.on_event, awaited_events.c
    if on_event is None:
        return 0
    come = and_(waits.campaign_id == ruling.campaign_id, waits.at <= now)
    with engine.connect() as conn:
        if conn.execute(select(waits.event_id).where(come).limit(1)).first() is None:
            return 0
    with writing(engine) as conn:
        ids = select(waits.event_id).where(come).scalar_subquery()
        entered = _by_events(conn, ruling, on_event, events.c.id.in_(ids), since, now)
        conn.execute(delete(awaited_events).where(come))
    return entered


def _by_events(
    conn: Connection, ruling: Ruling, on_event: OnEvent, which: ColumnElement[bool],
    since: datetime, now: datetime,
) -> int:  # fmt: skip
    found = everyone_now(conn, ruling, now)
    event, late = events.c, ruling.campaign.schedule.late
    row = replace(found.row, event_id=event.id, entered_at=event.at)
    joined = found.joined().join(events, event.customer_id == found.candidate.customer.c.id)
    query = select(event.id).select_from(joined)
    query = query.where(which, event.kind == on_event.kind, event.at <= now, event.at >= since)
    query = query.where(event.recorded_at <= shift(event.at, late), *found.may_enter())
    if on_event.where is not None:
        query = query.where(compile_expression(on_event.where, row, certainly=False))
    case = Case(Origin.EVENT, event.id, event.at, shift(event.at, on_event.after))
    return enrol(conn, enrolled(ruling, found, case, query.order_by(event.at, event.id)))


def _await(
    conn: Connection, ruling: Ruling, on_event: OnEvent, which: ColumnElement[bool], now: datetime
) -> None:
    event = events.c
    ahead = select(literal(ruling.campaign_id, BigId), event.id, event.at).where(
        which, event.kind == on_event.kind, event.at > now
    )
    names = ("campaign_id", "event_id", "at")
    conn.execute(insert(conn, awaited_events).from_select(names, ahead).on_conflict_do_nothing())


def enter_by_move(
    engine: Engine, ruling: Ruling, after: int, last: int, since: datetime, now: datetime
) -> int:
    """Start the journey for who came into a stage, or left one, by moves with ids up to `last`.

    A first stage starts nothing, nor a move from before the campaign was active (`since`).
    """
    on_stage, move = ruling.campaign.schedule.on_stage, stage_changes.c
    if on_stage is None:
        return 0
    late, entered = ruling.campaign.schedule.late, 0
    theirs = (
        move.to_stage.in_(on_stage.enter) if on_stage.enter else move.from_stage.in_(on_stage.leave)
    )
    begin = max(0, after - LOOK_BACK)
    fresh = (
        move.model == MAIN, move.from_stage.is_not(None), theirs,
        move.at.between(max(since, now - late), now),
    )  # fmt: skip
    for first in range(begin, last, MOST):
        some = (move.id > first, move.id <= first + MOST, *fresh)
        with reading(engine) as conn:
            if conn.execute(_not_yet_in(ruling, *some)).first() is None:
                continue
        with writing(engine) as conn:
            found = everyone_now(conn, ruling, now)
            own = move.customer_id == found.candidate.customer.c.id
            query = select(move.id).select_from(found.joined().join(stage_changes, own))
            query = query.where(*some, *found.may_enter())
            case = Case(Origin.MOVE, move.id, move.at, move.at)
            entered += enrol(conn, enrolled(ruling, found, case, query.order_by(move.id)))
        let_others_write(engine)
    return entered


def enter_owed(
    engine: Engine, ruling: Ruling, ids: Sequence[int], look_at: datetime, now: datetime
) -> int:
    """Start the journey for those of the customers who are owed a touch as of a look; how many.

    Once for each look, and for whom its audience and `reentry` let in.
    """
    with writing(engine) as conn:
        found = everyone_now(conn, ruling, now)
        own, at = found.candidate.customer.c.id, literal(now, Instant())
        query = select(own).select_from(found.joined())
        query = query.where(is_any_of(conn, own, ids), *found.may_enter())
        number = literal(int(look_at.timestamp()), BigId)
        entered = enrol(conn, enrolled(ruling, found, Case(Origin.FLOOR, number, at, at), query))
    let_others_write(engine)
    return entered


def _not_yet_in(ruling: Ruling, *which: ColumnElement[bool]) -> Select[Any]:
    """A move of these that has started no journey yet, if there is one: without a look at customers."""
    own = select(enrolments.c.id).where(
        enrolments.c.campaign_id == ruling.campaign_id,
        enrolments.c.customer_id == stage_changes.c.customer_id,
        enrolments.c.origin == Origin.MOVE.value,
        enrolments.c.origin_id == stage_changes.c.id,
    )
    started = own.correlate(stage_changes).exists()
    return select(stage_changes.c.id).where(*which, not_(started)).limit(1)


def everyone_now(conn: Connection, ruling: Ruling, now: datetime) -> Entrants:
    """All customers, each at `now`."""
    scope = Scope(now, seen_at=now)
    return entrants(conn, ruling, scope, everywhere(localities(conn), now))
