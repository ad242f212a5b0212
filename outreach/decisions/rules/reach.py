"""Rules about an address: there is one, it is not suppressed, the template has its data."""

from collections.abc import Iterable

from sqlalchemy import BindParameter, ColumnElement, Text, and_, bindparam, func, or_

from outreach.audience.row import name_is_missing
from outreach.decisions.candidate import Candidate
from outreach.decisions.ruling import Ruling
from outreach.rendering.needs import Need


def no_address(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The customer has no address on the channel."""
    return candidate.address(number).is_(None)


def suppressed(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The address must never be used again."""
    return candidate.suppression[number].c.address.is_not(None)


def missing_data(candidate: Candidate, number: int) -> ColumnElement[bool] | None:
    """A name that the template of the customer's language prints is not known; None: it needs none."""
    needs = _needs(candidate.ruling, number)
    if not needs:
        return None
    parts = []
    for place, need in enumerate(needs):
        lacks = _lacks(candidate, need)
        if need.locales is not None:
            locale = func.coalesce(candidate.customer.c.locale, "")
            lacks = and_(locale.in_(_readers(candidate.tag, number, place)), lacks)
        parts.append(lacks)
    return or_(*parts)


def readers(ruling: Ruling, locales: Iterable[str | None], tag: str = "") -> dict[str, list[str]]:
    """Values for the statement: which of the customers' locales read which language variant.

    `tag` is the candidate's.
    """
    compiled, known = ruling.compiled, list(locales)
    return {
        _readers(tag, number, place).key: [
            each or "" for each in known if compiled.locale_for(channel, each) in need.locales
        ]
        for number, channel in enumerate(ruling.channels)
        for place, need in enumerate(_needs(ruling, number))
        if need.locales is not None
    }


def has_variants(ruling: Ruling) -> bool:
    """Whether what a template needs depends on the customer's language."""
    compiled = ruling.compiled
    return any(need.locales for channel in ruling.channels for need in compiled.needs(channel))


def _readers(tag: str, number: int, place: int) -> BindParameter[str]:
    return bindparam(f"readers{tag}_{number}_{place}", type_=Text(), expanding=True)


def _needs(ruling: Ruling, number: int) -> list[Need]:
    found = ruling.compiled.needs(ruling.channels[number])
    return [need for need in found if need.names or need.any_of]


def _lacks(candidate: Candidate, need: Need) -> ColumnElement[bool]:
    """One of the names is missing, or all of a group of which one is enough."""
    row = candidate.row
    single = [name_is_missing(name, row) for name in sorted(need.names)]
    groups = [
        and_(*(name_is_missing(name, row) for name in sorted(group)))
        for group in sorted(need.any_of, key=sorted)
    ]
    return or_(*single, *groups)
