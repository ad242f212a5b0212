"""Duplicates: one message a run to one address; by hand, not twice within 24 hours."""

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    union_all,
)

from outreach.decisions.candidate import Marks
from outreach.decisions.ruling import Ruling
from outreach.store.keys import merged_ids
from outreach.store.spelling import text_order
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import State

WITHOUT_MESSAGE = (State.SKIPPED, State.EXPIRED, State.CANCELLED, State.FAILED)


def first_channel(candidate: FromClause, channels: range) -> ColumnElement[int | None]:
    """The first channel whose rules before `duplicate` all pass; null: none."""
    return case(
        (candidate.c.person.is_not(None), None),
        *((candidate.c[f"block_{number}"].is_(None), number) for number in channels),
        else_=None,
    )


def first_at_address(candidate: CTE, channels: range, number: int) -> Subquery:
    """Of each shared address the lowest key among the customers who would use it on a channel."""
    address = candidate.c[f"address_{number}"]
    return (
        select(address.label("address"), func.min(text_order(candidate.c.key)).label("key"))
        .where(candidate.c.shares, first_channel(candidate, channels) == number)
        .group_by(address)
        .subquery(f"f{number}")
    )


def not_first(
    candidate: FromClause, firsts: FromClause, channels: range, number: int
) -> ColumnElement[bool]:
    """The address belongs to somebody else in this run: to the lowest key that would use it first.

    Who comes to a channel only because cadence or the clock stops the one before gives way to
    anybody who would use the address first.
    """
    mine = first_channel(candidate, channels) == number
    lower = firsts.c.key < text_order(candidate.c.key)
    found = and_(firsts.c.key.is_not(None), or_(not_(mine), lower))
    # a CASE, for AND may work out the right side for those who share nothing
    return case((candidate.c.shares, found), else_=false())


def address_has_message(
    ruling: Ruling, marks: Marks, candidate: FromClause, number: int
) -> ColumnElement[bool]:
    """This run's message went, or will go, to who shares the address, or was merged into this one."""
    address = candidate.c[f"address_{number}"]
    merged = merged_ids(candidate.c.id, candidate)
    sharing = union_all(
        *(
            select(customers.c.id).where(customers.c[name] == address).correlate(candidate)
            for name in ("email", "phone")
        ),
        merged,
    ).scalar_subquery()
    row = deliveries.c
    counts = row.firm if marks.again else row.state.not_in(WITHOUT_MESSAGE)
    found = exists(select(1)).where(
        row.run_id == marks.run_id,
        row.run_at == marks.run_at,
        row.step == ruling.step.id,
        row.customer_id.in_(sharing),
        row.customer_id != candidate.c.id,
        or_(row.address == address, row.customer_id.in_(merged.scalar_subquery())),
        counts,
    )
    return case((candidate.c.shares, found.correlate(candidate)), else_=false())


def has_it_already(ruling: Ruling, marks: Marks, candidate: FromClause) -> ColumnElement[bool]:
    """The customer got this campaign's message since `repeats_within`, or has one under way."""
    merged = merged_ids(candidate.c.id, candidate).scalar_subquery()
    own = _got_it(ruling, marks, candidate, deliveries.c.customer_id == candidate.c.id)
    others = _got_it(ruling, marks, candidate, deliveries.c.customer_id.in_(merged))
    return case((candidate.c.shares, or_(own, others)), else_=own)


def _got_it(
    ruling: Ruling, marks: Marks, candidate: FromClause, whose: ColumnElement[bool]
) -> ColumnElement[bool]:
    row = deliveries.c
    return (
        exists(select(1))
        .where(
            whose,
            row.slot_at > marks.repeats_within,
            row.campaign_id == ruling.campaign_id,
            row.id != candidate.c.mine_id,
        )
        .correlate(candidate)
    )


def duplicate(
    ruling: Ruling, marks: Marks, candidate: FromClause, firsts: FromClause, number: int
) -> ColumnElement[bool]:
    """Any of the ways in which this message would be one too many."""
    channels = range(len(ruling.channels))
    parts = [not_first(candidate, firsts, channels, number)]
    if marks.in_run:
        parts.append(address_has_message(ruling, marks, candidate, number))
    if marks.repeats:
        parts.append(has_it_already(ruling, marks, candidate))
    return or_(*parts)
