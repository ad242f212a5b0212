"""When a message that is left out would be allowed next: the chain asked again, later and later.

What is known now is all that is reckoned with: touches leave their windows, clocks open, dates come
round; who agrees tomorrow, or is written to by others until then, is not foreseen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.types import Text

from outreach.audience.lookups import falls
from outreach.audience.names import names_of
from outreach.audience.row import Row
from outreach.campaign.occurrences import occurrences
from outreach.decisions.asking import Question
from outreach.decisions.candidate import Scope
from outreach.decisions.explain import Answer, ask_about
from outreach.decisions.localities import Locality, localities
from outreach.decisions.rules.dates import day_of
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.planning.occasion import Occasion
from outreach.planning.picked import Picked
from outreach.store.marks import facts_for
from outreach.store.repeats import earlier_message
from outreach.store.tables import customers
from outreach.vocabulary import Decision, Reason

HORIZON = timedelta(days=400)  # a birthday comes once a year
MOST_ASKED = 60  # later instants asked about
DAYS_AT_ONCE = 50  # whose date a day is: so many days in one statement
_MOMENT = timedelta(microseconds=1)
_WIDEST_DAY = timedelta(days=2)
LASTING = frozenset({  # what no time changes
    Reason.ERASED, Reason.NO_ADDRESS, Reason.SUPPRESSED, Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_EXPIRED, Reason.NO_CONSENT, Reason.MISSING_DATA, Reason.CHANNEL_HELD,
    Reason.CONTROL_GROUP, Reason.HOLDOUT,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """One customer of a campaign, whose turn at one instant was decided about."""

    ruling: Ruling
    scope: Scope  # of that turn, about the customer
    place: Locality
    now: datetime  # what is recorded after it is not seen


def next_time(
    conn: Connection, search: Search, verdict: Verdict, answers: Iterable[Answer] = ()
) -> datetime | None:
    """The first instant from the turn on at which the message may leave; None: none is known.

    Of what goes it is the turn itself, of what is held its `until`. What is left out comes by the
    campaign's next occurrence that lets it pass; without any to come, as soon as it could be sent
    by hand. No further is looked than 400 days and 60 instants. For who shares an address it may be
    later than the first: what the others there get meanwhile, by clocks of their own, is not followed.
    """
    if verdict.decision is not Decision.SKIP:
        return verdict.until or verdict.asked_at
    if verdict.reason in LASTING or _is_blocked(search.ruling, answers):
        return None
    coming = _coming(search, verdict.asked_at)
    first = next(coming, None)
    if first is None:
        return _by_hand(conn, search, verdict.asked_at)
    return _by_schedule(conn, search, verdict, (first, *coming))


def _is_blocked(ruling: Ruling, answers: Iterable[Answer]) -> bool:
    """Whether each channel has something in its way that lasts."""
    failing = {each.channel for each in answers if not each.passed and each.rule in LASTING}
    return None in failing or failing.issuperset(ruling.channels)


def _coming(search: Search, after: datetime) -> Iterator[tuple[Occasion, datetime]]:
    """The occurrences after an instant, each with the customer's own instant of it."""
    grid, zone = search.ruling.grid, search.ruling.company.brand.timezone
    schedule = search.ruling.campaign.schedule
    for found in occurrences(schedule, zone, after - _WIDEST_DAY, after + HORIZON):
        occasion = Occasion(found.instant_at if found.local is None else None, found.local)
        at = occasion.instants(grid, [search.place])[search.place.id]
        if at > after:
            yield occasion, at


def _by_schedule(
    conn: Connection,
    search: Search,
    verdict: Verdict,
    coming: Iterable[tuple[Occasion, datetime]],
) -> datetime | None:
    """The first occurrence that lets the message pass, or what it is held until then."""
    asked, not_before = 0, verdict.asked_at
    picked = Picked(conn, search.ruling, verdict.customer_id, search.place, search.now)
    if search.ruling.campaign.schedule.on_date is not None:
        coming = _on_own_days(conn, search, list(coming))
    for occasion, at in coming:
        if at < not_before:
            continue
        if asked == MOST_ASKED:
            return None
        asked += 1
        if not picked.at(at):
            continue
        question, found = _asked(conn, search, occasion)
        if found.decision is not Decision.SKIP:
            return found.until or found.asked_at
        if found.reason in LASTING:
            return None
        if found.reason is Reason.CAPPED and len(search.ruling.channels) == 1:
            not_before = _first_change(conn, search, question, found) or not_before
    return None


def _asked(conn: Connection, search: Search, occasion: Occasion) -> tuple[Question, Verdict]:
    """What the plan for another occasion decides about the customer."""
    places = localities(conn)
    turns = occasion.instants(search.ruling.grid, places)
    scope = replace(
        search.scope,
        run_at=occasion.first_at,
        local_at=occasion.local_at,
        run_id=None,
        mine=None,
        past=frozenset(),
        facts=facts_for(conn, min(search.now, turns[search.place.id]), search.scope.about),
    )
    return ask_about(conn, search.ruling, scope, turns)


def _by_hand(conn: Connection, search: Search, asked_at: datetime) -> datetime | None:
    """The first instant at which it could be sent, whatever the schedule."""
    at, since = asked_at, search.scope.repeats_within
    for _ in range(MOST_ASKED):
        repeats = None if since is None else since + (at - asked_at)
        scope = replace(search.scope, repeats_within=repeats)
        question, found = _asked(conn, replace(search, scope=scope), Occasion(at=at))
        if found.decision is not Decision.SKIP:
            return found.until or found.asked_at
        if found.reason in LASTING:
            return None
        later = _first_change(conn, search, question, found)
        if later is None or later > asked_at + HORIZON:
            return None
        at = later
    return None


def _first_change(
    conn: Connection, search: Search, question: Question, verdict: Verdict
) -> datetime | None:
    """The first instant after the one asked at which cadence, a clock or a repeat stops less."""
    grid, at = search.ruling.grid, verdict.asked_at
    occupied = question.slots(conn, [verdict])[verdict.customer_id]
    slots = [*occupied.own]
    slots += [slot for those in occupied.others.values() for _, more in those for slot in more]
    changes = [
        grid.leaves_at(window.cap, slot.at, search.place)
        for window in grid.cap_windows
        for slot in slots
    ]
    gone = [slot.at for slot in slots if not slot.firm]
    for each in question.base.reserved:
        foreseen_at = each.at.get(search.place.id)
        if foreseen_at is not None:  # it may be planned as long as it is not too late for it
            gone += [foreseen_at, foreseen_at + each.ruling.campaign.schedule.late]
    changes += [each + _MOMENT for each in gone]
    for group in set(grid.groups):
        opens_at = grid.opening_after(search.place, group, at, at + HORIZON, is_put_off=True)
        if opens_at is not None:  # and from `late` before it on it may be held for it
            changes += [opens_at - grid.campaign.schedule.late + _MOMENT, opens_at]
    since = question.scope.repeats_within
    if since is not None:
        campaign_id = search.ruling.campaign_id
        earlier = earlier_message(conn, campaign_id, since, verdict.customer_id, 0)
        changes += [] if earlier is None else [earlier.slot_at + (at - since)]
    return min((each for each in changes if each > at), default=None)


def _on_own_days(
    conn: Connection, search: Search, coming: list[tuple[Occasion, datetime]]
) -> Iterator[tuple[Occasion, datetime]]:
    """Of the days of an `on_date` those that are the customer's own."""
    grid, on_date = search.ruling.grid, search.ruling.campaign.schedule.on_date
    if on_date is None:
        return
    row = Row(customers.c, search.now, search.now.date(), names_of(grid.company))
    numbers = range(DAYS_AT_ONCE)
    pairs = [(bindparam(f"on_{n}", type_=Text()), bindparam(f"also_{n}", type_=Text())) for n in numbers]  # fmt: skip
    query = select(*(falls(row, on_date.field, *pair, yearly=on_date.yearly) for pair in pairs))
    query = query.where(customers.c.id == search.scope.about)
    for start in range(0, len(coming), DAYS_AT_ONCE):
        part = coming[start : start + DAYS_AT_ONCE]
        values = dict.fromkeys([f"{name}_{n}" for n in numbers for name in ("on", "also")], "")
        for number, (occasion, _) in enumerate(part):
            scope = replace(search.scope, run_at=occasion.first_at, local_at=occasion.local_at)
            falling = on_date.falling(day_of(grid, scope, search.place))
            values |= {f"on_{number}": falling.on, f"also_{number}": falling.also}
        own = conn.execute(query, values).one()
        yield from (each for each, is_own in zip(part, own, strict=False) if is_own)
