"""The chain: every rule of decisions/rules composed into one SQL statement.

Plan, run, re-check at the claim and explain are this statement with another scope and
another zone table. Two materialised steps: `p`, who is asked and what stands in the way
on each channel; `q`, with cadence; then the channel is chosen. Materialised, because both
databases else flatten them and evaluate the cap pass once a mention.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from outreach.decisions.candidate import Candidate, Marks
from outreach.decisions.order import (
    CODES,
    arm_rules,
    channel_rules,
    first_that_fails,
    late_rules,
    person_rules,
)
from outreach.decisions.rules import cadence, duplicate, person
from outreach.decisions.ruling import Ruling
from outreach.store.tables import customers
from outreach.store.types import BigId

Columns = ReadOnlyColumnCollection[str, Any]


def decide(ruling: Ruling, marks: Marks, zones: FromClause) -> Select[Any]:
    """A row for each candidate: id, key, place_id, mine_id, locale, asked_at, late_at, `number`
    of the channel, `code` of the reason (null: may go), address, consent_id, opens_at, `why`.

    With `why` and without `code` the message is held until `opens_at`.
    """
    candidate = Candidate(ruling, marks, zones)
    return _chosen(candidate, counted_rows(candidate))


def counted_rows(candidate: Candidate) -> CTE:
    """`q`: the candidates with what stands in the way by channel, and cadence counted."""
    asked = _materialized(_asked(candidate), "p")
    return _materialized(_counted(candidate, asked), "q")


def _materialized(query: Select[Any], name: str) -> CTE:
    return query.cte(name).prefix_with("MATERIALIZED")


def _asked(candidate: Candidate) -> Select[Any]:
    customer = candidate.customer.c
    query = select(
        customer.id,
        customer.key,
        customer.place_id,
        customer.bucket,
        customer.shares,
        customer.locale,
        customer.email,
        customer.phone,
        candidate.mine_id.label("mine_id"),
        candidate.late_at.label("late_at"),
        cast(first_that_fails(person_rules(candidate)), Integer).label("person"),
        *_by_channel(candidate),
    ).select_from(candidate.joined())
    return query.where(*_picked(candidate))


def _by_channel(candidate: Candidate) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    for number in candidate.numbers:
        block = cast(first_that_fails(channel_rules(candidate, number)), Integer)
        found.append(block.label(f"block_{number}"))
        found.append(candidate.address(number).label(f"address_{number}"))
        found.append(candidate.consent[number].c.consent_id.label(f"consent_{number}"))
    return found


def _picked(candidate: Candidate) -> list[ColumnElement[bool]]:
    marks, customer = candidate.marks, candidate.customer.c
    if candidate.mine is not None:
        return [candidate.mine.c.id.in_(marks.mine)]
    if marks.about:
        return [customer.id.in_(sharing_with(marks.about_id))]
    found = [person.in_audience(candidate)]
    if marks.resumed:
        found.append(customer.id > marks.after_id)
    return found


def sharing_with(customer_id: ColumnElement[Any] | int) -> ScalarSelect[int]:
    """Ids of a customer and of all who share an address with them."""
    own = customers.alias("own")
    parts = [
        select(customers.c.id).where(own.c.id == customer_id, customers.c[name] == own.c[name])
        for name in ("email", "phone")
    ]
    return union_all(select(cast(customer_id, BigId)), *parts).scalar_subquery()


def _counted(candidate: Candidate, asked: CTE) -> Select[Any]:
    """`p` with, for each channel, where it stops: twice the reason's code, odd if that ends it."""
    ruling, marks, zones = candidate.ruling, candidate.marks, candidate.zones
    firsts = duplicate.first_at_address(asked, candidate.numbers)
    by_channel = [firsts.alias(f"f{number}") for number in candidate.numbers]
    answer: ColumnElement[int] = literal(0)
    if ruling.grid.cap_windows:
        answer = cadence.slots(ruling, marks, asked, zones)
    joined = asked.join(zones, zones.c.place_id == asked.c.place_id)
    for number, first in zip(candidate.numbers, by_channel, strict=True):
        joined = joined.outerjoin(
            first,
            and_(
                asked.c.shares,
                first.c.number == number,
                first.c.address == asked.c[f"address_{number}"],
            ),
        )
    dup = [
        duplicate.duplicate(ruling, marks, asked, first, number)
        for number, first in zip(candidate.numbers, by_channel, strict=True)
    ]
    return select(
        *asked.c,
        *(fails.label(f"duplicate_{number}") for number, fails in enumerate(dup)),
        answer.label("slots"),
    ).select_from(joined)


def _stop(candidate: Candidate, counted: FromClause, number: int) -> ColumnElement[int | None]:
    opens_at, why = candidate.opens_at(number), candidate.why(number)
    too_late = and_(why.is_not(None), or_(opens_at.is_(None), opens_at > counted.c.late_at))
    block = counted.c[f"block_{number}"]
    return case(
        (counted.c.person.is_not(None), counted.c.person * 2 + 1),
        (block.is_not(None), block * 2),
        *(
            (rule.fails, CODES[rule.reason] * 2 + int(ends))
            for rule, ends in late_rules(candidate, counted, number)
        ),
        (too_late, why * 2),
        else_=null(),
    )


def _chosen(candidate: Candidate, counted: CTE) -> Select[Any]:
    zones = candidate.zones
    stops = select(
        *counted.c,
        zones.c.asked_at,
        *(
            cast(_stop(candidate, counted, number), Integer).label(f"stop_{number}")
            for number in candidate.numbers
        ),
        *(candidate.opens_at(number).label(f"opens_{number}") for number in candidate.numbers),
        *(candidate.why(number).label(f"why_{number}") for number in candidate.numbers),
    ).select_from(counted.join(zones, zones.c.place_id == counted.c.place_id))
    row = stops.subquery("r").c
    number = _channel(row, candidate.numbers)

    def of_channel(name: str) -> ColumnElement[Any]:
        return case(*((number == each, row[f"{name}_{each}"]) for each in candidate.numbers))

    found: list[ColumnElement[Any]] = [
        *(row[name] for name in ("id", "key", "place_id", "mine_id", "locale")),
        row.asked_at,
        row.late_at,
        number.label("number"),
        (cast(of_channel("stop"), Integer) // 2).label("code"),
        of_channel("address").label("address"),
        of_channel("consent").label("consent_id"),
        of_channel("opens").label("opens_at"),
        of_channel("why").label("why"),
    ]
    if candidate.ruling.campaign.when_capped == "hold":
        found += _for_release(candidate, row)
    return select(*found)


def _for_release(candidate: Candidate, row: Columns) -> list[ColumnElement[Any]]:
    """What decisions/release.py asks of a row that cadence stops: `arm`, and each channel's."""
    names = ("stop", "address", "consent")
    return [
        cast(first_that_fails(arm_rules(candidate, row.bucket)), Integer).label("arm"),
        *(row[f"{name}_{number}"] for number in candidate.numbers for name in names),
    ]


def _channel(row: Columns, numbers: range) -> ColumnElement[int]:
    """The first channel that is free or ends the choice; else the one that got furthest."""
    stop = [row[f"stop_{number}"] for number in numbers]
    settled = [(or_(each.is_(None), each % 2 == 1), number) for number, each in enumerate(stop)]
    furthest = [
        (and_(true(), *(each >= other for other in stop)), number)
        for number, each in enumerate(stop)
    ]
    return case(*settled, *furthest, else_=0)
