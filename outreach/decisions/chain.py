"""The chain: every rule of decisions/rules composed into one SQL statement.

Plan, run, re-check at the claim and explain are this statement with another scope and
another zone table. Two materialised steps: `p`, who is asked and what stands in the way
on each channel; `q`, with cadence; then the channel is chosen. Materialised, because both
databases else flatten them and evaluate the cap pass once a mention.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    false,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from outreach.decisions.candidate import Candidate, Scope
from outreach.decisions.localities import Locality
from outreach.decisions.rules import arms, cadence, consent, duplicate, person, reach
from outreach.decisions.rules.cadence import Slots
from outreach.decisions.ruling import Ruling
from outreach.store.tables import customers
from outreach.store.types import BigId
from outreach.vocabulary import Reason

Columns = ReadOnlyColumnCollection[str, Any]
CODES = {reason: code for code, reason in enumerate(Reason)}
REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Base:
    """What the statement needs to know of the base besides the zone table."""

    places: Mapping[int, Locality] = field(default_factory=dict)
    earlier_names: Sequence[int] = ()  # ids of campaigns whose names come before this one's
    locales: Sequence[str | None] = ()  # the customers' locales


@dataclass(frozen=True, slots=True)
class Failing:
    """One rule's answer: true where it fails."""

    reason: Reason
    fails: ColumnElement[bool]


def decide(ruling: Ruling, scope: Scope, zones: FromClause, base: Base) -> Select[Any]:
    """A row for each candidate: id, key, place_id, mine_id, locale, asked_at, late_at, `number`
    of the channel, `code` of the reason (null: may go), address, consent_id, opens_at, `why`.

    With `why` and without `code` the message is held until `opens_at`.
    """
    candidate = Candidate(ruling, scope, zones)
    return _chosen(candidate, counted_rows(candidate, base))


def counted_rows(candidate: Candidate, base: Base) -> CTE:
    """`q`: the candidates with what stands in the way by channel, and cadence counted."""
    asked = _materialized(_asked(candidate, base), "p")
    return _materialized(_counted(candidate, asked, base), "q")


def _materialized(query: Select[Any], name: str) -> CTE:
    return query.cte(name).prefix_with("MATERIALIZED")


def person_rules(candidate: Candidate) -> list[Failing]:
    """The rules about the customer, in the order asked; the audience is one only at a re-check."""
    found = []
    if candidate.mine is not None:
        late = candidate.late_at < candidate.zones.c.asked_at
        found.append(Failing(Reason.EXPIRED, late))
    if candidate.mine is not None or candidate.scope.about is not None:
        found.append(Failing(Reason.NOT_IN_AUDIENCE, person.outside_audience(candidate)))
    found.append(Failing(Reason.ERASED, person.erased(candidate)))
    for reason, fails in (
        (Reason.EXCLUDED, person.excluded(candidate)),
        (Reason.WHEN_FALSE, person.when_false(candidate)),
    ):
        if fails is not None:
            found.append(Failing(reason, fails))
    return found


def channel_rules(candidate: Candidate, number: int, base: Base) -> list[Failing]:
    """The rules about one channel's address and consent, in the order asked."""
    found = [
        Failing(Reason.NO_ADDRESS, reach.no_address(candidate, number)),
        Failing(Reason.SUPPRESSED, reach.suppressed(candidate, number)),
        Failing(Reason.CONSENT_WITHDRAWN, consent.withdrawn(candidate, number)),
    ]
    if not candidate.ruling.topic.transactional:
        found.append(Failing(Reason.CONSENT_EXPIRED, consent.expired(candidate, number)))
        found.append(Failing(Reason.NO_CONSENT, consent.missing(candidate, number)))
    lacks = reach.missing_data(candidate, number, base.locales)
    if lacks is not None:
        found.append(Failing(Reason.MISSING_DATA, lacks))
    return found


def _first(rules: Sequence[Failing]) -> ColumnElement[Any]:
    """The code of the first rule that fails; null: none."""
    if not rules:
        return null()
    return case(*((rule.fails, CODES[rule.reason]) for rule in rules), else_=null())


def _asked(candidate: Candidate, base: Base) -> Select[Any]:
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
        cast(_first(person_rules(candidate)), Integer).label("person"),
        *_by_channel(candidate, base),
    ).select_from(candidate.joined())
    return query.where(*_picked(candidate))


def _by_channel(candidate: Candidate, base: Base) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    for number in candidate.numbers:
        block = cast(_first(channel_rules(candidate, number, base)), Integer)
        found.append(block.label(f"block_{number}"))
        found.append(candidate.address(number).label(f"address_{number}"))
        found.append(candidate.consent[number].c.consent_id.label(f"consent_{number}"))
    return found


def _picked(candidate: Candidate) -> list[ColumnElement[bool]]:
    scope, customer = candidate.scope, candidate.customer.c
    if candidate.mine is not None and scope.mine is not None:
        return [candidate.mine.c.id.in_(scope.mine)]
    if scope.about is not None:
        return [customer.id.in_(sharing_with(scope.about))]
    found = [person.in_audience(candidate)]
    if scope.after_id:
        found.append(customer.id > scope.after_id)
    return found


def sharing_with(customer_id: int) -> ScalarSelect[int]:
    """Ids of a customer and of all who share an address with them."""
    own = customers.alias("own")
    parts = [
        select(customers.c.id).where(own.c.id == customer_id, customers.c[name] == own.c[name])
        for name in ("email", "phone")
    ]
    return union_all(select(literal(customer_id, BigId)), *parts).scalar_subquery()


def _counted(candidate: Candidate, asked: CTE, base: Base) -> Select[Any]:
    """`p` with, for each channel, where it stops: twice the reason's code, odd if that ends it."""
    ruling, scope, zones = candidate.ruling, candidate.scope, candidate.zones
    firsts = duplicate.first_at_address(asked, candidate.numbers)
    by_channel = [firsts.alias(f"f{number}") for number in candidate.numbers]
    answer: ColumnElement[int] = literal(0)
    if ruling.grid.cap_windows:
        answer = cadence.slots(ruling, scope, asked, zones, base.earlier_names)
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
        duplicate.duplicate(ruling, scope, asked, first, number)
        for number, first in zip(candidate.numbers, by_channel, strict=True)
    ]
    return select(
        *asked.c,
        *(fails.label(f"duplicate_{number}") for number, fails in enumerate(dup)),
        answer.label("slots"),
    ).select_from(joined)


def cap_rules(candidate: Candidate, counted: FromClause, number: int) -> list[tuple[Failing, bool]]:
    """Cadence for one channel, in the order asked, each with whether it ends the choice."""
    overall, own = _digits(candidate, counted, number)
    return [
        (Failing(reason, _any_is(digits, said)), ends)
        for reason, said in ((Reason.CAPPED, Slots.TAKEN), (Reason.RESERVED, Slots.RESERVED))
        for digits, ends in ((overall, True), (own, False))
        if digits
    ]


def _digits(
    candidate: Candidate, counted: FromClause, number: int
) -> tuple[list[ColumnElement[int]], list[ColumnElement[int]]]:
    """Answers of the caps over all channels, and of those of this channel alone."""
    grid = candidate.ruling.grid
    overall, own = [], []
    for place, each in enumerate(grid.cap_windows):
        if each.group != grid.groups[number]:
            continue
        if each.cap.channel is None:
            overall.append(cadence.digit_of(counted.c.slots, place))
        elif each.cap.channel == candidate.ruling.channels[number]:
            own.append(cadence.digit_of(counted.c.slots, place))
    return overall, own


def _any_is(digits: Sequence[ColumnElement[int]], said: Slots) -> ColumnElement[bool]:
    return or_(false(), *(digit == int(said) for digit in digits))


def late_rules(
    candidate: Candidate, counted: FromClause, number: int
) -> list[tuple[Failing, bool]]:
    """Duplicate, cadence and arms of one channel, in the order asked."""
    found = [(Failing(Reason.DUPLICATE, counted.c[f"duplicate_{number}"]), True)]
    found += cap_rules(candidate, counted, number)
    return found + [(rule, True) for rule in arm_rules(candidate, counted.c.bucket)]


def arm_rules(candidate: Candidate, bucket: ColumnElement[int]) -> list[Failing]:
    """The hold-outs, in the order asked."""
    asked = (
        (Reason.CONTROL_GROUP, arms.in_control_group(candidate.ruling, bucket)),
        (Reason.HOLDOUT, arms.held_out(candidate.ruling, bucket)),
    )
    return [Failing(reason, fails) for reason, fails in asked if fails is not None]


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
        cast(_first(arm_rules(candidate, row.bucket)), Integer).label("arm"),
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
