"""Consents, noes and suppressions as they were known at an instant that is past: tables to join."""

from sqlalchemy import BindParameter, FromClause, bindparam, case, func, select

from outreach.store.sources import named
from outreach.store.spelling import listed_in
from outreach.store.tables import consent_states, consents, refusals, suppressions
from outreach.store.types import Instant
from outreach.vocabulary import ConsentState

KNOWN_AT = bindparam("known_at", type_=Instant())


def records(
    number: int, whose: BindParameter[list[int]] | None
) -> tuple[FromClause, FromClause, FromClause]:
    """Of a channel: each customer's last word, the last no at an address, and suppressions.

    As they are; with `whose`, the customers who are asked about, as they were known at KNOWN_AT.
    What was lifted since was not there then: no record tells of it.
    """
    names = (f"s{number}", f"r{number}", f"u{number}")
    if whose is None:
        tables = (consent_states, refusals, suppressions)
        said, refused, barred = (named(*each) for each in zip(tables, names, strict=True))
        return said, refused, barred
    then = select(refusals).join(consents, consents.c.id == refusals.c.consent_id)
    then = then.where(consents.c.recorded_at <= KNOWN_AT)
    suppressed = select(suppressions).where(suppressions.c.at <= KNOWN_AT)
    return _last_words(names[0], whose), then.subquery(names[1]), suppressed.subquery(names[2])


def _last_words(name: str, whose: BindParameter[list[int]]) -> FromClause:
    """What `consent_states` held: the latest by its own instant, of two at one the no."""
    t = consents.c
    no_first = case((t.state == ConsentState.WITHDRAWN.value, 0), else_=1)
    latest = func.row_number().over(
        partition_by=(t.customer_id, t.topic, t.channel),
        order_by=(t.at.desc(), no_first, t.id.desc()),
    )
    kept = (t.customer_id, t.topic, t.channel, t.state, t.at, t.expires_at)
    known = select(*kept, t.id.label("consent_id"), latest.label("place"))
    row = known.where(listed_in(t.customer_id, whose), t.recorded_at <= KNOWN_AT).subquery()
    columns = [each for each in row.c if each is not row.c.place]
    return select(*columns).where(row.c.place == 1).subquery(name)
