"""The chain: every rule of decisions/rules composed into one SQL statement.

Plan, run, re-check at the claim and explain are this statement with another scope and
another zone table. Three steps: `q`, who is asked, what stands in the way on each channel
and cadence; `r`, where each channel stops; `n`, with the channel chosen. Each is fenced off,
because both databases else flatten them and evaluate the cap pass once a mention; fenced and
not materialised, because a million rows need not be written to be read once.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from outreach.decisions import lookahead
from outreach.decisions.candidate import Candidate
from outreach.decisions.order import (
    CODES,
    arm_rules,
    channel_rules,
    first_that_fails,
    late_rules,
    person_rules,
)
from outreach.decisions.others import caps_of_others
from outreach.decisions.rules import arms, cadence, duplicate, person
from outreach.store.sources import fenced
from outreach.store.spelling import listed_in

Columns = ReadOnlyColumnCollection[str, Any]
_CLOCKS_BUT_TODAY = ("place_id", "late_at", "is_past")  # of the zone row: known of the candidate
_CLOCKS = (*_CLOCKS_BUT_TODAY, "today")  # … or not asked, but by rivals
_OF_PEOPLE = ("email", "phone", "seen_at", "back_", "ahead_")  # asked in `q`, of no use after it
_OF_STOPS = ("person", "block_", "duplicate_", "slots", "others_")  # asked in `r`
_OF_ONE = ("id", "key", "place_id", "mine_id", "asked_at", "address_", "consent_")


def decide(candidate: Candidate, among: tuple[Any, Any] | None = None) -> Select[Any]:
    """A row for each candidate: id, key, place_id, mine_id, locale, asked_at, late_at, `number`
    of the channel, `code` of the reason (null: may go), address, consent_id, opens_at, `why`.

    With `why` and without `code` the message is held until `opens_at`. `among`: only customers with
    ids of this range, first excluded and last included; who shares an address is compared with
    everyone all the same.
    """
    row = _chosen(candidate, counted_rows(candidate, among=among))
    named = [_of_channel(candidate, row, name) for name in ("address", "consent", "opens")]
    address, consent_id, opens_at = named
    found: list[ColumnElement[Any]] = [
        *(row[name] for name in ("id", "key", "place_id", "mine_id", "locale")),
        row.asked_at,
        row.late_at,
        *_outcome(candidate, row),
        address.label("address"),
        consent_id.label("consent_id"),
        opens_at.label("opens_at"),
    ]
    found += arms.numbers(candidate.ruling, row)
    if candidate.marks.sharing or candidate.ruling.campaign.when_capped == "hold":
        found += _for_release(candidate, row)
    return select(*found)


def outcomes(
    candidate: Candidate,
    among: tuple[Any, Any] | None = None,
    by: ColumnElement[int] | None = None,
) -> Select[Any]:
    """The same rows with nothing in them but what is counted: `number`, `code`, `why`, locale,
    opens_at and, where given, `by`: an expression over the columns of `customers`. `among` as above.
    """
    row = _chosen(candidate, counted_rows(candidate, without=_OF_ONE, among=among, by=by))
    opens_at = _of_channel(candidate, row, "opens").label("opens_at")
    more = arms.numbers(candidate.ruling, row) + ([] if by is None else [row.by])
    return select(*_outcome(candidate, row), row.locale, opens_at, *more)


def counted_rows(
    candidate: Candidate,
    without: tuple[str, ...] = (),
    among: tuple[Any, Any] | None = None,
    by: ColumnElement[int] | None = None,
) -> FromClause:
    """`q`: the candidates with what stands in the way by channel, and cadence counted."""
    few = candidate.marks.again or candidate.marks.about or candidate.marks.enrolled
    # Few: decided once, asked again for duplicates. Of an audience only who share an address are.
    query = _asked(candidate) if by is None else _asked(candidate).add_columns(by.label("by"))
    asked = query.cte("p").prefix_with("MATERIALIZED" if few else "NOT MATERIALIZED")
    without += _OF_PEOPLE
    early = tuple(set(without) - lookahead.ASKED) if candidate.rivals else without
    counted = _counted(candidate, asked, early)
    if among is not None:
        counted = counted.where(asked.c.id > among[0], asked.c.id <= among[1])
    if candidate.rivals:
        return _settled(candidate, _named(counted, "q"), without)
    return _named(counted, "q")


def _settled(candidate: Candidate, counted: CTE, without: tuple[str, ...]) -> CTE:
    """The same rows where campaigns above reserve slots by their next occurrence."""
    rows = _named(lookahead.where_scarce(candidate, counted), "w")
    kept = _all_but(rows, *without, *lookahead.OF_RIVALS, "slots")
    settled = lookahead.settled(candidate, rows).label("slots")
    return _named(select(*kept, settled), "e")


def _named(query: Select[Any], name: str) -> CTE:
    """Fenced, and not nested: SQLite's parser does not go as deep as this would be."""
    return query.offset(literal_column("0")).cte(name).prefix_with("NOT MATERIALIZED")


def _all_but(row: FromClause, *without: str) -> list[ColumnElement[Any]]:
    """The columns but those of these names, or of names that begin with `…_`."""
    begins = tuple(name for name in without if name.endswith("_"))
    return [each for each in row.c if each.name not in without and not each.name.startswith(begins)]


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
        *arms.kept(candidate.ruling, customer.bucket, candidate.enrolment),
        *_all_but(candidate.zones, *(_CLOCKS_BUT_TODAY if candidate.rivals else _CLOCKS)),
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
        return [listed_in(candidate.mine.c.id, marks.mine)]
    if candidate.enrolment is not None:
        among = [candidate.is_enrolled]
        return [*among, customer.shares] if marks.sharing else among
    if marks.about:
        return [listed_in(customer.id, marks.with_them)]
    found = [person.in_audience(candidate)]
    found += [customer.id > marks.after_id] if marks.resumed else []
    if marks.sharing:
        found.append(customer.shares)
    elif marks.placed:
        found.append(customer.place_id.in_(select(candidate.zones.c.place_id)))
    return found


def _counted(candidate: Candidate, asked: CTE, without: tuple[str, ...]) -> Select[Any]:
    """`p` with duplicates by channel, and every cap's answer."""
    ruling, marks, numbers = candidate.ruling, candidate.marks, candidate.numbers
    answer: ColumnElement[int] = literal(0)
    if ruling.grid.cap_windows:
        answer = cadence.slots(ruling, marks, asked, asked, candidate.rivals)
        if not marks.each_rule:  # else who can go nowhere is not counted for
            goes = duplicate.first_channel(asked, numbers).is_not(None)
            answer = case((goes, answer), else_=0)
    joined: FromClause = asked
    firsts = [duplicate.first_at_address(asked, numbers, number) for number in numbers]
    for number, first in zip(numbers, firsts, strict=True):
        same = first.c.address == asked.c[f"address_{number}"]
        joined = joined.outerjoin(first, and_(asked.c.shares, same))
    doubles = [
        duplicate.duplicate(ruling, marks, asked, first, number)
        for number, first in zip(numbers, firsts, strict=True)
    ]
    return select(
        *_all_but(asked, *without),
        *(fails.label(f"duplicate_{number}") for number, fails in enumerate(doubles)),
        answer.label("slots"),
        *(
            caps_of_others(candidate, asked, number, fails).label(f"others_{number}")
            for number, fails in enumerate(doubles)
        ),
    ).select_from(joined)


def stop_of(candidate: Candidate, counted: FromClause, number: int) -> ColumnElement[int | None]:
    """Where a channel stops: twice the reason's code, odd if that ends the choice; null: free."""
    too_late, why = time_of(candidate, counted, number)
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


def time_of(
    candidate: Candidate, counted: FromClause, number: int
) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
    """Whether a channel does not open before `late`, and the rule of time in the way."""
    group = candidate.ruling.grid.groups[number]
    opens_at, why = counted.c[f"opens_{group}"], counted.c[f"why_{group}"]
    late = or_(opens_at.is_(None), opens_at >= counted.c.late_at)
    return and_(why.is_not(None), late), why


def _chosen(candidate: Candidate, counted: FromClause) -> Columns:
    """The columns of `n`: where each channel stops, and `number` of the one chosen."""
    stops = (
        cast(stop_of(candidate, counted, number), Integer).label(f"stop_{number}")
        for number in candidate.numbers
    )
    stopped = fenced(select(*_all_but(counted, *_OF_STOPS), *stops), "r")
    number = _channel(stopped.c, candidate.numbers).label("number")
    return fenced(select(*stopped.c, number), "n").c


def _outcome(candidate: Candidate, row: Columns) -> list[ColumnElement[Any]]:
    code = cast(_of_channel(candidate, row, "stop"), Integer) // 2
    return [row.number, code.label("code"), _of_channel(candidate, row, "why").label("why")]


def _of_channel(candidate: Candidate, row: Columns, name: str) -> ColumnElement[Any]:
    """A column of the channel that is chosen."""
    columns: list[ColumnElement[Any]] = [
        row[f"{name}_{candidate.ruling.grid.groups[n] if name in ('opens', 'why') else n}"]
        for n in candidate.numbers
    ]
    others = list(enumerate(columns))[:-1]
    if not others:
        return columns[0]
    return case(*((row.number == n, each) for n, each in others), else_=columns[-1])


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
    settled = [(func.coalesce(each, 1) % 2 == 1, number) for number, each in enumerate(stop)]
    furthest = [
        (and_(*(each >= other for other in stop if other is not each)), number)
        for number, each in enumerate(stop[:-1])
    ]
    return case(*settled, *furthest, else_=numbers[-1])
