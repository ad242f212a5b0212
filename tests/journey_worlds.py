"""Random journeys: steps, waits, branches, and events and looks that fall close to their ends."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import count

from hypothesis import strategies as st
from journey_world import (
    Asked,
    Fork,
    Happening,
    Item,
    Journey,
    JourneyWorld,
    Message,
    Pause,
    Person,
)

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
BEGINS = tuple(
    datetime.fromisoformat(f"{text}+00:00")
    for text in ("2026-07-01T06:00", "2026-03-27T22:00", "2026-10-23T18:00", "2026-04-22T12:00")
)  # an ordinary Wednesday; just before clocks change in Berlin, twice, and at midnight in Cairo
ZONES = ("Europe/Berlin", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu")
SPANS = tuple(HOUR * n for n in (1, 3, 6, 6, 12, 24, 24, 48))
DISTANCES = (*SPANS, SECOND, HOUR - SECOND, 6 * HOUR - SECOND, 6 * HOUR + SECOND)
TIERS = ("A", "B")


@st.composite
def random_journeys(draw: st.DrawFn) -> JourneyWorld:
    """A journey, up to four customers, and a few days in which things happen to them."""
    journey = draw(journeys())
    people = tuple(
        Person(key, draw(st.sampled_from(ZONES)), draw(st.sampled_from(TIERS)))
        for key in ("ann", "bob", "cleo", "dan")
    )
    at = draw(st.sampled_from(BEGINS))
    looks, happenings = [at], []
    for _ in range(draw(st.integers(6, 14))):
        at += draw(st.sampled_from(DISTANCES))
        some = draw(st.lists(st.sampled_from(people), unique_by=lambda p: p.key, max_size=3))
        happenings += [draw(happening(each.key, at, journey)) for each in some]
        looks.append(at)
    looks += [at + 60 * HOUR * n for n in (1, 2, 3)]  # most of it comes to an end
    later = st.sampled_from(looks[1:])
    deaths = draw(st.dictionaries(later, st.integers(1, 8), max_size=2))
    return JourneyWorld(journey, people, tuple(happenings), tuple(looks), deaths)


@st.composite
def happening(draw: st.DrawFn, key: str, at: datetime, journey: Journey) -> Happening:
    """Mostly an order, which begins a journey; told at once, late, or before it comes.

    Nothing is told before it comes where there is an `exit`: that is asked as an event is told.
    """
    if draw(st.integers(0, 7)) == 0:
        return Happening(at, key, tier=draw(st.sampled_from(TIERS)))
    kind = draw(st.sampled_from(("order", "order", "order", "visit", "visit", "refund")))
    moved = draw(st.sampled_from((*(timedelta(0),) * 8, -HOUR, -6 * HOUR, 6 * HOUR)))
    amount = draw(st.sampled_from((None, 40, 50, 60)))
    dated = at + moved if journey.exit is None else min(at, at + moved)
    return Happening(at, key, kind, dated, amount)


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    """A campaign that an order starts."""
    names = (f"s{number}" for number in count())
    rarely = st.integers(0, 3)
    spans = st.sampled_from(SPANS)
    return Journey(
        (*draw(items(names, 0)), Message("last")),
        after=draw(st.sampled_from((timedelta(0), timedelta(0), HOUR, 6 * HOUR))),
        where=None if draw(rarely) else Asked("event.amount >= 50", "amount", least=50),
        late=draw(st.sampled_from((3 * HOUR, 24 * HOUR, 24 * HOUR, 48 * HOUR))),
        window=draw(st.sampled_from((None, None, (time(9), time(18)), (time(1), time(3))))),
        audience=None if draw(rarely) else draw(of_tier()),
        exclude=None if draw(rarely) else draw(within()),
        exit=draw(asked([])) if draw(st.booleans()) else None,
        again=draw(st.sampled_from((None, None, -HOUR))) if draw(st.booleans()) else draw(spans),
    )


@st.composite
def items(draw: st.DrawFn, names: Iterator[str], depth: int) -> tuple[Item, ...]:
    """One to four steps in a row; ways of branches are shorter."""
    found: list[Item] = []
    for _ in range(draw(st.integers(1, 4 - 2 * depth))):
        kind = draw(st.sampled_from(("message", "message", "pause", "pause", "fork")))
        known = [each.id for each in found if isinstance(each, Pause) and each.until]
        if kind == "pause":
            found.append(draw(pauses(next(names))))
        elif kind == "fork" and depth == 0:
            found.append(draw(forks(names, known)))
        else:
            when = draw(asked(known)) if draw(st.booleans()) else None
            found.append(Message(next(names), when))
    return tuple(found)


@st.composite
def forks(draw: st.DrawFn, names: Iterator[str], known: list[str]) -> Fork:
    """A branch of one or two ways, with others or without."""
    ways = [(draw(asked(known)), draw(items(names, 1))) for _ in range(draw(st.integers(1, 2)))]
    otherwise = [(None, draw(items(names, 1)))] if draw(st.booleans()) else []
    return Fork((*ways, *otherwise))


@st.composite
def pauses(draw: st.DrawFn, name: str) -> Pause:
    """A wait of one of the three kinds."""
    kind = draw(st.sampled_from(("span", "span", "moment", "until")))
    span = draw(st.sampled_from(SPANS))
    if kind == "span":
        return Pause(name, span=span)
    if kind == "until":
        return Pause(name, until=draw(asked([])), at_most=span)
    at = draw(st.sampled_from((time(0), time(0, 30), time(2, 30), time(10))))
    return Pause(name, at=at, weekday=draw(st.sampled_from((None, None, 4, 6))))


@st.composite
def of_tier(draw: st.DrawFn) -> Asked:
    """Of one tier, or not of it."""
    tier = draw(st.sampled_from(TIERS))
    return draw(denied(Asked(f"tier == '{tier}'", "tier", tier)))


@st.composite
def within(draw: st.DrawFn) -> Asked:
    """So often within a span."""
    kind, hours = draw(st.sampled_from(("visit", "refund"))), draw(st.sampled_from((1, 6, 24)))
    text = f"count('{kind}', hours({hours})) >= 1"
    return Asked(text, "within", kind, span=HOUR * hours)


@st.composite
def asked(draw: st.DrawFn, known: list[str]) -> Asked:
    """Something about the customer on the way; `known`: the waits that may have timed out."""
    kind = draw(st.sampled_from(("tier", "count", "count", "within", "entered", *known)))
    if kind == "tier":
        return draw(of_tier())
    if kind == "within":
        return draw(denied(draw(within())))
    if kind == "count":
        what, least = draw(st.sampled_from(("order", "visit", "refund"))), draw(st.integers(1, 2))
        text = f"count('{what}', since=entered_at) >= {least}"
        return draw(denied(Asked(text, "count", what, least)))
    if kind == "entered":
        hours = draw(st.sampled_from((6, 24, 48)))
        text = f"entered_at <= now - hours({hours})"
        return draw(denied(Asked(text, "entered", span=HOUR * hours)))
    return draw(denied(Asked(f"timed_out('{kind}')", "timed_out", kind)))


@st.composite
def denied(draw: st.DrawFn, found: Asked) -> Asked:
    """The same, now and then asked the other way round."""
    if draw(st.integers(0, 3)):
        return found
    return Asked(
        f"not ({found.text})", found.kind, found.what, found.least, found.span, holds=False
    )
