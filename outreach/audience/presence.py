"""Whom a selection finds in the base at hand: texts that nobody has, data that many lack."""

import json
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, not_, or_, select

from outreach.audience.compile import compile_selection
from outreach.audience.lookups import written_day
from outreach.audience.missing import name_is_missing
from outreach.audience.names import Kind, Names
from outreach.audience.row import Row
from outreach.campaign.model import Selection
from outreach.store import spelling
from outreach.store.tables import consent_states, customers
from outreach.vocabulary import ConsentState

MOST_TEXTS = 1_000  # that a slip is compared with


class Spelling(NamedTuple):
    """How a text is spelled in the base, and by how many customers."""

    text: str
    customers: int


def present_row(names: Names, now: datetime) -> Row:
    """The stored customers, all at one instant, as if they came in then."""
    return Row(customers.c, now, now.date(), names, entered_at=now)


def is_anyone(conn: Connection) -> bool:
    """Whether there are customers at all."""
    return bool(conn.execute(select(exists(select(customers.c.id)))).scalar())


def is_found(conn: Connection, row: Row, name: str, text: str) -> bool:
    """Whether any customer has the text as the value of `name`, or in it where it is a list."""
    column = row.column(name)
    listed = row.names.kinds[name] is Kind.LIST
    has: ColumnElement[bool] = spelling.list_holds(column, text) if listed else column == text
    return bool(conn.execute(select(exists(select(customers.c.id).where(has)))).scalar())


def is_any_day(conn: Connection, row: Row, name: str, since: date | None = None) -> bool:
    """Whether any customer has such a day; with `since` one with its year that is not before it."""
    day = written_day(row, name)
    has = day.is_not(None) if since is None else and_(func.length(day) == 10, day >= f"{since}")
    return bool(conn.execute(select(exists(select(customers.c.id).where(has)))).scalar())


def nearest_spelling(conn: Connection, row: Row, name: str, text: str) -> Spelling | None:
    """The most frequent value that differs from the text in upper and lower case only."""
    if row.names.kinds[name] is Kind.LIST:
        return None
    column = row.column(name)
    query = (
        select(column, func.count())
        .where(spelling.lowered(column) == text.lower())
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(1)
    )
    found = conn.execute(query).one_or_none()
    return None if found is None else Spelling(*found)


def texts(conn: Connection, row: Row, name: str) -> set[str]:
    """The most frequent texts that customers have as the value of `name`, or in it if it is a list."""
    column = row.column(name)
    query = (
        select(column)
        .where(column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc())
        .limit(MOST_TEXTS)
    )
    found = conn.execute(query).scalars()
    if row.names.kinds[name] is not Kind.LIST:
        return set(found)
    lists = (json.loads(each) if isinstance(each, str) else each for each in found)
    return {text for each in lists for text in each}


def picked(conn: Connection, row: Row, audience: Selection) -> int:
    """How many customers the audience picks, as a plan counts them: before `exclude`."""
    query = select(func.count()).select_from(customers)
    return int(conn.execute(query.where(_picks(row, audience, None))).scalar_one())


def is_anyone_picked(conn: Connection, row: Row, audience: Selection) -> bool:
    """Whether the audience picks any customer, before `exclude`."""
    query = select(customers.c.id).where(_picks(row, audience, None)).limit(1)
    return conn.execute(query).first() is not None


def lacking(
    conn: Connection, row: Row, audience: Selection, exclude: Selection | None, name: str
) -> dict[str | None, int]:
    """How many of them, without those excluded, have no value for `name`, by their locale."""
    locale = customers.c.locale
    query = (
        select(locale, func.count().label("number"))
        .where(_picks(row, audience, exclude), name_is_missing(name, row))
        .group_by(locale)
    )
    return {row.locale: row.number for row in conn.execute(query)}


def locales(
    conn: Connection, row: Row, audience: Selection, exclude: Selection | None
) -> dict[str | None, int]:
    """How many of them, without those excluded, have which locale."""
    query = select(customers.c.locale, func.count()).where(_picks(row, audience, exclude))
    found = conn.execute(query.group_by(customers.c.locale).order_by(customers.c.locale))
    return dict(found.all())


def not_agreed(
    conn: Connection,
    row: Row,
    audience: Selection,
    exclude: Selection | None,
    channel: str,
    topic: str,
) -> int:
    """How many of them, without those excluded, have no yes for a topic by a channel."""
    said = consent_states.c
    agreed = exists(
        select(said.customer_id).where(
            said.customer_id == customers.c.id,
            said.topic == topic,
            said.channel == channel,
            said.state == ConsentState.GRANTED.value,
            or_(said.expires_at.is_(None), said.expires_at > row.now),
        )
    )
    query = select(func.count()).select_from(customers)
    return int(conn.execute(query.where(_picks(row, audience, exclude), ~agreed)).scalar_one())


def _picks(row: Row, audience: Selection, exclude: Selection | None) -> ColumnElement[bool]:
    there = and_(customers.c.erased_at.is_(None), customers.c.merged_into.is_(None))
    chosen = and_(there, compile_selection(audience, row, certainly=False))
    return chosen if exclude is None else and_(chosen, not_(compile_selection(exclude, row)))
