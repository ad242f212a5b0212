"""Rules about an address: there is one, it is not suppressed, the template has its data."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_

from outreach.audience.row import name_is_missing
from outreach.decisions.candidate import Candidate
from outreach.rendering.needs import Need


def no_address(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The customer has no address on the channel."""
    return candidate.address(number).is_(None)


def suppressed(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The address must never be used again."""
    return candidate.suppression[number].c.address.is_not(None)


def missing_data(
    candidate: Candidate, number: int, locales: Sequence[str | None]
) -> ColumnElement[bool] | None:
    """A name that the template of the customer's language prints is not known; None: it needs none."""
    compiled = candidate.ruling.compiled
    channel = candidate.ruling.channels[number]
    needs = [need for need in compiled.needs(channel) if need.names or need.any_of]
    if not needs:
        return None
    parts = []
    for need in needs:
        lacks = _lacks(candidate, need)
        if need.locales is not None:
            read = [each for each in locales if compiled.locale_for(channel, each) in need.locales]
            lacks = and_(_speaks(candidate, read), lacks)
        parts.append(lacks)
    return or_(*parts)


def _lacks(candidate: Candidate, need: Need) -> ColumnElement[bool]:
    """One of the names is missing, or all of a group of which one is enough."""
    row = candidate.row
    single = [name_is_missing(name, row) for name in sorted(need.names)]
    groups = [
        and_(*(name_is_missing(name, row) for name in sorted(group)))
        for group in sorted(need.any_of, key=sorted)
    ]
    return or_(*single, *groups)


def _speaks(candidate: Candidate, locales: Sequence[str | None]) -> ColumnElement[bool]:
    column = candidate.customer.c.locale
    known = column.in_([locale for locale in locales if locale is not None])
    return or_(known, column.is_(None)) if None in locales else known
