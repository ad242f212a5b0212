"""The demo's customers: a made-up person for everyone who bought."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from outreach.demo.people import MAIL_DOMAINS, Person, draw, phone_numbers
from outreach.demo.purchases import Purchase

COLUMNS = (
    "key", "first_name", "last_name", "nickname", "title", "gender", "email", "phone", "locale",
    "timezone", "country", "city", "birthday", "tier", "owner", "tags", "interests", "genre",
    "membership_ends", "created_at",
)  # fmt: skip
NEWCOMERS = 40
OWNERS = ("mei@example.com", "tom@example.com")
GENRES = ("Blues", "Classical", "Country", "Electronic", "Folk", "Jazz", "Pop", "Rock", "Soul")
_NICKNAMES = {
    "Andrew": "Andy", "Anthony": "Tony", "Barbara": "Barb", "Catherine": "Cathy",
    "Christopher": "Chris", "Daniel": "Dan", "Edward": "Ted", "Elaine": "Lainie",
    "James": "Jim", "Joseph": "Joe", "Kathleen": "Kathy", "Lawrence": "Larry",
    "Margaret": "Peggy", "Matthew": "Matt", "Michael": "Mike", "Rebecca": "Becky",
    "Richard": "Dick", "Robert": "Bob", "Samuel": "Sam", "Stephen": "Steve", "Susan": "Sue",
    "Theresa": "Terry", "Thomas": "Tom", "Timothy": "Tim", "William": "Bill",
}  # fmt: skip


@dataclass(slots=True)
class Customer:
    """A row of customers.csv, and what the other files need to know."""

    key: str
    joined_at: datetime
    row: dict[str, str] = field(default_factory=dict)


def key_of(number: int) -> str:
    """The key of CDNOW's customer of that number."""
    return f"C{number:05d}"


def make_customers(random: Random, purchases: Sequence[Purchase]) -> list[Customer]:
    """A customer for everyone who bought, by key; a few share an address with the one before."""
    spent, first = _spent(purchases), _first_days(purchases)
    tiers = _tiers(spent)
    phones = phone_numbers()
    customers: list[Customer] = []
    for number, person in zip(sorted(spent), draw(random, len(spent)), strict=True):
        customer = Customer(
            key_of(number), first[number] + timedelta(seconds=random.randrange(30_000))
        )
        customer.row = _row(random, customer, person, phones)
        customer.row |= {"tier": tiers[number], "owner": _owner(random, tiers[number])}
        customers.append(customer)
    _share_addresses(random, customers)
    _make_members(customers)
    return customers


def make_newcomers(random: Random) -> list[Customer]:
    """Who made an account in June 1998 and has not bought yet; they have a mail address alone."""
    customers = []
    for number, person in enumerate(draw(random, NEWCOMERS), 1):
        joined_at = datetime(1998, 6, random.randint(1, 30), 13, tzinfo=UTC)
        customer = Customer(f"N{number:05d}", joined_at)
        row = _row(random, customer, person, {})
        mail = row["email"] or f"{person.mailbox}@{MAIL_DOMAINS[0]}"
        customer.row = row | {
            "tier": "C", "owner": "", "tags": "", "membership_ends": "", "email": f"new.{mail}",
            "birthday": row["birthday"] if number % 8 else "1960-07-03",
        }  # fmt: skip
        customers.append(customer)
    return customers


def _spent(purchases: Sequence[Purchase]) -> dict[int, Decimal]:
    spent: dict[int, Decimal] = {}
    for purchase in purchases:
        spent[purchase.customer] = spent.get(purchase.customer, Decimal(0)) + purchase.amount
    return spent


def _first_days(purchases: Sequence[Purchase]) -> dict[int, datetime]:
    first: dict[int, date] = {}
    for purchase in purchases:
        known = first.get(purchase.customer)
        if known is None or purchase.day < known:
            first[purchase.customer] = purchase.day
    early = time(13, tzinfo=UTC)
    return {customer: datetime.combine(day, early) for customer, day in first.items()}


def _tiers(spent: Mapping[int, Decimal]) -> dict[int, str]:
    """A for the best twentieth by spend, B for the next three, C for the rest."""
    best_first = sorted(spent, key=lambda number: (-spent[number], number))
    a, b = len(best_first) // 20, len(best_first) // 5
    return {n: "A" if rank < a else "B" if rank < b else "C" for rank, n in enumerate(best_first)}


def _owner(random: Random, tier: str) -> str:
    """Everyone in tier A has somebody who looks after them."""
    return random.choice(OWNERS) if tier == "A" else ""


def _row(
    random: Random, customer: Customer, person: Person, phones: Mapping[str, Iterator[str]]
) -> dict[str, str]:
    numbers = phones.get(person.zone) or phones.get(person.country)
    has_phone = numbers is not None and random.random() < 0.72
    mail = f"{person.mailbox}.{int(customer.key[1:])}@{random.choice(MAIL_DOMAINS)}"
    return {
        "key": customer.key,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "nickname": _nickname(person) if random.random() < 0.07 else "",
        "title": "Dr." if person.locale[:2] in ("de", "en") and random.random() < 0.03 else "",
        "gender": person.gender if random.random() < 0.65 else "",
        "email": mail if random.random() < 0.94 else "",
        "phone": next(numbers, "") if has_phone and numbers else "",
        "locale": person.locale if random.random() < 0.97 else "",
        "timezone": person.zone if random.random() < 0.9 else "",
        "country": person.country,
        "city": person.city,
        "birthday": _birthday(random) if random.random() < 0.4 else "",
        "tags": random.choices(("", "do-not-greet", "no-offers", "collector"), (96, 1, 1, 2))[0],
        "interests": ";".join(random.sample(GENRES, random.choice((0, 1, 2)))),
        "genre": random.choice(GENRES) if random.random() < 0.5 else "",
        "created_at": f"{customer.joined_at.isoformat()[:19]}Z",
    }


def _nickname(person: Person) -> str:
    if person.locale.startswith("zh"):
        return f"{person.last_name}总" if person.gender == "male" else f"小{person.first_name[-1]}"
    return _NICKNAMES.get(person.first_name, person.first_name)


def _birthday(random: Random) -> str:
    """A date, sometimes without its year."""
    month, day = random.randint(1, 12), random.randint(1, 28)
    year = f"{random.randint(1928, 1980)}-" if random.random() < 0.8 else ""
    return f"{year}{month:02d}-{day:02d}"


def _share_addresses(random: Random, customers: Sequence[Customer]) -> None:
    """A handful of pairs with one address: a couple with one mailbox, or one telephone."""
    pairs = [
        (one.row, other.row)
        for one, other in pairwise(customers)
        if one.row["country"] == other.row["country"] and one.row["email"] and one.row["phone"]
    ]
    for number, (one_row, other_row) in enumerate(random.sample(pairs, min(16, len(pairs)))):
        column = "email" if number % 2 else "phone"
        other_row[column] = one_row[column]


def _make_members(customers: Sequence[Customer]) -> None:
    """Half of who spends most pays for a membership; it ends on the 15th of a month to come."""
    random = Random("members")  # noqa: S311 - nothing secret; of its own, so all else stays as it is
    for customer in customers:
        member = customer.row["tier"] in ("A", "B") and random.random() < 0.5
        month = random.randint(1, 12)
        ends = date(1998 if month >= 7 else 1999, month, 15)
        customer.row["membership_ends"] = ends.isoformat() if member else ""
