"""What counts as being in touch with a person, as SQL: what caps count, and what staff did."""

from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_, or_, select

from outreach.decisions.rules.cadence import at_their_addresses
from outreach.settings.company import Company
from outreach.store.tables import customers, deliveries, events
from outreach.vocabulary import ANSWERS

d, e = deliveries.c, events.c
person = customers.alias("person")


def is_touched(
    company: Company, since_at: ColumnElement[datetime], outer: FromClause, *, planned: bool
) -> ColumnElement[bool]:
    """Whether a message that caps count went to a person, or to their address, since an instant.

    `planned`: or waits to go to them.
    """
    in_span = [d.slot_at >= since_at]
    ordered = sorted(name for name, topic in company.topics.items() if topic.transactional)
    if ordered:
        in_span.append(d.topic.not_in(ordered))
    own = select(d.id).where(d.customer_id == person.c.id, *in_span)
    if not planned:
        own = own.where(d.firm)
    theirs = select(d.id).where(at_their_addresses(person), d.firm, *in_span)
    return or_(
        own.correlate(person, outer).exists(),
        and_(person.c.shares, theirs.correlate(person, outer).exists()),
    )


def is_talked_to(
    since_at: ColumnElement[datetime], now: datetime, outer: FromClause
) -> ColumnElement[bool]:
    """Whether staff rang, met or wrote to a person since an instant."""
    talk = select(e.id).where(
        e.customer_id == person.c.id, e.kind.in_(ANSWERS), e.at >= since_at, e.at <= now
    )
    return talk.correlate(person, outer).exists()
