"""The tokens that a worker has bought of a channel's rate limits and not used yet."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import Connection

from outreach.dispatch.held import Held, Paid
from outreach.dispatch.patience import MOST_AHEAD, Patience
from outreach.dispatch.shift import Shift
from outreach.logger import Logger
from outreach.settings.rate_limits import ChannelLimits, RateLimit, domain_of, lane_of
from outreach.store import limits
from outreach.store.engine import database_now
from outreach.store.lanes import Waiting
from outreach.store.limits import Sale, Today

log = Logger(__name__)
# Older tokens are lost: what was not sent in time must not come in a heap.
KEPT_SECONDS = 1.0  # in the purse
FRESH_SECONDS = 2.0  # paid for a message that waits to be handed over
NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Grant:
    """How many deliveries of which lanes may be claimed now, and the day on which they pay."""

    limits: ChannelLimits
    shares: tuple[tuple[str, int], ...]
    total: int
    apart: frozenset[str] = frozenset()  # lanes of domains that rest, or are slow
    day: date | None = None
    until: float = 0.0  # time.monotonic: what is not handed over by then goes back

    def lane(self, lane: str, address: str | None) -> str:
        """The lane in which an address belongs now; else it stays in `lane`.

        A limit may be newer than the plan, and a domain without one may go apart by itself.
        """
        if not (self.limits.per_domain or self.apart):
            return lane
        own = self.limits.lane(address)
        apart = lane_of(self.limits.channel, domain_of(address))
        return own or (apart if apart in self.apart else lane)

    def paid(self, lane: str) -> Paid | None:
        """What a delivery of the lane has paid, if anything."""
        names = tuple(each.name for each in self.limits.of(lane))
        return Paid(names, self.day, self.until) if names and self.day else None


@dataclass(slots=True)
class _Tokens:
    """Bought at once: how many are left, when they were bought (time.monotonic), of which day."""

    limit: RateLimit
    count: int
    bought_at: float
    day: date


class Purse:
    """One channel's tokens in one worker; the thread that claims uses it, others only ask."""

    def __init__(self, shift: Shift, channel: str) -> None:
        self._shift = shift
        self._channel = channel
        self.patience = Patience(channel, shift.limits.backoff)
        self._tokens: dict[str, _Tokens] = {}
        self._dry: dict[str, _Dry] = {}  # replaced, never changed: other threads read it

    def dry(self, on_shelf: Mapping[str, int] = NOTHING) -> frozenset[str]:
        """Lanes that wait for tokens, rest, or are slow and have enough on the shelf.

        The channel itself may be among them.
        """
        now = time.monotonic()
        empty = frozenset(name for name, each in self._dry.items() if each.until > now)
        return empty | self.patience.resting() | self.patience.enough(on_shelf)

    def is_dry(self) -> bool:
        """Whether the channel as a whole has none."""
        return self._channel in self.dry()

    def spent_today(self) -> frozenset[str]:
        """The limits that have no tokens before another day."""
        now = time.monotonic()
        return frozenset(
            name for name, each in self._dry.items() if each.today and each.until > now
        )

    def wait_seconds(self) -> float | None:
        """How long until one of the dry ones has tokens again; None: none is dry.

        0 once for one that has some by now: it had none when it was last asked, so ask again.
        """
        now = time.monotonic()
        waits = [max(0.0, each.until - now) for each in self._dry.values()]
        self._dry = {name: each for name, each in self._dry.items() if each.until > now}
        return min(waits, default=None)

    def fill(
        self, allowed: ChannelLimits, zone: str, waiting: Sequence[Waiting],
        on_shelf: Mapping[str, int], most: int,
    ) -> Grant:  # fmt: skip
        """Buy for what waits, at most a second's tokens; `zone` is the company's.

        What is on the shelf counts: a provider that was slow for a while does not get more than
        a second's messages at once, and a slow domain has few waiting.
        """
        slow = self.patience.slow()
        apart = slow | self.patience.resting()
        wanted = {each.lane: min(each.count, most) for each in waiting}
        for lane in slow & wanted.keys():
            wanted[lane] = min(wanted[lane], MOST_AHEAD - on_shelf.get(lane, 0))
        if allowed.are_none:
            shares = tuple((lane, count) for lane, count in wanted.items() if count > 0)
            return Grant(allowed, shares, most, apart)
        limit_of = {lane: limit for lane in wanted if (limit := allowed.limit(lane))}
        for lane, limit in limit_of.items():
            wanted[lane] = min(wanted[lane], limit.at_once - on_shelf.get(lane, 0))
        total = min(most, sum(max(0, count) for count in wanted.values()))
        self._lose()
        with self._shift.writing() as conn:
            now = database_now(conn)
            today = limits.today_in(zone, now)
            if whole := allowed.whole:
                total = min(total, whole.at_once - sum(on_shelf.values()))
                total = self._buy(conn, {whole: total}, now, today)[whole.name]
            paying = {limit: min(wanted[lane], total) for lane, limit in limit_of.items()}
            wanted |= self._buy(conn, paying, now, today)
        shares = tuple((lane, count) for lane, count in wanted.items() if count > 0 < total)
        return Grant(allowed, shares, total, apart, today.on, time.monotonic() + FRESH_SECONDS)

    def spend(self, held: Iterable[Held]) -> None:
        """Take out what claimed deliveries have paid."""
        for name, count in _sums(held).items():
            if name in self._tokens:
                self._tokens[name].count -= count

    def is_good(self, held: Held) -> bool:
        """Whether a claimed delivery may still be handed over: its domain does not rest, and it was
        decided and paid lately.

        Quiet hours may have begun while it waited for a slow provider, and tokens would come in a
        heap with the others.
        """
        now = time.monotonic()
        if now - held.decided_at > self._shift.limits.decided_seconds:
            return False
        is_paid = held.paid is None or now <= held.paid.until
        return is_paid and not self.patience.rests(held.own_lane)

    def empty(self) -> None:
        """Give back what is left of the days' quotas; nothing is bought until the next claim."""
        for tokens in self._tokens.values():
            tokens.bought_at = float("-inf")
        self._lose()

    def _buy(
        self, conn: Connection, wanted: Mapping[RateLimit, int], now: datetime, today: Today
    ) -> dict[str, int]:
        """How many tokens there are of each limit, at most as many as wanted."""
        have = {limit.name: self._left(limit.name, today.on) for limit in wanted}
        lacking = {limit: count - have[limit.name] for limit, count in wanted.items()}
        sales = limits.buy(conn, lacking, now, today)
        for limit in wanted:
            if sale := sales.get(limit.name):
                count = have[limit.name] + sale.count
                self._tokens[limit.name] = _Tokens(limit, count, time.monotonic(), today.on)
        self._note(sales, now)
        return {limit.name: max(0, min(count, self._left(limit.name, today.on)))
                for limit, count in wanted.items()}  # fmt: skip

    def _left(self, name: str, on: date) -> int:
        """How many there are; what was bought of another day's quota pays for nothing today."""
        tokens = self._tokens.get(name)
        return tokens.count if tokens is not None and tokens.day == on else 0

    def _lose(self) -> None:
        """Drop tokens that were not used in time; a day's quota gets them back."""
        now = time.monotonic()
        old = [each for each in self._tokens.values() if now - each.bought_at > KEPT_SECONDS]
        unused: dict[date, dict[str, int]] = defaultdict(dict)
        for each in old:
            del self._tokens[each.limit.name]
            if each.count and each.limit.quota(0) is not None:
                unused[each.day][each.limit.name] = each.count
        for day, counts in unused.items():
            noted = self._shift.trouble.noted("tokens not given back", channel=self._channel)
            with noted, self._shift.writing() as conn:
                limits.take_back(conn, counts, day)

    def _note(self, sales: Mapping[str, Sale], now: datetime) -> None:
        clock = time.monotonic()
        dry = {name: each for name, each in self._dry.items() if each.until > clock}
        for name, sale in sales.items():
            if sale.again_at is None:
                dry.pop(name, None)
                continue
            seconds = (sale.again_at - now).total_seconds()
            if sale.spent_today and name not in dry:
                log.info("limit of the day is reached", limit=name)
            dry[name] = _Dry(clock + seconds, sale.spent_today)
        self._dry = dry


@dataclass(frozen=True, slots=True)
class _Dry:
    """A limit without tokens, until when (time.monotonic), and whether the day's are used up."""

    until: float
    today: bool


def refund(conn: Connection, held: Iterable[Held]) -> None:
    """Give days' quotas back what deliveries paid that were not sent at all."""
    by_day: dict[date, list[Held]] = defaultdict(list)
    for one in held:
        if one.paid:
            by_day[one.paid.day].append(one)
    for day, those in sorted(by_day.items()):
        limits.take_back(conn, _sums(those), day)


def _sums(held: Iterable[Held]) -> Counter[str]:
    return Counter(name for one in held if one.paid for name in one.paid.names)
