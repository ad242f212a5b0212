"""Cadence: at most so many touches per window, counted in one pass over a customer's slots.

A slot counts when its delivery was claimed once (a touch), or is open and stands before
the candidate's message in the order (priority, occurrence, campaign's name; in a run the key).
Two open messages therefore never block each other.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from functools import reduce
from math import prod
from operator import add
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)

from outreach.decisions.candidate import Marks, Rival
from outreach.decisions.grid import CapWindow
from outreach.decisions.ruling import Ruling
from outreach.store.keys import merged_ids
from outreach.store.sources import fenced, named
from outreach.store.spelling import text_order
from outreach.store.tables import customers, deliveries

_OPEN = 2**24  # what an open message adds to a cap's sum: more than anyone's touches


class Slots(IntEnum):
    """What one cap says: a digit to the base 4 of the pass's answer."""

    FREE = 0
    RESERVED = 1  # open messages before this one take what is left
    TAKEN = 2  # touches alone fill it; beyond it: so much room is left, which rivals may take


def slots(
    ruling: Ruling,
    marks: Marks,
    candidate: FromClause,
    zones: FromClause,
    rivals: Sequence[Rival] = (),
) -> ColumnElement[int]:
    """Every cap's answer as one integer: cap window `j` is digit `j` to the base 4.

    Customers who share an address count one another's touches at it: a dearer pass, only for
    them. With rivals the digits are to the bases of `radices`, and what rivals may take is to be
    settled (decisions/lookahead.py); at a shared address that is a message by each channel.
    """
    before = stands_before(ruling, marks.run_at, marks.earlier)

    def counted(
        whose: ColumnElement[bool], by_each: int, planned: ColumnElement[bool]
    ) -> ScalarSelect[int]:
        seen = [whose, *_in_any_window(ruling, zones), *_but_mine(marks, candidate)]
        sums = _sums(ruling, zones, before, planned).where(*seen).correlate(candidate, zones)
        total = _digits(ruling, zones, sums.subquery("sums"), rivals, by_each)
        return select(total).correlate(candidate, zones).scalar_subquery()

    own = deliveries.c.customer_id == candidate.c.id
    most = max((len(rival.ruling.channels) for rival in rivals), default=1)
    theirs = and_(at_their_addresses(candidate), _in_turn(marks, candidate))
    shared = counted(theirs, most, _planned(marks))
    return case((candidate.c.shares, shared), else_=counted(own, 1, false()))


def of_others(
    ruling: Ruling,
    marks: Marks,
    candidate: FromClause,
    zones: FromClause,
    column: str,
    places: Sequence[int],
) -> ColumnElement[int]:
    """The same of who else has the candidate's address in a column: of each cap the fullest answer.

    Only of the caps in these places. A message to an address counts for everybody who has it, or
    stands for a merged record that has it, by the clock of the customer it is for.
    """
    there, other = named(customers, "there"), named(customers, "other")
    before = stands_before(ruling, marks.run_at, marks.earlier)
    seen = [at_their_addresses(other), _in_turn(marks, candidate), *_in_any_window(ruling, zones)]
    sums = _sums(ruling, zones, before, _planned(marks)).where(*seen, *_but_mine(marks, candidate))
    sums = sums.correlate(other, candidate, zones)
    total = select(_digits(ruling, zones, sums.subquery("sums"), (), 1))
    answer = total.correlate(other, candidate, zones).scalar_subquery()
    reads = other.c.id == func.coalesce(there.c.merged_into, there.c.id)
    answers = fenced(
        select(answer.label("answer"))
        .join_from(there, other, reads)
        .where(there.c[column] == candidate.c[column], other.c.id != candidate.c.id)
        .correlate(candidate, zones),
        "answers",
    )
    fullest = (func.max(digit_of(answers.c.answer, place)) * 4**place for place in places)
    return select(func.coalesce(reduce(add, fullest), 0)).scalar_subquery()


def at_their_addresses(candidate: FromClause) -> ColumnElement[bool]:
    """Deliveries of the customer and of who was merged into it, and what went to their addresses."""
    mine = select(candidate.c.id).select_from(select(literal(1)).subquery()).correlate(candidate)
    others = [
        select(customers.c.id).where(customers.c[name] == candidate.c[name]).correlate(candidate)
        for name in ("email", "phone")
    ]
    closed = named(customers, "stood_for")
    stood_for = closed.c.merged_into == candidate.c.id
    others += [
        select(customers.c.id)
        .join_from(closed, customers, customers.c[name] == closed.c[name])
        .where(stood_for)
        .correlate(candidate)
        for name in ("email", "phone")
    ]
    merged = merged_ids(candidate.c.id, candidate)
    ids = union_all(mine, *others, merged).scalar_subquery()
    return and_(
        deliveries.c.customer_id.in_(ids),
        or_(
            deliveries.c.customer_id == candidate.c.id,
            deliveries.c.address == candidate.c.email,
            deliveries.c.address == candidate.c.phone,
            deliveries.c.customer_id.in_(merged.scalar_subquery()),
            *(
                deliveries.c.address.in_(
                    select(closed.c[name]).where(stood_for).correlate(candidate).scalar_subquery()
                )
                for name in ("email", "phone")
            ),
        ),
    )


def _planned(marks: Marks) -> ColumnElement[bool]:
    """At a claim, an open message of the run itself: planned, so it goes."""
    if not (marks.again and marks.in_run):
        return false()
    return and_(not_(deliveries.c.firm), deliveries.c.run_id == marks.run_id)


def _in_turn(marks: Marks, candidate: FromClause) -> ColumnElement[bool]:
    """Of what is planned only that for lower keys: they go first, in whatever order they are claimed."""
    if not (marks.again and marks.in_run):
        return true()
    row, theirs = deliveries.c, named(customers, "planned_for")
    key = select(text_order(theirs.c.key)).where(theirs.c.id == row.customer_id)
    lower = key.correlate(deliveries).scalar_subquery() < text_order(candidate.c.key)
    return or_(row.firm, row.run_id != marks.run_id, lower)


def _in_any_window(ruling: Ruling, zones: FromClause) -> list[ColumnElement[bool]]:
    found = [
        deliveries.c.slot_at >= zones.c.back_at,
        deliveries.c.slot_at < zones.c.ahead_at,
    ]
    if ruling.transactional_topics:
        found.append(deliveries.c.topic.not_in(ruling.transactional_topics))
    return found


def _but_mine(marks: Marks, candidate: FromClause) -> list[ColumnElement[bool]]:
    return [deliveries.c.id != candidate.c.mine_id] if marks.again else []


def _sums(
    ruling: Ruling,
    zones: FromClause,
    before: ColumnElement[bool],
    planned: ColumnElement[bool],
) -> Select[Any]:
    """By cap window `sum_…`: touches, and times 2^24 open messages that come before.

    A row of its own, for `_digit` asks each several times.
    """
    seen = and_(deliveries.c.firm, deliveries.c.slot_at <= zones.c.seen_at)
    weight = case((or_(seen, planned), 1), (and_(not_(deliveries.c.firm), before), _OPEN), else_=0)
    windows, found = ruling.grid.cap_windows, []
    alike = len({(each.cap.per, each.group) for each in windows}) == 1
    for number, each in enumerate(windows):
        # Windows that are all the same are what the pass reads anyway.
        inside = [] if alike else _inside(zones, number)
        for column, wanted in (("channel", each.cap.channel), ("topic", each.cap.topic)):
            if wanted is not None:
                inside.append(deliveries.c[column] == wanted)
        counted = func.sum(weight).filter(*inside) if inside else func.sum(weight)
        found.append(func.coalesce(counted, 0).label(f"sum_{number}"))
    return select(*found)


def _digits(
    ruling: Ruling, zones: FromClause, sums: FromClause, rivals: Sequence[Rival], by_each: int
) -> ColumnElement[int]:
    found, place = [], 1
    windows = zip(ruling.grid.cap_windows, radices(ruling, rivals), strict=True)
    for number, (each, radix) in enumerate(windows):
        more = zones.c[f"many_{number}"] * by_each if rivals else None
        found.append(_digit(each, sums.c[f"sum_{number}"], more) * place)
        place *= radix
    total: ColumnElement[int] = reduce(add, found)
    return total


def radices(ruling: Ruling, rivals: Sequence[Rival]) -> list[int]:
    """By cap window, how many different answers the pass gives of it."""
    if not rivals:
        return [4] * len(ruling.grid.cap_windows)
    most = sum(len(rival.ruling.channels) for rival in rivals)
    return [int(Slots.TAKEN) + 1 + min(each.cap.at_most, most) for each in ruling.grid.cap_windows]


def _inside(zones: FromClause, number: int) -> list[ColumnElement[bool]]:
    return [
        deliveries.c.slot_at >= zones.c[f"back_{number}"],
        deliveries.c.slot_at < zones.c[f"ahead_{number}"],
    ]


def _digit(
    each: CapWindow, found: ColumnElement[int], more: ColumnElement[int] | None
) -> ColumnElement[int]:
    """What one cap says, from its sum. `more`: how many messages rivals may want besides."""
    touched, wanted_by_all = found % _OPEN, found % _OPEN + found // _OPEN
    answers: list[tuple[ColumnElement[bool], Any]] = [
        (touched >= each.cap.at_most, int(Slots.TAKEN)),
        (wanted_by_all >= each.cap.at_most, int(Slots.RESERVED)),
    ]
    if more is not None:
        room = each.cap.at_most - wanted_by_all
        answers.append((room <= more, int(Slots.TAKEN) + room))
    said = case(*answers, else_=int(Slots.FREE))
    answer: ColumnElement[int] = cast(said, BigInteger)
    return answer


def stands_before(
    ruling: Ruling,
    run_at: ColumnElement[Any] | datetime,
    earlier: ColumnElement[Any] | Sequence[int],
) -> ColumnElement[bool]:
    """An open delivery comes first: higher priority, then earlier occurrence, then name.

    `earlier`: ids of the campaigns whose names come before this one's.
    """
    row, priority = deliveries.c, ruling.campaign.priority
    return or_(
        row.priority > priority,
        and_(row.priority == priority, row.run_at < run_at),
        and_(
            row.priority == priority,
            row.run_at == run_at,
            row.campaign_id.in_(earlier),
        ),
    )


def digit_of(answer: ColumnElement[int], number: int) -> ColumnElement[int]:
    """What cap window `number` says in the pass's answer, once rivals are settled."""
    return digit(answer, [4] * (number + 1), number)


def digit(answer: ColumnElement[int], bases: Sequence[int], number: int) -> ColumnElement[int]:
    """One digit of an answer whose digits are to these bases, the first the lowest."""
    found: ColumnElement[int] = (answer // prod(bases[:number])) % bases[number]
    return found
