"""Rate limits of a channel: which of them a message pays, and what each grants."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from outreach.settings.rates import MOST, SECONDS, Rate, Unit

SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit by its name: `email`, `email/gmail.com`, `email/outlook`; all its rates hold."""

    name: str
    rates: tuple[Rate, ...]

    @property
    def spacing(self) -> timedelta | None:
        """Between two messages at the slowest rate that is not by the day, rounded up."""
        spans = [-(-SECONDS[rate.per] * SECOND // rate.count) for rate in self._paced()]
        return timedelta(microseconds=max(spans)) if spans else None

    @property
    def burst(self) -> int:
        """A second's messages at that rate, at least one."""
        return max(1, min(rate.count // SECONDS[rate.per] for rate in self._paced()))

    @property
    def at_once(self) -> int:
        """The most at once: a second's messages, or a whole day's where only the day counts."""
        return self.burst if self._paced() else MOST

    def quota(self, days: int) -> int | None:
        """The most of a day after so many days on which something was sent; None: no such limit."""
        rate = next((each for each in self.rates if each.per is Unit.DAY), None)
        if rate is None:
            return None
        return rate.count if rate.up_to is None else min(rate.count << min(days, 40), rate.up_to)

    @property
    def ramp(self) -> Rate | None:
        """The rate that doubles, if there is one."""
        return next((each for each in self.rates if each.up_to is not None), None)

    def _paced(self) -> list[Rate]:
        return [rate for rate in self.rates if rate.per is not Unit.DAY]

    def __str__(self) -> str:
        return "; ".join(map(str, self.rates))


@dataclass(frozen=True, slots=True)
class DomainLimit:
    """A limit over one or more domains together; without any it is that of each other domain."""

    name: str
    domains: tuple[str, ...]
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class ChannelLimits:
    """All limits of one channel."""

    channel: str
    rates: tuple[Rate, ...] = ()
    per_domain: tuple[DomainLimit, ...] = field(default=())

    @property
    def are_none(self) -> bool:
        """Whether the channel may send as fast as it can."""
        return not (self.rates or self.per_domain)

    @cached_property
    def whole(self) -> RateLimit | None:
        """The limit of the channel as a whole."""
        return RateLimit(self.channel, self.rates) if self.rates else None

    @cached_property
    def named(self) -> tuple[RateLimit, ...]:
        """The limits of the domains that are named, one for each group."""
        each = (one for one in self.per_domain if one.domains)
        return tuple(RateLimit(lane_of(self.channel, one.name), one.rates) for one in each)

    @cached_property
    def default(self) -> tuple[Rate, ...]:
        """The rates of each domain that is not named."""
        return next((one.rates for one in self.per_domain if not one.domains), ())

    @cached_property
    def lanes(self) -> dict[str, str]:
        """The lane of each domain that is named."""
        return {
            domain: lane_of(self.channel, one.name)
            for one in self.per_domain
            for domain in one.domains
        }

    def lane(self, address: str | None) -> str:
        """The lane of an address, which is its limit's name; empty: it has no limit of its own."""
        domain = domain_of(address)
        if not domain:
            return ""
        return self.lanes.get(domain) or (lane_of(self.channel, domain) if self.default else "")

    def limit(self, lane: str) -> RateLimit | None:
        """The present limit of a lane, if it has one."""
        for one in self.named:
            if one.name == lane:
                return one
        return RateLimit(lane, self.default) if lane and self.default else None

    def of(self, lane: str) -> list[RateLimit]:
        """What a message of a lane pays: the channel's own limit, and the lane's."""
        return [each for each in (self.whole, self.limit(lane)) if each is not None]


def domain_of(address: str | None) -> str:
    """What stands after the @ of a stored address; empty where there is none."""
    return (address or "").rpartition("@")[2] if "@" in (address or "") else ""


def lane_of(channel: str, name: str) -> str:
    """The lane of a domain or group of domains on a channel."""
    return f"{channel}/{name}"
