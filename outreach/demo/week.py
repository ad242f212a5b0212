"""The days after the last real purchase, made up: newcomers, and orders as a shop would see them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from outreach.demo.customers import Customer, key_of
from outreach.demo.purchases import LAST_DAY, Purchase

BEGINS, ENDS = datetime(1998, 7, 1, 8, tzinfo=UTC), datetime(1998, 7, 1, 15, 50, tzinfo=UTC)
FOURTH, LARGE = 20, 30  # customers: whose fourth order it is; who order a lot
LATELY, LONG = timedelta(days=60), timedelta(days=120)  # as the lifecycle `six-stage` has them
Order = tuple[str, datetime, Decimal]


def week_orders(
    random: Random, purchases: Sequence[Purchase], newcomers: Sequence[Customer]
) -> Iterator[Order]:
    """Customer's key, instant and amount of the orders of 1 July 1998, by time.

    First ones of all newcomers; fourth ones, by which customers come into another stage; and large
    ones. Nobody orders twice, so that each order shows one campaign.
    """
    orders = [(each.key, Decimal("14.90")) for each in newcomers]
    fourth, others = _buyers(purchases)
    regulars = random.sample(fourth, min(FOURTH, len(fourth)))
    orders += [(key_of(each), Decimal("29.80")) for each in regulars]
    for each in random.sample(others, min(LARGE, len(others))):
        orders.append((key_of(each), Decimal(random.randrange(10_000, 24_000)) / 100))
    random.shuffle(orders)
    span = range(int((ENDS - BEGINS).total_seconds()))
    for seconds, (key, amount) in zip(
        sorted(random.sample(span, len(orders))), orders, strict=True
    ):
        yield key, BEGINS + timedelta(seconds=seconds), amount


def _buyers(purchases: Sequence[Purchase]) -> tuple[list[int], list[int]]:
    """Who ordered of late: for whom the next order is the fourth in a long time, and the others."""
    first: dict[int, date] = {}
    for purchase in purchases:
        first[purchase.customer] = min(purchase.day, first.get(purchase.customer, LAST_DAY))
    times = Counter(purchase.customer for purchase in purchases)
    lately = sorted({each.customer for each in purchases if each.day > LAST_DAY - LATELY})
    fourth = [each for each in lately if times[each] == 3 and first[each] < LAST_DAY - LONG]
    return fourth, [each for each in lately if each not in set(fourth) and times[each] > 1]
