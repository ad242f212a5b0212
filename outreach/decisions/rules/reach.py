"""Rules about an address: there is one, it is not suppressed, the template has its data."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, false, or_

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
    candidate: Candidate, number: int, locales: Iterable[str | None]
) -> ColumnElement[bool] | None:
    """A name that the template of the customer's language prints is not known; None: it needs none."""
    compiled = candidate.ruling.compiled
    channel = candidate.ruling.channels[number]
    needs = compiled.needs(channel)
    if not any(need.names for need in needs):
        return None
    known = list(locales)
    parts = [
        _lacks(
            candidate,
            need,
            [each for each in known if compiled.locale_for(channel, each) in need.locales],
        )
        if need.locales is not None
        else _lacks_any(candidate, need.names)
        for need in needs
    ]
    return or_(false(), *parts)


def _lacks(candidate: Candidate, need: Need, locales: list[str | None]) -> ColumnElement[bool]:
    column = candidate.customer.c.locale
    speaks = or_(
        column.in_([locale for locale in locales if locale is not None]),
        column.is_(None) if None in locales else false(),
    )
    return and_(speaks, _lacks_any(candidate, need.names))


def _lacks_any(candidate: Candidate, names: Iterable[str]) -> ColumnElement[bool]:
    return or_(false(), *(name_is_missing(name, candidate.row) for name in sorted(names)))
