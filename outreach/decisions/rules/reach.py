"""Rules about an address: there is one, it is not suppressed, the template has its data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
)

from outreach.audience.missing import name_is_missing
from outreach.decisions.candidate import Candidate
from outreach.decisions.rules import arms
from outreach.decisions.ruling import Ruling
from outreach.rendering.needs import Need
from outreach.store.sources import named
from outreach.store.tables import fallbacks

if TYPE_CHECKING:
    from outreach.rendering.compiled import Compiled


def failed_before(candidate: Candidate, number: int) -> ColumnElement[bool] | None:
    """The message failed for good on the channel before; None: it can go by no other."""
    if candidate.mine is None or len(candidate.numbers) == 1:
        return None
    mine, f = candidate.mine.c, named(fallbacks, f"f{number}").c
    channel = candidate.ruling.channels[number]
    failed = select(f.delivery_id).where(f.delivery_id == mine.id, f.channel == channel)
    if candidate.marks.about:  # explained as of an instant: what failed later had not yet
        failed = failed.where(f.at <= candidate.zones.c.asked_at)
    return and_(mine.fell_from.is_not(None), exists(failed))


def no_address(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The customer has no address on the channel."""
    return candidate.address(number).is_(None)


def suppressed(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The address must never be used again."""
    return candidate.suppression[number].c.address.is_not(None)


def missing_data(candidate: Candidate, number: int) -> ColumnElement[bool] | None:
    """A name that the template of the customer's language prints is not known; None: it needs none.

    Of variants it is asked of the customer's own. Whose is not chosen yet lacks what each needs.
    """
    ruling = candidate.ruling
    lacks = [_lacks_one_of(candidate, number, arm) for arm in range(len(_arms(ruling)))]
    own = arms.variant(ruling, candidate.customer.c.bucket, candidate.tag, candidate.enrolment)
    if own is None or not any(each is not None for each in lacks):
        return lacks[0]
    if _need_the_same(ruling, number):
        return lacks[0]
    each_lacks = [false() if each is None else each for each in lacks]
    return case(
        *((own == arm, each) for arm, each in enumerate(each_lacks)), else_=and_(*each_lacks)
    )


def _lacks_one_of(candidate: Candidate, number: int, arm: int) -> ColumnElement[bool] | None:
    needs = _needs(candidate.ruling, number, arm)
    if not needs:
        return None
    parts = []
    for place, need in enumerate(needs):
        lacks = _lacks(candidate, need)
        if need.locales is not None:
            locale = func.coalesce(candidate.customer.c.locale, "")
            lacks = and_(locale.in_(_readers(candidate.tag, number, arm, place)), lacks)
        parts.append(lacks)
    return or_(*parts)


def _need_the_same(ruling: Ruling, number: int) -> bool:
    """Whether every variant needs the same of the same customers."""
    compiled, channel = _arms(ruling), ruling.channels[number]
    shape = (_needs(ruling, number, 0), compiled[0].locales(channel))
    return all(
        (_needs(ruling, number, arm), each.locales(channel)) == shape
        for arm, each in enumerate(compiled)
    )


def readers(ruling: Ruling, locales: Iterable[str | None], tag: str = "") -> dict[str, list[str]]:
    """Values for the statement: which of the customers' locales read which language variant.

    `tag` is the candidate's.
    """
    known = list(locales)
    return {
        _readers(tag, number, arm, place).key: [
            each or "" for each in known if compiled.locale_for(channel, each) in need.locales
        ]
        for number, channel in enumerate(ruling.channels)
        for arm, compiled in enumerate(_arms(ruling))
        for place, need in enumerate(_needs(ruling, number, arm))
        if need.locales is not None
    }


def has_variants(ruling: Ruling) -> bool:
    """Whether what a template needs depends on the customer's language."""
    return any(
        need.locales
        for compiled in _arms(ruling)
        for channel in ruling.channels
        for need in compiled.needs(channel)
    )


def _readers(tag: str, number: int, arm: int, place: int) -> BindParameter[str]:
    return bindparam(f"readers{tag}_{number}_{arm}_{place}", type_=Text(), expanding=True)


def _arms(ruling: Ruling) -> Sequence[Compiled]:
    """The message in each variant; alone where nothing is compared."""
    if not ruling.campaign.variants:
        return (ruling.compiled,)
    return [ruling.compiled.of(each.name) for each in ruling.campaign.variants]


def _needs(ruling: Ruling, number: int, arm: int) -> list[Need]:
    found = _arms(ruling)[arm].needs(ruling.channels[number])
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
