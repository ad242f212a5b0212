"""Customers, consents and touches put straight into the tables: no import, no sending."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Engine, case, cast, func, insert, literal, select, text, true

from bench.ground.rows import lines
from outreach.ids import bucket
from outreach.store.dialect import insert_rows, shifted
from outreach.store.engine import writing
from outreach.store.places import Place, place_ids
from outreach.store.tables import consent_states, consents, customers, deliveries, events, refusals
from outreach.store.types import BigId, Instant, Money
from outreach.vocabulary import ConsentState, State
from tests.makers import make_run

BATCH = 20_000
SPREAD_DAYS = 60  # touches lie in this many days before now
_DAY = timedelta(days=1) // timedelta(microseconds=1)
_COLUMNS = (
    "id", "key", "email", "phone", "timezone", "country", "locale", "place_id", "bucket", "tags",
    "interests", "attributes", "created_at", "updated_at",
)  # fmt: skip


def fill_customers(engine: Engine, count: int, now: datetime, *, words: bool = True) -> None:
    """So many customers with ids from 1; with `words`, each with a yes or a no on two channels."""
    batch: list[tuple[object, ...]] = []
    at = now - timedelta(days=365)
    for number, line in enumerate(lines(count), 1):
        key, email, phone, zone, country, locale, *_ = line.rstrip().split(",")
        place = Place(zone, True, country)
        batch.append((number, key, email, f"+{phone}-{country}", zone, country, locale, place,
                      bucket(key), [], [], {}, at, at))  # fmt: skip
        if len(batch) == BATCH:
            _add(engine, batch)
            batch = []
    if batch:
        _add(engine, batch)
    if words:
        fill_consents(engine, count, at)


def _add(engine: Engine, batch: list[tuple[object, ...]]) -> None:
    where = _COLUMNS.index("place_id")
    with writing(engine) as conn:
        ids = place_ids(conn, {row[where] for row in batch})  # type: ignore[misc]
        rows = [(*row[:where], ids[row[where]], *row[where + 1 :]) for row in batch]  # type: ignore[index]
        insert_rows(conn, customers, _COLUMNS, rows)


def fill_consents(engine: Engine, count: int, at: datetime) -> None:
    """A word of every customer on both channels: one in ten said no to mail, one in five to SMS."""
    c, moment = customers.c, literal(at, Instant())
    for channel, address, one_in, offset in (("email", c.email, 10, 0), ("sms", c.phone, 5, 1)):
        state = case(
            (c.id % one_in == 0, ConsentState.WITHDRAWN.value), else_=ConsentState.GRANTED.value
        )
        about = (c.id, literal(channel), literal("greetings"), state, moment)
        names = ["customer_id", "channel", "topic", "state", "at"]
        ledger = select((c.id * 2 + offset).label("id"), *about, literal("form"), moment)
        last = select(*about, c.id * 2 + offset)
        for first in range(0, count, BATCH * 5):
            these = c.id.between(first + 1, first + BATCH * 5)
            with writing(engine) as conn:
                columns = ["id", *names, "source", "recorded_at"]
                conn.execute(insert(consents).from_select(columns, ledger.where(these)))
                columns = [*names, "consent_id"]
                conn.execute(insert(consent_states).from_select(columns, last.where(these)))
                noes = select(literal(channel), address, about[2], moment, c.id * 2 + offset)
                columns = ["channel", "address", "topic", "at", "consent_id"]
                refused = noes.where(these, c.id % one_in == 0)
                conn.execute(insert(refusals).from_select(columns, refused))


def fill_events(engine: Engine, count: int, now: datetime) -> None:
    """Three orders of each customer with an id up to `count`: see bench/stages.py for when."""
    c, instant = customers.c, Instant()
    late, back = c.id % 10 == 0, c.id % 10 == 5
    for number in range(3):
        days = case((late, -59), (back, -101), else_=-10) - 10 * (2 - number)
        at = shifted(literal(now, instant), cast(days, BigId) * literal(_DAY, BigId))
        if number == 2:
            at = case((back, literal(now + timedelta(days=1), instant)), else_=at)
        columns = ["customer_id", "kind", "at", "amount", "recorded_at"]
        order = (
            c.id,
            literal("order"),
            at,
            literal(Decimal("12.5"), Money()),
            literal(now, instant),
        )
        for first in range(0, count, BATCH * 5):
            chosen = select(*order).where(c.id.between(first + 1, min(first + BATCH * 5, count)))
            with writing(engine) as conn:
                conn.execute(insert(events).from_select(columns, chosen))


def fill_touches(engine: Engine, touches: int, now: datetime) -> None:
    """So many sent deliveries, spread evenly over the customers and the days before `now`."""
    with writing(engine) as conn:
        count = conn.execute(select(func.count()).select_from(customers)).scalar_one()
        last = conn.execute(select(func.max(customers.c.id))).scalar_one()
    rounds, rest = divmod(touches, count)
    for number in range(rounds + (rest > 0)):
        with writing(engine) as conn:
            run_id = make_run(
                conn,
                f"bench-{number}",
                occurrence_at=now - timedelta(hours=number + 1),
                state="done",
            )
        most = count if number < rounds else rest
        for first in range(0, last, BATCH * 5):
            _touch(engine, run_id, number, now, first, min(first + BATCH * 5, most))


def _touch(engine: Engine, run_id: int, number: int, now: datetime, first: int, until: int) -> None:
    """A round of touches for customers with ids in (first, until]: each on a day of its own."""
    c, instant = customers.c, Instant()
    days_ago = (c.id * 7 + number * 13) % SPREAD_DAYS
    back = cast(days_ago * -_DAY - c.id % 997 * 1_000_000, BigId)
    at = shifted(literal(now, instant), back)
    sms = c.id % 2 == 0
    row: dict[str, ColumnElement[Any]] = {
        "run_id": literal(run_id), "run_at": literal(now - timedelta(hours=number + 1), instant),
        "campaign_id": literal(number + 1), "step": literal("greet"), "customer_id": c.id,
        "topic": literal("greetings"), "priority": literal(50),
        "channel": case((sms, "sms"), else_="email"), "address": case((sms, c.phone), else_=c.email),
        "state": literal(State.SENT.value), "planned_at": at, "due_at": at,
        "late_at": literal(now, instant), "slot_at": at, "firm": true(), "claimed_at": at,
        "sent_at": at,
    }  # fmt: skip
    chosen = select(*row.values()).where(c.id > first, c.id <= until)
    with writing(engine) as conn:
        conn.execute(insert(deliveries).from_select(list(row), chosen))


def settle_statistics(engine: Engine) -> None:
    """What a database learns of its tables in time: it plans by it."""
    with engine.connect() as conn:
        if conn.dialect.name == "sqlite":
            conn.execute(text("ANALYZE"))
            conn.commit()
            return
        for table in (
            "customers",
            "consents",
        ):  # ids were given, of which the sequence knows nothing
            conn.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
        conn.commit()
        free = conn.execution_options(isolation_level="AUTOCOMMIT")
        free.execute(text("VACUUM ANALYZE"))
