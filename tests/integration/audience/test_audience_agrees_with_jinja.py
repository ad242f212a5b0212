"""Random expressions over a random base pick the same customers in SQL and in plain Jinja."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from makers import (
    grant,
    make_campaign,
    make_customer,
    make_delivery,
    make_event,
    make_run,
    withdraw,
)
from plain_evaluation import History, Value, evaluate, instant
from random_expressions import WORDS, conditions
from sqlalchemy import Connection, Date, Engine, insert, literal, select, union_all, update

from outreach.audience.check import check
from outreach.audience.compile import compile_expression
from outreach.audience.names import Kind, Names
from outreach.audience.row import Row
from outreach.campaign.model import Expression, Place
from outreach.store.engine import reading, writing
from outreach.store.named_dates import NamedDate, write_dates
from outreach.store.tables import customers, stage_changes
from outreach.store.types import Instant

NAMES = Names(
    (
        ("fee", Kind.MONEY),
        ("height", Kind.NUMBER),
        ("languages", Kind.LIST),
        ("plan", Kind.TEXT),
        ("renews_on", Kind.DATE),
        ("seen_at", Kind.DATETIME),
        ("vip", Kind.YES_NO),
    )
)
KINDS = ["order", "refund", "reply", "visit"]
TODAY = date(2026, 3, 31)
THEN = datetime(2026, 3, 31, 9, 0, 0, 5, tzinfo=UTC)


def _pick(dice: random.Random, *values: Any) -> Any:
    return dice.choice([None, *values])


def _attributes(dice: random.Random) -> dict[str, Any]:
    seen_at = THEN + timedelta(microseconds=dice.randint(-(10**14), 10**13))
    found = {
        "fee": _pick(dice, 0, 5, 10_000, -25_000, 333_333),
        "height": _pick(dice, 0, 1, 2.5, 0.1, -3, 7, 1e15, 0.3),
        "languages": _pick(dice, [], ["de"], ["de", "Paris"], ["paris", "fr"]),
        "plan": _pick(dice, *WORDS),
        "renews_on": _pick(dice, "2026-03-31", "2026-02-28", "2025-12-01", "2026-04-30"),
        "seen_at": _pick(dice, seen_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        "vip": _pick(dice, True, False),
    }
    return {name: value for name, value in found.items() if value is not None}


class Person:
    """A random customer, and what plain evaluation may know of them."""

    def __init__(self, number: int) -> None:
        dice = random.Random(number)
        self.key = f"c{number}"
        self.columns = {
            "city": _pick(dice, *WORDS),
            "nickname": _pick(dice, *WORDS),
            "stage": _pick(dice, "growth", "decline"),
            "birthday": _pick(dice, "02-29", "1980-02-29", "04-06", "2000-12-31"),
            "tags": dice.choice([[], ["vip"], ["vip", "Paris"], ["paris"]]),
            "created_at": THEN - timedelta(days=dice.randint(0, 900)),
        }
        self.wedding = _pick(dice, "2026-04-07", "03-31", "2031-02-28", "2014-03-30")
        self.placed_at = THEN - dice.choice([timedelta(45), timedelta(44), timedelta(60)])
        self.opted_out = dice.choice([True, False])
        self.attributes = _attributes(dice)
        ages = [timedelta(days=30), timedelta(days=30, microseconds=1), timedelta(0)]
        self.events = [
            (
                dice.choice(KINDS),
                THEN - dice.choice([*ages, timedelta(minutes=dice.randint(-90_000, 300_000))]),
                dice.choice([None, Decimal("10.5"), Decimal("0.0003"), Decimal(250)]),
            )
            for _ in range(dice.randint(0, 7))
        ]
        self.touches = [
            (dice.choice(["spring", "autumn"]), THEN - dice.choice(ages) - timedelta(days=n))
            for n in range(dice.randint(0, 3))
        ]
        self.now = THEN - timedelta(hours=number * 31)
        self.today = TODAY - timedelta(days=number)

    def known(self, now: datetime, today: date) -> dict[str, Value]:
        """Every name's value at an instant."""
        columns = {name: Value("text", value) for name, value in self.columns.items()}
        columns |= {"created_at": instant(self.columns["created_at"])}
        plain = {name: Value("text", None) for name, _ in NAMES.attributes}
        plain |= {name: Value("text", value) for name, value in self.attributes.items()}
        kinds = {"fee": "money", "height": "number"}
        attributes = {name: Value(kinds.get(name, "text"), v.plain) for name, v in plain.items()}
        seen_at = self.attributes.get("seen_at")
        attributes["seen_at"] = instant(datetime.fromisoformat(seen_at) if seen_at else None)
        moments = {"now": instant(now), "today": Value("date", today.isoformat())}
        answers = {"opted_out": Value("yes_no", self.opted_out)}
        return columns | attributes | moments | answers | self.facts(now)

    def days(self) -> dict[str, str]:
        """What `date` and `days_until` know."""
        renews_on = self.attributes.get("renews_on")
        days = {"wedding": self.wedding, "birthday": self.columns["birthday"]}
        return {name: day for name, day in {**days, "renews_on": renews_on}.items() if day}

    def facts(self, now: datetime) -> dict[str, Value]:
        """The facts as of an instant, from the events."""
        seen = [event for event in self.events if event[1] <= now]
        orders = sorted(at for kind, at, _ in seen if kind == "order")
        sign = {"order": 1, "refund": -1}
        spend = sum(int((amount or 0) * 10_000) * sign.get(kind, 0) for kind, _, amount in seen)
        heard = [at for kind, at, _ in seen if kind in ("reply", "visit")]
        contact = heard + [at for _, at in self.touches if at <= now]
        engaged = [at for kind, at, _ in seen if kind in ("reply", "order")]
        gap = (orders[-1] - orders[0]) // (len(orders) - 1) if len(orders) > 1 else None
        return {
            "orders": Value("number", len(orders)),
            "spend": Value("money", spend),
            "first_order_at": instant(min(orders, default=None)),
            "last_order_at": instant(max(orders, default=None)),
            "last_contact_at": instant(max(contact, default=None)),
            "last_heard_at": instant(max(heard, default=None)),
            "last_engaged_at": instant(max(engaged, default=None)),
            "typical_gap": Value("span", None if gap is None else gap // timedelta(microseconds=1)),
        }


PEOPLE = [Person(number) for number in range(30)]


def _insert(conn: Connection, person: Person) -> None:
    columns = person.columns | {"stage_since": person.placed_at}
    customer = make_customer(conn, person.key, **columns, attributes=person.attributes)
    grant(conn, customer, "sms")
    if person.wedding:
        write_dates(conn, [(customer, {}, {"wedding": NamedDate(person.wedding)})])
    (withdraw if person.opted_out else grant)(conn, customer, "email")
    for kind, at, amount in person.events:
        make_event(conn, customer, kind, at, amount=amount)
    for campaign, at in person.touches:
        make_campaign(conn, campaign)
        run = make_run(conn, campaign, occurrence_at=at)
        make_delivery(conn, customer, run_id=run, at=at)
    moves = [
        (THEN - timedelta(days=99), "potential"),
        (person.placed_at, person.columns["stage"]),
    ]
    for at, stage in [*moves, (THEN + timedelta(days=9), "lost")]:
        row = {"customer_id": customer, "model": "main", "to_stage": stage, "at": at}
        conn.execute(insert(stage_changes).values(row))


def _keep_facts(conn: Connection, person: Person) -> None:
    facts = {name: fact.plain for name, fact in person.facts(THEN).items()}
    del facts["last_contact_at"]
    kept: dict[str, Any] = {
        name: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
        for name, value in facts.items()
        if name.endswith("_at") and value is not None
    }
    kept |= {"orders": facts["orders"], "typical_gap": facts["typical_gap"]}
    kept["spend"] = Decimal(facts["spend"]) / 10_000
    conn.execute(update(customers).where(customers.c.key == person.key).values(**kept))


def _fill(engine: Engine, *, keep_facts: bool) -> None:
    with writing(engine) as conn:
        for person in PEOPLE:
            _insert(conn, person)
            if keep_facts:
                _keep_facts(conn, person)


def _picked(conn: Connection, source: str, row: Row, rows: Any) -> tuple[set[str], set[str]]:
    """Who is picked when the condition is selected, and when it is a WHERE."""
    expression = Expression(source, Place("test", 1, 1))
    assume(not check(expression, NAMES))
    certain = compile_expression(expression, row)
    answers = conn.execute(select(customers.c.key, certain).select_from(rows)).all()
    assert {answer for _, answer in answers} <= {True, False}
    loose = compile_expression(expression, row, certainly=False)
    found = conn.execute(select(customers.c.key).select_from(rows).where(loose)).scalars()
    return {key for key, answer in answers if answer}, set(found)


def _expected(source: str, moments: dict[str, tuple[datetime, date]]) -> set[str]:
    found = set()
    for person in PEOPLE:
        now, today = moments[person.key]
        placed_at = person.placed_at if person.columns["stage"] else None
        history = History(now, today, person.events, person.touches, placed_at, person.days())
        if evaluate(source, person.known(now, today), history):
            found.add(person.key)
    return found


def test_stored_facts_and_one_now_pick_what_plain_evaluation_picks(engine: Engine) -> None:
    _fill(engine, keep_facts=True)
    row = Row(customers.c, THEN, TODAY, NAMES)
    moments = dict.fromkeys((person.key for person in PEOPLE), (THEN, TODAY))

    with reading(engine) as conn:

        @settings(deadline=None, max_examples=60, report_multiple_bugs=False)
        @given(conditions())
        def agrees(source: str) -> None:
            expected = _expected(source, moments)
            assert _picked(conn, source, row, customers) == (expected, expected)

        agrees()


def test_facts_as_of_each_customers_own_now_pick_what_plain_evaluation_picks(
    engine: Engine,
) -> None:
    _fill(engine, keep_facts=False)
    zones = union_all(
        *(
            select(
                literal(person.key).label("key"),
                literal(person.now, Instant()).label("now"),
                literal(person.today, Date()).label("today"),
            )
            for person in PEOPLE
        )
    ).cte("zones")
    rows = customers.join(zones, zones.c.key == customers.c.key)
    row = Row(customers.c, zones.c.now, zones.c.today, NAMES, facts="as_of")
    moments = {person.key: (person.now, person.today) for person in PEOPLE}

    with reading(engine) as conn:

        @settings(deadline=None, max_examples=60, report_multiple_bugs=False)
        @given(conditions())
        def agrees(source: str) -> None:
            expected = _expected(source, moments)
            assert _picked(conn, source, row, rows) == (expected, expected)

        agrees()
