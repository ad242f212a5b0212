"""Look-ahead in SQL: slots that the next occurrence of a campaign above wants for a customer.

The pass over a customer's slots says of each cap how much room it leaves where rivals may take
it all. Only there is asked whom the rivals want: by their own rules, but for their cadence.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)

from outreach.decisions.candidate import ADDRESS_COLUMN, Candidate, Marks, Rival
from outreach.decisions.order import (
    arm_rules,
    caps_of,
    channel_rules,
    first_that_fails,
    person_rules,
)
from outreach.decisions.rules import cadence, dates, person
from outreach.decisions.rules.cadence import Slots
from outreach.store.sources import named
from outreach.store.spelling import listed_in
from outreach.store.tables import customers, deliveries
from outreach.store.types import BigId, Ids, Instant

WHOSE = bindparam("whose", type_=Ids())
ASKED = frozenset({"id", "shares", "email", "phone", "asked_at", "today"})  # of each row
OF_RIVALS = ("which_", "many_", "wanted_", "today")  # columns of no use once caps are settled


def tag_of(number: int) -> str:
    """What tells the values of one rival from those of the others."""
    return f"_of_{number}"


def planning_values(number: int, run: tuple[int, datetime] | None) -> dict[str, object]:
    """Values for the statement: the run that a rival's occurrence has already, or null.

    Without a run too, so that there is one statement for both: building one costs a tenth of a
    second, and each hour other occurrences have runs.
    """
    id_, at = run or (None, None)
    return {f"planning_{number}": id_, f"planning_at_{number}": at}


def wanted(candidate: Candidate, rows: FromClause) -> list[ColumnElement[int]]:
    """By rival, the channels on which it wants the customer of a row: `wanted_…`, a bit for each.

    The first of its channels is bit 0; 0 or null: it does not want them. Of several days each
    channel has as many bits. Rows have the columns of ASKED.
    """
    return [
        case((rows.c.shares, shared), else_=own).label(f"wanted_{number}")
        for number, (own, shared) in enumerate(_channels(candidate, rows))
    ]


def whose(zones: FromClause) -> FromClause:
    """Rows of the customers of WHOSE to ask `wanted` about, with their place."""
    c = customers.c
    return (
        select(c.id, c.shares, c.email, c.phone, c.place_id, zones.c.asked_at, zones.c.today)
        .join(zones, zones.c.place_id == c.place_id)
        .where(listed_in(c.id, WHOSE))
        .subquery("whose")
    )


def where_scarce(candidate: Candidate, counted: FromClause) -> Select[Any]:
    """The rows with the same, asked only where a verdict may hang on it; elsewhere null."""
    asked, joined, columns = _is_scarce(candidate, counted), counted, []
    for number, (own, shared) in enumerate(_channels(candidate, counted)):
        theirs = own
        if candidate.rivals[number].together:
            everyone = _everyone(candidate, number)
            joined = joined.outerjoin(everyone, everyone.c.id == counted.c.id)
            theirs = everyone.c.channels
        either = case((not_(asked), None), (counted.c.shares, shared), else_=theirs)
        columns.append(either.label(f"wanted_{number}"))
    return select(*counted.c, *columns).select_from(joined)


def _everyone(candidate: Candidate, number: int) -> FromClause:
    """All whom a rival wants, by id, with the bit of the channel."""
    rival, marks = candidate.rivals[number], Marks(facts=candidate.marks.facts)
    other = Candidate(rival.ruling, marks, candidate.zones, tag=tag_of(number))
    found = _asked(other, other.joined(), _wanted(rival, other).label("channels"))
    return found.add_columns(other.customer.c.id).subquery(f"everyone_{number}")


def _is_scarce(candidate: Candidate, counted: FromClause) -> ColumnElement[bool]:
    """Rivals may take what a cap leaves, on a channel that nothing before that rules out."""
    said, taken = _said(candidate, counted), int(Slots.TAKEN)
    if candidate.marks.each_rule:  # explain asks also behind the first rule that fails
        return or_(*(each > taken for each in said))
    channels = []
    for number in candidate.numbers:
        overall, own = caps_of(candidate.ruling, number)
        digits = [said[place] for place in (*overall, *own)]
        scarce = or_(false(), *(each > taken for each in digits))
        free = (each != taken for each in digits)
        channels.append(and_(counted.c[f"block_{number}"].is_(None), scarce, *free))
    return and_(counted.c.person.is_(None), or_(*channels))


def settled(candidate: Candidate, rows: FromClause) -> ColumnElement[int]:
    """Every cap's answer as cadence.slots gives it without rivals, from counted rows with `wanted_…`."""
    digits = (
        case(
            (said <= int(Slots.TAKEN), said),
            (_messages(candidate, rows, number) >= said - int(Slots.TAKEN), int(Slots.RESERVED)),
            else_=int(Slots.FREE),
        )
        * 4**number
        for number, said in enumerate(_said(candidate, rows))
    )
    return reduce(add, digits)


def _said(candidate: Candidate, counted: FromClause) -> list[ColumnElement[int]]:
    """By cap: its answer, or beyond TAKEN how many messages it has room for."""
    radices = cadence.radices(candidate.ruling, candidate.rivals)
    return [cadence.digit(counted.c.slots, radices, number) for number in range(len(radices))]


def _messages(candidate: Candidate, rows: FromClause, number: int) -> ColumnElement[int]:
    """How many messages that one cap counts rivals would send the customer in its window."""
    cap = candidate.ruling.grid.cap_windows[number].cap
    found: ColumnElement[int] = literal(0)
    for place, rival in enumerate(candidate.rivals):
        days = 2**rival.days
        stand = rows.c[f"which_{number}"] // 2**rival.first % days
        channels = cast(func.coalesce(rows.c[f"wanted_{place}"], 0), BigId)
        for bit, channel in enumerate(rival.ruling.channels):
            if cap.channel in (None, channel):
                wants = channels // days**bit % days  # of several days one at most
                both = wants * stand if rival.days == 1 else wants.bitwise_and(stand)
                found = found + (both if rival.days == 1 else case((both != 0, 1), else_=0))
    return found


def _channels(
    candidate: Candidate, rows: FromClause
) -> Iterator[tuple[ColumnElement[int], ColumnElement[int]]]:
    """By rival: where it would write to a customer; and where to anybody at an address of theirs."""
    marks = Marks(facts=candidate.marks.facts)
    for number, rival in enumerate(candidate.rivals):
        other = Candidate(rival.ruling, marks, rows, tag=tag_of(number))
        chosen, id_ = _wanted(rival, other), other.customer.c.id
        found = other.with_records(other.customer)
        own = _asked(other, found, chosen).where(id_ == rows.c.id)
        mates = _asked(other, found, chosen.label("wanted")).where(id_.in_(_mates(rows)))
        there = (_is_shared(other, place).label(f"there_{place}") for place in other.numbers)
        mate = mates.add_columns(*there).correlate(rows).subquery("mates")
        shared = select(reduce(add, (_of_mates(rival, mate, place) for place in other.numbers)))
        yield own.correlate(rows).scalar_subquery(), shared.scalar_subquery()


def _of_mates(rival: Rival, mate: FromClause, place: int) -> ColumnElement[int]:
    """The bit of a channel by which any of them is written to at the address of the row.

    Of days of their own the nearest: who shares an address seldom has two in one window.
    """
    first, after = (2 ** (each * rival.days) for each in (place, place + 1))
    wanted, there = mate.c.wanted, mate.c[f"there_{place}"]
    at_it = and_(wanted >= _big(first), wanted < _big(after), there)
    return func.coalesce(func.min(case((at_it, wanted))), 0)


def _wanted(rival: Rival, candidate: Candidate) -> ColumnElement[int]:
    """The bit of the first channel on which nothing stands in the way, and of the day; 0: none."""
    channel = case(
        *(
            (
                first_that_fails(channel_rules(candidate, place)).is_(None),
                _big(2 ** (place * rival.days)),
            )
            for place in candidate.numbers
        ),
        else_=_big(0),
    )
    free = [
        and_(dates.is_day(candidate, number), not_(_has_row(candidate, number)))
        for number in range(rival.first, rival.first + rival.days)
    ]
    return channel * case(*((day, _big(2**bit)) for bit, day in enumerate(free)), else_=_big(0))


def _big(number: int) -> ColumnElement[int]:
    """A number of up to 60 bits, also to a database that has smaller ones."""
    return literal(number, BigId)


def _asked(candidate: Candidate, found: FromClause, answer: ColumnElement[int]) -> Select[Any]:
    """An answer about those customers whom the rival is for."""
    rules = [*person_rules(candidate), *arm_rules(candidate, candidate.customer.c.bucket)]
    return (
        select(answer)
        .select_from(found)
        .where(person.in_audience(candidate), *(not_(rule.fails) for rule in rules))
    )


def _has_row(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The rival's run has decided about the customer: its row counts, whatever it says."""
    row = named(deliveries, "planned").c
    return (
        exists(select(1))
        .where(
            row.run_id == bindparam(f"planning_{number}", type_=BigId),
            row.run_at == bindparam(f"planning_at_{number}", type_=Instant()),
            row.step == candidate.ruling.step.id,
            row.customer_id == candidate.customer.c.id,
        )
        .correlate(candidate.customer)
    )


def _is_shared(candidate: Candidate, place: int) -> ColumnElement[bool]:
    """The rival's address is also the address of the customer of the row."""
    column = ADDRESS_COLUMN[candidate.ruling.channels[place]]
    if column == "key":  # of a task: nobody else's
        return candidate.customer.c.id == candidate.zones.c.id
    return candidate.customer.c[column] == candidate.zones.c[column]


def _mates(rows: FromClause) -> ScalarSelect[int]:
    """Ids of those who have an address of the row's customer, and of that customer."""
    mate = named(customers, "mate")
    parts = (
        select(mate.c.id).where(mate.c[name] == rows.c[name]).correlate(rows)
        for name in ("email", "phone")
    )
    return union_all(*parts).scalar_subquery()
