"""The demo's files, as a company would export them: customers, events, consents; some rows are bad."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

from outreach.demo.customers import COLUMNS, Customer, key_of, make_customers, make_newcomers
from outreach.demo.purchases import Purchase, cdnow, has_cdnow, made_up
from outreach.demo.week import week_orders

SEED = 1998
# A week in the sample's life. On Wednesday, the first day of a quarter, letters and reminders are due
# at 10:00, and orders come in; on Friday the greeting at 17:00, the win-back at 10:00, by each customer's own clock. At
# these instants, the later ones all on one Friday in New York, every zone has its turn.
MOMENTS = (
    datetime(1998, 7, 1, 0, 30, tzinfo=UTC),  # the last purchase is of 30 June; nothing is due yet
    datetime(1998, 7, 1, 17, tzinfo=UTC),  # 10:00 in Los Angeles, 13:00 in New York; orders came
    datetime(1998, 7, 3, 9, tzinfo=UTC),  # 17:00 in Shanghai, 18:00 in Tokyo
    datetime(1998, 7, 3, 16, tzinfo=UTC),  # 17:00 in London, 18:00 in Berlin
    datetime(1998, 7, 3, 22, tzinfo=UTC),  # 17:00 in Chicago, 18:00 in New York
    datetime(1998, 7, 4, 0, tzinfo=UTC),  # 17:00 in Los Angeles, 18:00 in Denver
    datetime(1998, 7, 4, 3, 30, tzinfo=UTC),  # who had to be held is awake, and the run ends
)
EVENT_COLUMNS = ("key", "kind", "at", "amount", "id", "records")
CONSENT_COLUMNS = ("key", "channel", "topic", "state", "at", "source", "proof", "expires_at")
Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the files are; `now` is when the demo begins, `moments` when it looks again."""

    customers: Path
    events: Path
    consents: Path
    week: Path  # orders of the first day, which come in at the second moment
    now: datetime
    moments: tuple[datetime, ...]
    source: str  # "cdnow": real purchases; "sample": made up


def make_files(folder: Path, seed: int = SEED, real: bool = True) -> DemoFiles:
    """Write customers.csv, events.csv, consents.csv, week.csv; the same seed writes the same bytes.

    `real` takes the real purchases where they can be had; else a few hundred people are made up.
    What lies there from an earlier time, made by the same code from the same purchases, stays.
    """
    real = real and has_cdnow()
    found = DemoFiles(
        folder / "customers.csv", folder / "events.csv", folder / "consents.csv",
        folder / "week.csv", MOMENTS[0], MOMENTS, "cdnow" if real else "sample",
    )  # fmt: skip
    stamp, made_by = folder / "made-by", f"{_maker()} {seed} {found.source}"
    if not (stamp.is_file() and stamp.read_text("ascii") == made_by):
        stamp.unlink(missing_ok=True)
        _make(found, Random(seed), cdnow() if real else None)  # noqa: S311 - nothing secret
        stamp.write_text(made_by, "ascii")
    return found


def _make(files: DemoFiles, random: Random, found: Sequence[Purchase] | None) -> None:
    purchases = made_up(random) if found is None else found
    week = Random("week")  # noqa: S311 - nothing secret; of its own, so all else stays as it is
    newcomers = make_newcomers(week)
    customers = make_customers(random, purchases)
    rows: Iterable[Row] = ([each.row[name] for name in COLUMNS] for each in customers)
    strewn = _with(random, rows, _BAD_CUSTOMERS)
    new = [[each.row[name] for name in COLUMNS] for each in newcomers]
    _write(files.customers, COLUMNS, [*strewn, *new])
    events, consents = _events(random, purchases), _consents(random, customers)
    _write(files.events, EVENT_COLUMNS, _with(random, events, _BAD_EVENTS))
    asked = _consents(week, newcomers)
    _write(files.consents, CONSENT_COLUMNS, [*_with(random, consents, _BAD_CONSENTS), *asked])
    orders = week_orders(week, purchases, newcomers)
    numbered = enumerate(orders, 1)
    _write(
        files.week,
        EVENT_COLUMNS,
        ((key, "order", _iso(at), amount, f"week-{n}", "") for n, (key, at, amount) in numbered),
    )


def _maker() -> str:
    """A digest of the code that makes the files."""
    digest = sha256()
    for source in sorted(Path(__file__).parent.iterdir()):
        if source.is_file():
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _with(random: Random, rows: Iterable[Row], bad: Sequence[Row]) -> list[Row]:
    """The rows, the bad ones strewn in."""
    found = list(rows)
    for row in bad:
        found.insert(random.randrange(len(found)), row)
    return found


def _events(random: Random, purchases: Sequence[Purchase]) -> Iterator[Row]:
    """An order for each purchase, and now and then an answer of the customer some days later."""
    for number, purchase in enumerate(purchases, 1):
        minutes, second = divmod(random.randrange(9 * 3600, 23 * 3600), 60)
        at = datetime.combine(purchase.day, time(*divmod(minutes, 60), second, tzinfo=UTC))
        key = key_of(purchase.customer)
        yield key, "order", _iso(at), purchase.amount, f"order-{number}", purchase.records
        if random.random() < 0.02:
            kind = random.choice(("reply", "reply", "call", "visit"))
            answered_at = at + timedelta(hours=random.randrange(1, 60))
            if answered_at < MOMENTS[0]:
                yield key, kind, _iso(answered_at), "", f"{kind}-{number}", ""


def _consents(random: Random, customers: Sequence[Customer]) -> Iterator[Row]:
    """Yes to some topics on some channels, by most; some said no later; some yes ran out."""
    shares = (
        ("email", "greetings", 0.74), ("email", "offers", 0.58),
        ("sms", "greetings", 0.62), ("sms", "offers", 0.25),
    )  # fmt: skip
    letters = Random("letters")  # noqa: S311 - nothing secret; of its own, so all else stays as it is
    for customer in customers:
        if customer.row["owner"] and letters.random() < 0.2:
            yield from _letter(customer)
        if random.random() < 0.1:
            continue  # never asked: no record at all
        for channel, topic, share in shares:
            reachable = customer.row["email" if channel == "email" else "phone"]
            if reachable and random.random() < share:
                yield from _ledger(random, customer, channel, topic)


def _ledger(random: Random, customer: Customer, channel: str, topic: str) -> Iterator[Row]:
    said_at = customer.joined_at + timedelta(minutes=random.randrange(1, 40))
    runs_out = said_at + timedelta(days=365) if random.random() < 0.03 else None
    source, proof = random.choice((("checkout", "checkout-v2"), ("form", "newsletter-v1")))
    yes = (customer.key, channel, topic, "granted", _iso(said_at), source, proof)
    yield *yes, _iso(runs_out) if runs_out else ""
    if random.random() < 0.05:
        changed_at = said_at + timedelta(days=random.randrange(10, 440))
        if changed_at < MOMENTS[0]:
            no = (customer.key, channel, topic, "withdrawn", _iso(changed_at), "unsubscribe link")
            yield *no, "", ""


def _letter(customer: Customer) -> Iterator[Row]:
    """Yes to letters and calls, said to the person who looks after the customer."""
    said_at = customer.joined_at + timedelta(days=30)
    for topic in ("greetings", "offers"):
        yield customer.key, "task", topic, "granted", _iso(said_at), "visit", "", ""


def _iso(at: datetime) -> str:
    """An instant of whole seconds in UTC; strftime would take several times as long."""
    return f"{at.isoformat()[:19]}Z"


def _bad_customer(key: str, **cells: str) -> Row:
    whole = {"key": key, "first_name": "Somebody", "country": "US"} | cells
    return [whole.get(name, "") for name in COLUMNS]


_BAD_CUSTOMERS = (
    _bad_customer("X0001", email="ada.lovelace@@example.com"),
    _bad_customer("X0002", email="nobody at example.com"),
    _bad_customer("X0003", email="grace@localhost"),
    _bad_customer("X0004", phone="+44 7700 900123"),
    _bad_customer("X0005", phone="call after six"),
    _bad_customer("X0006", timezone="America/Gotham"),
    _bad_customer("X0007", country="Atlantis"),
    _bad_customer("X0008", locale="klingon"),
    _bad_customer("X0009", birthday="31/02/1960"),
    _bad_customer("X0010", created_at="last summer"),
    _bad_customer(""),
    [*_bad_customer("X0012"), "one cell too many"],
)
_BAD_EVENTS = (
    ("C99999", "order", "1998-03-01T12:00:00Z", "12.99", "bad-1", "1"),
    ("C00001", "order", "03/04/1998", "12.99", "bad-2", "1"),
    ("C00002", "order", "1998-03-01T12:00:00Z", "twelve", "bad-3", "1"),
    ("C00003", "", "1998-03-01T12:00:00Z", "12.99", "bad-4", "1"),
    ("C00001", "order", "1998-03-01T12:00:00Z", "1.234567", "bad-5", "1"),
)
_BAD_CONSENTS = (
    ("C00001", "email", "offers", "maybe", "1998-03-01T12:00:00Z", "form", "", ""),
    ("C99998", "email", "offers", "granted", "1998-03-01T12:00:00Z", "form", "", ""),
    ("C00001", "pigeon", "offers", "granted", "1998-03-01T12:00:00Z", "form", "", ""),
)
