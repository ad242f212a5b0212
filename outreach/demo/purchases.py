"""Purchases for the demo: CDNOW's real ones where they can be had, else made-up ones.

CDNOW sold music by mail. The file holds every purchase, up to 1998-06-30, of the 23,570 people
who first bought in the first quarter of 1997; it comes with the package `lifetimes` as data.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from random import Random

FIRST_DAY, LAST_DAY = date(1997, 1, 1), date(1998, 6, 30)
MADE_UP_CUSTOMERS = 300
_PACKAGE, _FILE = "lifetimes", "CDNOW_master.txt"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order: by whom, on which day, how many records, for how much (US dollars)."""

    customer: int  # from 1
    day: date
    records: int
    amount: Decimal


def has_cdnow() -> bool:
    """Whether the package with the real purchases is installed."""
    return _cdnow_file() is not None


def cdnow() -> list[Purchase] | None:
    """The real purchases, by customer and day; None where the package is not installed."""
    file = _cdnow_file()
    if file is None:
        return None
    lines = file.read_text("ascii").splitlines()[1:]
    return [_purchase(line) for line in lines if line.strip()]


def _cdnow_file() -> Path | None:
    """The package is not imported: it would ask for others that the demo does not need."""
    try:
        found = [path for path in files(_PACKAGE) or () if path.name == _FILE]
    except PackageNotFoundError:
        return None
    return Path(str(found[0].locate())) if found else None


def _purchase(line: str) -> Purchase:
    customer, day, records, amount = line.split()
    return Purchase(int(customer), _date(day), int(records), Decimal(amount))


@cache
def _date(day: str) -> date:
    return date(int(day[:4]), int(day[4:6]), int(day[6:8]))


def made_up(random: Random) -> list[Purchase]:
    """Purchases of a few hundred people: each buys at a pace of their own, until they stop."""
    purchases = []
    for customer in range(1, MADE_UP_CUSTOMERS + 1):
        gap_days = random.gammavariate(1.4, 60) + 7
        stays = random.choice((0.35, 0.6, 0.9, 0.97))  # chance of one more purchase
        taste = random.lognormvariate(3.3, 0.5)
        day = FIRST_DAY + timedelta(days=random.randrange(90))
        while day <= LAST_DAY:
            amount = Decimal(round(taste * random.uniform(0.4, 1.9) * 100)) / 100
            purchases.append(Purchase(customer, day, random.randint(1, 4), amount))
            if random.random() > stays:
                break
            day += timedelta(days=1 + int(random.expovariate(1 / gap_days)))
    return purchases
