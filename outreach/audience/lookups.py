"""Questions to a customer's history and dates as sub-queries; nothing after `now` is seen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql import ColumnElement

from outreach.audience.names import BIRTHDAY, EVENT_COLUMNS
from outreach.audience.row import Row
from outreach.store import facts, spelling
from outreach.store.named_dates import asked_of_day, ids_by_day
from outreach.store.tables import campaigns, deliveries, events, reactions
from outreach.store.types import Instant
from outreach.vocabulary import ReactionKind

REPLY = "reply"  # a kind of events
REACTIONS = {
    "clicked": ReactionKind.CLICKED.value,
    "opened": ReactionKind.OPENED.value,
    "replied": REPLY,
}
After = ColumnElement[datetime] | None


def of_events(
    row: Row,
    function: str,
    kind: str,
    after: After = None,
    since: After = None,
    *,
    but_first: bool = False,
) -> ColumnElement[Any]:
    """count, total (ten-thousandths), first or last of the customer's events of a kind.

    They lie later than `after`, or not before `since`, and never after `now`. `but_first`: what
    started the campaign is left out.
    """
    seen = events.alias()
    at = seen.c.at
    answer: dict[str, ColumnElement[Any]] = {
        "count": func.count(),
        "total": cast(
            func.coalesce(func.sum(type_coerce(seen.c.amount, BigInteger)), 0), BigInteger
        ),
        "first": func.min(at, type_=Instant()),
        "last": func.max(at, type_=Instant()),
    }
    query = (
        select(answer[function])
        .select_from(seen)
        .where(seen.c.customer_id == row.id, seen.c.kind == kind, at <= facts.moment(row.now))
    )
    if after is not None:
        query = query.where(at > after)
    if since is not None:
        query = query.where(at >= since)
    if but_first and row.event_id is not None:
        query = query.where(seen.c.id.is_distinct_from(row.event_id))
    return query.correlate_except(seen).scalar_subquery()


def happened(row: Row, column: str) -> ColumnElement[Any]:
    """A column of the event that started the campaign; null where none did, or has none of it."""
    seen = events.alias()
    found: ColumnElement[Any] = spelling.text_in(seen.c.data, column)
    if column in EVENT_COLUMNS:
        found = seen.c[column]
    if column == "amount":
        found = type_coerce(found, BigInteger)
    query = select(found).where(seen.c.id == (null() if row.event_id is None else row.event_id))
    return query.correlate_except(seen).scalar_subquery()


def reacted(row: Row, kind: str, step: str) -> ColumnElement[bool]:
    """Whether the customer did so with a message of this enrolment up to `now`."""
    if row.enrolment_id is None:
        return false()
    sent, said = deliveries.alias(), (events if kind == REPLY else reactions).alias()
    of_it = said.c.delivery_id == sent.c.id if kind != REPLY else and_(
        said.c.customer_id == sent.c.customer_id,
        spelling.number_in(said.c.data, "delivery") == sent.c.id,
    )  # fmt: skip
    query = (
        select(sent.c.id)
        .join(said, of_it)
        .where(sent.c.enrolment_id == row.enrolment_id, sent.c.step == step)
        .where(said.c.kind == kind, said.c.at <= facts.moment(row.now))
    )
    return exists(query.correlate_except(sent, said))


def timed_out(row: Row, wait: str) -> ColumnElement[bool]:
    """Whether the wait of this enrolment came to its end by time alone."""
    return false() if row.timed_out is None else spelling.list_holds(row.timed_out, wait)


def received(row: Row, campaign: str, after: After = None) -> ColumnElement[bool]:
    """Whether the customer had a touch of the campaign up to `now`, later than `after`.

    The message that is decided about is none.
    """
    touch, named = deliveries.alias(), campaigns.alias()
    query = (
        select(touch.c.id)
        .where(touch.c.customer_id == row.id, touch.c.firm)
        .where(touch.c.slot_at <= facts.moment(row.now))
        .where(touch.c.campaign_id == _campaign(named, campaign))
    )
    if after is not None:
        query = query.where(touch.c.slot_at > after)
    if row.own_message is not None:
        query = query.where(touch.c.id != row.own_message)
    return exists(query.correlate_except(touch))


def stage_in(row: Row, model: str) -> ColumnElement[str]:
    """The customer's stage in a further lifecycle."""
    if row.facts == "as_of":
        return facts.stage_as_of(row.id, row.now, model)
    return facts.stage_in(row.id, model)


def date_of(row: Row, name: str) -> ColumnElement[str]:
    """The birthday, a date attribute or a named date; null where its year is not known."""
    return _of_day(row, name, lambda day: case((func.length(day) == len("YYYY-MM-DD"), day)))


def days_until(row: Row, name: str) -> ColumnElement[int]:
    """Days from the customer's own today to the next return of such a day; null without one."""
    today = row.column("today")
    return _of_day(row, name, lambda day: spelling.days_until(day, today))


def written_day(row: Row, name: str) -> ColumnElement[str]:
    """Such a day as it is written: YYYY-MM-DD, or MM-DD; null without one."""
    return _of_day(row, name, lambda day: day)


def falls(
    row: Row, name: str, on: ColumnElement[str], also: ColumnElement[str], *, yearly: bool
) -> ColumnElement[bool]:
    """Whether such a day is `on` (YYYY-MM-DD): that very day, or each year from its own year on.

    `also`: the MM-DD of days that fall on it besides. False without such a day.
    """

    def asked(day: ColumnElement[str]) -> ColumnElement[bool]:
        if not yearly:
            return day == on
        returns = spelling.month_day(day).in_([spelling.month_day(on), also])
        year_known = func.length(day) == len("YYYY-MM-DD")
        return and_(returns, or_(not_(year_known), func.substr(day, 1, 4) <= func.substr(on, 1, 4)))

    return func.coalesce(_of_day(row, name, asked), false())


def is_in_row(row: Row, name: str) -> bool:
    """Whether the day stands in the customer's own row, and is no named date."""
    return name == BIRTHDAY or name in row.names.own


def among_days(row: Row, name: str, month_days: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether such a day is one of these days of the year (MM-DD); of a named date by index."""
    if is_in_row(row, name):
        return spelling.month_day(row.column(name)).in_(month_days)
    return row.id.in_(ids_by_day(name, month_days))


def _of_day(
    row: Row, name: str, ask: Callable[[ColumnElement[str]], ColumnElement[Any]]
) -> ColumnElement[Any]:
    if is_in_row(row, name):
        return ask(row.column(name))
    return asked_of_day(row.id, name, ask)


def _campaign(named: Any, name: str) -> ColumnElement[int]:
    return select(named.c.id).where(named.c.name == name).scalar_subquery()
