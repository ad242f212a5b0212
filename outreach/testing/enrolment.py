"""A customer of a case who is under way: put where they stand, and moved on as a scheduler would."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, select, update

from outreach.campaign.model import Branch, Campaign, Step, Wait
from outreach.decisions.entrants import those_for_whom
from outreach.decisions.ruling import Ruling
from outreach.planning.arriving import arrived
from outreach.planning.moving import Stand
from outreach.store.enrolments import end
from outreach.store.events import Event, add_events
from outreach.store.past_touches import PastTouch, add_past, campaign_id
from outreach.store.reactions import Reaction, keep, sent_by
from outreach.store.tables import enrolments, events
from outreach.store.types import Instant
from outreach.testing.cases import Case, Had, UnderWay
from outreach.vocabulary import Ending, Origin

OF_FILES = 0  # the revision of rulings that are made of the project's files
REPLY = "reply"
e = enrolments.c


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the customer stands once the way has been gone: at a message, in a wait, or nowhere.

    `passed` are the ways of branches that were taken, and what ended waits, by their names.
    """

    enrolment_id: int
    step: Step | None  # the message that they have come to
    wait: Wait | None
    until: datetime | None  # of the wait
    ended: Ending | None
    passed: tuple[str, ...]


def put_on_the_way(conn: Connection, customer_id: int, case: Case, campaign: Campaign) -> None:
    """Write the enrolment of the case's customer, the messages they had and what they did."""
    way = case.way
    if way is None:
        return
    row = {
        "campaign_id": campaign_id(conn, campaign.name), "revision_id": OF_FILES,
        "customer_id": customer_id, "origin": Origin.RUN.value, "origin_id": 0,
        "entered_at": way.entered_at, "timed_out": list(way.timed_out),
        **arrived(campaign.stops, way.position, literal(way.since, Instant())),
    }  # fmt: skip
    made = insert(enrolments).values(row).returning(e.id)
    enrolment_id = conn.execute(made).scalar_one()
    for each in way.had:
        _had(conn, customer_id, enrolment_id, each, campaign)


def _had(
    conn: Connection, customer_id: int, enrolment_id: int, had: Had, campaign: Campaign
) -> None:
    of = (campaign.name, had.channel, campaign.topic, campaign.priority, had.at)
    touch = PastTouch(customer_id, *of, step=had.step, enrolment_id=enrolment_id)
    id_ = add_past(conn, touch)
    done = [Reaction(id_, kind, at, at) for kind, at in had.reactions]
    keep(conn, done, sent_by(conn, [id_]), had.at)
    if had.replied_at is not None:
        reply = Event(customer_id, REPLY, had.replied_at, data={"delivery": id_})
        add_events(conn, [reply], had.replied_at)


def name_the_event(conn: Connection, customer_id: int, way: UnderWay, campaign: Campaign) -> None:
    """Let the enrolment know which event began it, where one begins the campaign."""
    on_event, v = campaign.schedule.on_event, events.c
    if on_event is None:
        return
    begun = select(v.id).where(v.customer_id == customer_id, v.kind == on_event.kind)
    last = begun.where(v.at == way.entered_at).order_by(v.id.desc()).limit(1)
    told = update(enrolments).where(e.customer_id == customer_id)
    conn.execute(told.values(origin=Origin.EVENT.value, origin_id=last.scalar_subquery()))


def go_on(conn: Connection, ruling: Ruling, now: datetime) -> Standing:
    """Move the one enrolment there is on as far as it comes at `now`: to a message or into a wait.

    `exit` is asked before, where something happened to the customer since they came in.
    """
    row = _row(conn)
    _leave(conn, ruling, row, now)
    passed: list[str] = []
    while True:
        row = _row(conn)
        what = None if row.ended_at is not None else ruling.campaign.stops[row.position].what
        is_there = row.next_at is not None and row.next_at <= now
        if what is None or isinstance(what, Step) or not is_there:
            return _standing(row, what, tuple(passed), is_there=is_there)
        _pass(conn, Stand(ruling, row.position, now))
        passed += _passed(ruling.campaign, row, _row(conn))


def _row(conn: Connection) -> Any:
    return conn.execute(select(enrolments)).one()


def _leave(conn: Connection, ruling: Ruling, row: Any, now: datetime) -> None:
    v, leaves = events.c, ruling.campaign.exit
    if leaves is None or row.ended_at is not None:
        return
    since = select(v.id).where(v.customer_id == row.customer_id, v.at > row.entered_at, v.at <= now)
    if conn.execute(since.limit(1)).first() is not None:
        end(conn, those_for_whom(conn, ruling, leaves, [row.id], now), Ending.EXITED, now)


def _pass(conn: Connection, stand: Stand) -> None:
    what = stand.stop.what
    if isinstance(what, Branch):
        stand.part(conn, 1)
    elif isinstance(what, Wait):
        if what.span is None:
            stand.begin_wait(conn, 1)
        stand.end_wait(conn, 1)


def _standing(
    row: Any, what: Step | Wait | Branch | None, passed: tuple[str, ...], *, is_there: bool
) -> Standing:
    return Standing(
        enrolment_id=row.id,
        step=what if isinstance(what, Step) and is_there else None,
        wait=what if isinstance(what, Wait) else None,
        until=None if is_there else row.next_at,
        ended=None if row.ended_as is None else Ending(row.ended_as),
        passed=passed,
    )


def _passed(campaign: Campaign, before: Any, after: Any) -> Iterator[str]:
    """What was passed between two places: the way of a branch, or what ended a wait."""
    what = campaign.stops[before.position].what
    if isinstance(what, Branch):
        taken = [n for n, way in enumerate(what.ways) if way.to == after.position]
        yield from (way_named(what, number) for number in taken[:1])
    has_moved = after.position != before.position
    if isinstance(what, Wait) and what.until is not None and has_moved:
        yield ended_by(what, by_time=len(after.timed_out) > len(before.timed_out))


def way_named(branch: Branch, number: int) -> str:
    """What the way of a branch is called where tests are counted."""
    if number == len(branch.ways):
        return "branch past all ways"
    when = branch.ways[number].when
    return f"branch {'otherwise' if when is None else when.source}"


def ended_by(wait: Wait, *, by_time: bool) -> str:
    """What the end of a wait is called where tests are counted."""
    return f"{wait.id} {'at_most' if by_time else 'until'}"
