"""Random small worlds, close to the edges of days, spans, daylight saving and shared addresses."""

import calendar
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st
from world import Consent, Customer, Other, Touch, World, address_of

from outreach.campaign.feasts import OnHoliday
from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.campaign.public_holidays import Holidays
from outreach.campaign.returning import LeapDay, OnDate
from outreach.settings.company import Brand, Company, Topic
from outreach.settings.feast_days import FeastDays
from outreach.spans import Cap, Per, PerKind, QuietHours, parse_day_span
from outreach.vocabulary import ConsentState

CHANNELS = ("sms", "email")
TOPICS = ("greetings", "offers", "receipts")  # the last is transactional
KEYS = ("a10", "a9", "B", "anna", "Zoe", "9", "10", "é")  # their order is that of code points
MOMENTS = tuple(
    datetime.fromisoformat(f"{text}:00+00:00")
    for text in (
        "2026-07-03T15:00",  # an ordinary Friday
        "2026-03-08T07:00",  # the clock goes forward in New York
        "2026-03-29T01:00",  # forward in Berlin
        "2026-04-04T15:00",  # back by half an hour on Lord Howe Island
        "2026-04-23T22:00",  # forward at midnight in Cairo
        "2026-10-25T01:00",  # back in Berlin
        "2026-10-29T21:00",  # back at midnight in Cairo
        "2026-11-01T06:00",  # back in New York
        "2027-01-01T00:00",  # a new year within a week
    )
)
LEAP_MOMENTS = tuple(  # about 29 February in a year that has none, and in one that has
    datetime.fromisoformat(f"{day}T12:00:00+00:00")
    for day in ("2026-02-28", "2026-03-01", "2027-02-28", "2028-02-29", "2028-03-01")
)
FEASTS = (  # and a day on which some of the places have it
    ("New Year's Day", "2027-01-01"),
    ("Easter Monday", "2026-04-06"),
    ("Coptic Easter", "2026-04-12"),
    ("Eid al-Fitr", "2026-03-20"),
    ("Anzac Day", "2026-04-25"),
    ("Independence Day", "2026-07-04"),
    ("Christmas Day", "2026-12-25"),
    ("Founders' Day", "2028-02-29"),  # no calendar's
)
PLACES: tuple[tuple[str | None, tuple[str, ...], str], ...] = (  # own zone, possible zones, country
    ("Europe/Berlin", (), "DE"),
    ("America/New_York", (), "US"),
    ("Africa/Cairo", (), "EG"),
    ("Australia/Lord_Howe", (), "AU"),
    ("Asia/Kathmandu", (), "NP"),
    ("Europe/Berlin", (), ""),
    (None, ("Australia/Lord_Howe", "Australia/Perth", "Australia/Sydney"), "AU"),
    (None, ("America/Los_Angeles", "America/New_York"), "US"),
    (None, (), ""),
)
SPANS = tuple(
    map(
        parse_day_span,
        ("21:00-08:00", "09:00-20:00", "02:30-06:00", "00:30-02:15", "22:00-01:30", "12:00-12:30"),
    )
)
ALL_DAY = parse_day_span("all_day")
PERS = (
    Per(PerKind.DAYS, 1),
    Per(PerKind.DAYS, 2),
    Per(PerKind.DAYS, 7),
    Per(PerKind.SECONDS, 36 * 3600),
    Per(PerKind.SECONDS, 5400),
    Per(PerKind.DAY),
    Per(PerKind.WEEK),
    Per(PerKind.MONTH),
)
SHARES = st.sampled_from((*(0,) * 9, 5000, 5000, 10_000))
NEEDS = st.sampled_from(({}, {}, {"sms": frozenset({"first_name"})}))
OTHERS = ((), ("alpha",), ("alpha", "omega"), ("alpha", "omega"), ("alpha", "omega", "psi"))
Arms = Callable[[Company, Campaign, str], tuple[int, int]]  # a key's control and hold-out arm


def odd_and_even(company: Company, campaign: Campaign, key: str) -> tuple[int, int]:
    """Arms that depend on nothing but the key's length: in either half."""
    return 9000 * (len(key) % 2), 9000 * (len(key) // 2 % 2)


@st.composite
def random_world(
    draw: st.DrawFn, arms: Arms = odd_and_even, moments: Sequence[datetime] = MOMENTS
) -> World:
    """A world of 3 to 8 customers; `arms` says where the product puts a key."""
    shift = timedelta(
        minutes=draw(st.integers(-1500, 1500)), seconds=draw(st.sampled_from((0, 29)))
    )
    asked_at = draw(st.sampled_from(moments)) + shift
    campaign, company = draw(campaigns(asked_at)), draw(companies())
    run_at = asked_at - timedelta(hours=draw(st.sampled_from((0, 0, 3))))
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=3, max_size=8, unique=True))
    people = draw(st.tuples(*map(customers, keys)))
    people = tuple(_with_arms(person, *arms(company, campaign, person.key)) for person in people)
    there = (*keys, "")
    people = tuple(p if p.merged_into in there else replace(p, merged_into="") for p in people)
    addresses = sorted(
        {(c, address_of(p, c)) for p in people for c in CHANNELS if address_of(p, c)}
    )
    consents = draw(st.tuples(*(consents_of(key, asked_at) for key in keys)))
    touches = draw(
        st.lists(
            touches_of(people, asked_at), min_size=draw(st.sampled_from((0, 5, 10))), max_size=12
        )
    )
    return World(
        people,
        campaign,
        company,
        asked_at,
        run_at,
        tuple(consent for said in consents for consent in said),
        frozenset(addresses[: draw(st.sampled_from((0, 0, 0, 0, 1)))]),
        tuple(t for t in touches if t.address and (t.campaign, t.run_at) != ("greeting", run_at)),
        draw(NEEDS),
        tuple(draw(others(campaign, name, asked_at)) for name in draw(st.sampled_from(OTHERS))),
    )


@st.composite
def random_birthdays(draw: st.DrawFn, arms: Arms = odd_and_even) -> World:
    """A random world whose campaign goes to those whose birthday falls so many days from its day.

    Their birthdays are near that day, and 29 February.
    """
    world = draw(random_world(arms, (*MOMENTS, *LEAP_MOMENTS)))
    offset = draw(st.sampled_from((0, 0, 0, -1, 1, -3, 7, -60)))
    leap_day = draw(st.sampled_from(LeapDay))
    schedule = replace(
        world.campaign.schedule,
        kind=ScheduleKind.ON_DATE,
        on_date=OnDate("birthday", True, time(9), offset, leap_day),
        timezone=draw(st.sampled_from(("customer", "customer", "Asia/Kathmandu"))),
    )
    near = world.run_at.date() - timedelta(days=offset)
    people = tuple(
        replace(each, columns={**each.columns, **draw(birthdays(near))}) for each in world.customers
    )
    return replace(world, customers=people, campaign=replace(world.campaign, schedule=schedule))


@st.composite
def random_feasts(draw: st.DrawFn, arms: Arms = odd_and_even) -> World:
    """A random world whose campaign goes to those whose country has a feast so many days from its day.

    Days of the company's own go before a calendar's.
    """
    name, text = draw(st.sampled_from(FEASTS))
    offset = draw(st.sampled_from((0, 0, 0, -1, 1, -3, 7, -60)))
    noon = datetime.combine(date.fromisoformat(text), time(12), UTC)
    world = draw(random_world(arms, (noon + timedelta(days=offset),)))
    own = draw(st.lists(st.sampled_from(own_days(noon.date())), max_size=2, unique=True))
    schedule = replace(
        world.campaign.schedule,
        kind=ScheduleKind.ON_HOLIDAY,
        on_holiday=OnHoliday(name, time(9), offset, tuple(own), world.company.brand.country),
        timezone=draw(st.sampled_from(("customer", "customer", "Asia/Kathmandu"))),
    )
    return replace(world, campaign=replace(world.campaign, schedule=schedule))


def own_days(day: date) -> tuple[FeastDays, ...]:
    """Days near one that a company may call by a feast's name: everywhere, or in one country."""
    after = day + timedelta(days=1)
    return (
        FeastDays((f"{day:%m-%d}",)),
        FeastDays((f"{after:%m-%d}", f"{day:%m-%d}"), "DE"),
        FeastDays((after.isoformat(),), "US"),
        FeastDays((day.isoformat(),), "AU"),
    )


@st.composite
def birthdays(draw: st.DrawFn, near: date) -> dict[str, str]:
    """A birthday in the days about one, with its year or without; of some none is known."""
    day = near + timedelta(days=draw(st.sampled_from((0, 0, 0, 0, 1, -1))))
    written = draw(st.sampled_from((f"{day:%m-%d}",) * 4 + ("02-29", "")))
    year = draw(st.sampled_from(("", "1988-", f"{near.year}-", f"{near.year + 4}-")))
    if not written:
        return {}
    is_day = not year or written != "02-29" or calendar.isleap(int(year[:4]))
    return {"birthday": (year if is_day else "") + written}


@st.composite
def random_household(draw: st.DrawFn) -> World:
    """A random world of people who share a few mailboxes and telephones, and who nearly all agreed.

    Several may be merged into the first; nearly all that keeps messages apart is a cap of few.
    """
    world = draw(random_world())
    boxes = st.sampled_from((*(f"box{n // 2}@example.com" for n in range(6)), None))
    phones = st.sampled_from((*(f"+491701234{n // 2:03}" for n in range(6)), None))
    first, usually = world.customers[0].key, st.sampled_from((True,) * 7 + (False,))
    merged = st.sampled_from(("", "", "", first))
    channels = draw(st.sampled_from((CHANNELS, CHANNELS[::-1], CHANNELS[::-1], CHANNELS[:1])))
    people = tuple(
        replace(
            each, email=draw(boxes), phone=draw(phones), erased=False,
            merged_into=draw(merged) if each.key != first else "",
        )
        for each in world.customers
    )  # fmt: skip
    agreed = tuple(
        Consent(each.key, channel, "greetings", ConsentState.GRANTED, world.asked_at)
        for each in people
        for channel in CHANNELS
        if draw(usually)
    )
    named = draw(st.sampled_from((None, *CHANNELS)))
    cap = Cap(draw(st.sampled_from((1, 1, 2))), draw(st.sampled_from(PERS)), named)
    campaign = replace(
        world.campaign, steps=(Step("greet", channels, "greeting"),), audience=Selection(),
        topic="greetings", holdout=0, cadence=(cap,), exclude=None,
        schedule=replace(world.campaign.schedule, days=None, starts=None, ends=None),
    )  # fmt: skip
    there = {(c, address_of(each, c)): each.key for each in people for c in CHANNELS}
    touches = tuple(t for t in world.touches if (t.channel, t.address) in there)[:2]
    company = {"control_group": 0, "cadence": world.company.cadence[: draw(st.integers(0, 1))]}
    return replace(
        world, customers=people, consents=agreed, campaign=campaign, touches=touches, needs={},
        company=world.company.model_copy(update=company),
    )  # fmt: skip


def _with_arms(customer: Customer, control: int, holdout: int) -> Customer:
    return replace(customer, control_arm=control, holdout_arm=holdout)


@st.composite
def campaigns(draw: st.DrawFn, asked_at: datetime) -> Campaign:
    """The campaign `greeting`, asked about near `asked_at`."""
    today = asked_at.date()
    schedule = Schedule(
        ScheduleKind.MANUAL,
        window=draw(st.sampled_from((*(None,) * 12, *SPANS))),
        days=draw(st.sampled_from((*(None,) * 10, frozenset(range(5)), frozenset({5, 6})))),
        starts=draw(st.sampled_from((*(None,) * 14, today, today + timedelta(days=1)))),
        ends=draw(st.sampled_from((*(None,) * 14, today, today + timedelta(days=1)))),
        holidays=draw(st.sampled_from((*(Holidays.IGNORE,) * 6, *Holidays))),
        late=timedelta(minutes=draw(st.sampled_from((1440, 1440, 2880, 360, 90, 0)))),
    )
    return Campaign(
        "greeting",
        "Greeting",
        "mei@example.com",
        draw(st.sampled_from(("greetings", "greetings", "greetings", "receipts"))),
        draw(st.sampled_from((*(Selection(),) * 4, Selection(stage=("growth", "maturity"))))),
        schedule,
        (Step("greet", draw(st.sampled_from((CHANNELS, CHANNELS[::-1], ("email",)))), "greeting"),),
        exclude=draw(st.sampled_from((*(None,) * 4, Selection(tags=("do-not-greet",))))),
        cadence=tuple(draw(st.lists(caps(), max_size=1))),
        when_capped=draw(st.sampled_from(("skip", "hold"))),
        holdout=draw(SHARES),
    )


@st.composite
def others(draw: st.DrawFn, campaign: Campaign, name: str, asked_at: datetime) -> Other:
    """A campaign that may reserve slots, once, by day: no clock is changed at its hours."""
    day = asked_at.date() + timedelta(days=draw(st.sampled_from((0, 1, 1, 1, 2, 2, 6, 7))))
    local = datetime.combine(day, time(draw(st.integers(9, 20))))
    zone = draw(st.sampled_from(("customer", "customer", "Asia/Kathmandu")))
    when = {"at_local": local, "timezone": zone}
    if draw(st.integers(0, 2)) == 2:
        when = {"at": draw(st.sampled_from((asked_at, local.replace(tzinfo=UTC))))}
    other = replace(
        campaign,
        name=name,
        topic=draw(st.sampled_from((*("greetings",) * 6, "offers", "receipts"))),
        audience=draw(st.sampled_from((*(Selection(),) * 3, Selection(stage=("growth",))))),
        schedule=draw(
            st.sampled_from((*(Schedule(ScheduleKind.AT, **when),) * 6, campaign.schedule))
        ),
        steps=(
            Step("note", draw(st.sampled_from((CHANNELS, CHANNELS[::-1], ("email",)))), "note"),
        ),
        priority=draw(st.sampled_from((*(90,) * 8, 51, 50, 10))),
        exclude=draw(st.sampled_from((*(None,) * 4, Selection(tags=("gold",))))),
        holdout=draw(st.sampled_from((*(0,) * 9, 10_000))),
    )
    return Other(other, draw(NEEDS), planned=draw(st.integers(0, 11)) == 11)


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """A company with up to two caps and three rules of quiet hours."""
    urgent = draw(st.booleans())
    return Company(
        brand=Brand(
            name="Acme",
            timezone=draw(st.sampled_from(("Europe/Berlin", "Asia/Tokyo"))),
            country=draw(st.sampled_from(("DE", ""))),
        ),
        topics={name: Topic() for name in TOPICS[:2]}
        | {"receipts": Topic(transactional=True, urgent=urgent)},
        cadence=tuple(draw(st.lists(caps(), min_size=draw(st.integers(0, 1)), max_size=2))),
        quiet_hours=tuple(
            draw(st.lists(quiet_hours(), min_size=draw(st.integers(0, 2)), max_size=3))
        ),
        control_group=draw(SHARES),
    )


@st.composite
def caps(draw: st.DrawFn) -> Cap:
    """A cap of few touches, for a channel, a topic, both or all."""
    channel = draw(st.sampled_from((None, None, *CHANNELS)))
    topic = draw(st.sampled_from((None, None, None, *TOPICS[:2])))
    return Cap(draw(st.sampled_from((1, 1, 2, 3))), draw(st.sampled_from(PERS)), channel, topic)


@st.composite
def quiet_hours(draw: st.DrawFn) -> QuietHours:
    """A rule of quiet hours, now and then a whole day."""
    span = draw(st.sampled_from((SPANS[0], SPANS[0], *SPANS, ALL_DAY)))
    one_day = span == ALL_DAY or draw(st.integers(0, 3)) == 3
    days = frozenset({draw(st.integers(0, 6))}) if one_day else None
    country = draw(st.sampled_from((None, None, None, "DE", "AU", "US")))
    return QuietHours(span, country, draw(st.sampled_from((None, None, *CHANNELS))), days)


@st.composite
def customers(draw: st.DrawFn, key: str) -> Customer:
    """A customer somewhere, with addresses of which others may have the same."""
    zone, zones, country = draw(st.sampled_from(PLACES))
    box = st.sampled_from((*(KEYS.index(key),) * 3, 91, 92, 0))  # 0 is somebody's own one
    email, phone = (draw(box if draw(st.integers(0, 7)) else st.none()) for _ in CHANNELS)
    columns = {"stage": draw(st.sampled_from(("growth", "maturity", "decline")))}
    if draw(st.sampled_from((True, True, True, False))):
        columns["first_name"] = "Ada"
    return Customer(
        key,
        f"box{email}@example.com" if email is not None else None,
        f"+4917012345{phone:02}" if phone is not None else None,
        zone,
        zones,
        country,
        columns,
        draw(st.sampled_from(((), (), (), ("gold",), ("do-not-greet", "gold")))),
        erased=draw(st.sampled_from((*(False,) * 24, True))),
        merged_into=draw(st.sampled_from((*("",) * 7, KEYS[0]))) if key != KEYS[0] else "",
    )


@st.composite
def consents_of(draw: st.DrawFn, key: str, asked_at: datetime) -> tuple[Consent, ...]:
    """What a customer said: mostly yes, at few instants, so that words of several coincide."""
    said, usually = [], st.sampled_from((*(True,) * 11, False))
    for channel in CHANNELS:
        for topic in (TOPICS[0], TOPICS[2]):
            if draw(usually):
                said.append(_consent(key, channel, topic, asked_at))
            if not draw(usually):
                state = draw(st.sampled_from(ConsentState))
                said.append(_consent(key, channel, topic, asked_at, state, draw(st.integers(1, 3))))
            if said and not draw(usually):
                ends = timedelta(seconds=draw(st.sampled_from((-9000, 0, 1, 9000))))
                said[-1] = replace(said[-1], expires_at=asked_at + ends)
    return tuple(said)


def _consent(
    key: str,
    channel: str,
    topic: str,
    asked_at: datetime,
    state: ConsentState = ConsentState.GRANTED,
    days: int = 2,
) -> Consent:
    at = (asked_at - timedelta(days=days)).astimezone(UTC)
    return Consent(key, channel, topic, state, at)


@st.composite
def touches_of(draw: st.DrawFn, people: tuple[Customer, ...], asked_at: datetime) -> Touch:
    """A touch before `asked_at`, or an open delivery on either side of it."""
    customer, channel = draw(st.sampled_from(people)), draw(st.sampled_from(CHANNELS))
    firm = draw(st.booleans())
    whole = st.sampled_from((0, 1800, 5400, 36 * 3600, 86_400, 2 * 86_400, 6 * 86_400, 7 * 86_400))
    distance = timedelta(seconds=draw(whole | st.integers(0, 10 * 86_400)))
    distance += timedelta(seconds=draw(st.sampled_from((0, 0, 1, -1))))
    at = asked_at - abs(distance) if firm or draw(st.booleans()) else asked_at + distance
    if draw(st.booleans()):  # at the edge of a date in one zone or another
        at = min(at.replace(minute=0, second=0), asked_at if firm else at)
    return Touch(
        customer.key,
        draw(st.sampled_from(("alpha", "greeting", "omega"))),
        channel,
        address_of(customer, channel),
        draw(st.sampled_from(("greetings", "greetings", "offers", "receipts"))),
        at,
        at if firm else asked_at + timedelta(hours=draw(st.sampled_from((-3, -1, 0, 1)))),
        draw(st.sampled_from((50, 90, 90, 10))),
        firm,
    )
