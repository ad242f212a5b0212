"""What one decision depends on, as plain values: tests decide it by reference and by database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from outreach.campaign.model import Campaign, Selection
from outreach.settings.company import Company
from outreach.spans import Cap
from outreach.vocabulary import ConsentState, Decision, Reason


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as it stands; `zones`: where it may be, asked only while `timezone` is unknown."""

    key: str
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    zones: tuple[str, ...] = ()
    country: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)  # stage tier owner locale first_name …
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)  # named ones: YYYY-MM-DD or MM-DD
    erased: bool = False
    merged_into: str = ""  # the key of who counts for both
    control_arm: int = 0  # of 10,000; in the control group below company.control_group
    holdout_arm: int = 0  # of 10,000; held out below campaign.holdout
    test_arm: int = 0  # of 10,000; variants are tried on it below campaign.winner.test


@dataclass(frozen=True, slots=True)
class Consent:
    """One row of the ledger; `address` is what the customer had then, "" what it has now."""

    key: str
    channel: str
    topic: str
    state: ConsentState
    at: datetime
    expires_at: datetime | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """A delivery that occupies a cadence slot `at`: firm once claimed, open (due, held) before."""

    key: str
    campaign: str
    channel: str
    address: str
    topic: str
    at: datetime
    run_at: datetime
    priority: int = 50
    firm: bool = True


@dataclass(frozen=True, slots=True)
class Foreseen(Touch):
    """What a campaign above would send: it counts for the customer asked about alone."""

    firm: bool = False


@dataclass(frozen=True, slots=True)
class Going(Touch):
    """A message of this very run to somebody before: open until it goes, and sure to."""

    firm: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """Another campaign that is active, once or by hand; planned: its run has written its rows."""

    campaign: Campaign
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    planned: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """One campaign is asked about its customers; `late` runs from each one's planned instant."""

    customers: tuple[Customer, ...]
    campaign: Campaign
    company: Company
    asked_at: datetime  # the planned instant
    run_at: datetime  # of this campaign's own run, for the order of open deliveries
    consents: tuple[Consent, ...] = ()
    suppressions: frozenset[tuple[str, str]] = frozenset()  # (channel, address)
    touches: tuple[Touch, ...] = ()
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)  # columns, by channel
    others: tuple[Other, ...] = ()  # campaigns that may reserve slots

    @property
    def late_at(self) -> datetime:
        """The last instant at which a message may leave."""
        return self.asked_at + self.campaign.schedule.late

    @property
    def audience(self) -> list[Customer]:
        """Whom the campaign picks."""
        return [c for c in self.customers if picks(self.campaign.audience, c, nothing=True)]

    @property
    def caps(self) -> tuple[Cap, ...]:
        """The company's and the campaign's own; none for what was ordered."""
        every = (*self.company.cadence, *self.campaign.cadence)
        return () if self.is_transactional(self.campaign.topic) else every

    def with_touches(self, more: Iterable[Touch]) -> "World":
        """The same with more touches."""
        return replace(self, touches=(*self.touches, *more))

    def is_transactional(self, topic: str) -> bool:
        """Whether the company calls the topic so."""
        return topic in self.company.topics and self.company.topics[topic].transactional


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one customer; `channel` is where it goes, None where it goes nowhere."""

    decision: Decision
    reason: Reason | None = None
    until: datetime | None = None
    channel: str | None = None


def address_of(customer: Customer, channel: str) -> str:
    """The customer's address on a channel, "" for none."""
    return {"email": customer.email, "sms": customer.phone}[channel] or ""


def zones_of(customer: Customer, company: Company) -> tuple[str, ...]:
    """Where the customer may be: its own zone, else the possible ones, else company time."""
    if customer.timezone:
        return (customer.timezone,)
    return customer.zones or (company.brand.timezone,)


def own_zone(customer: Customer, company: Company) -> str:
    """The zone of the customer's own dates."""
    zones = zones_of(customer, company)
    return zones[0] if len(zones) == 1 else company.brand.timezone


def comes_at(other: Other, customer: Customer, company: Company) -> datetime | None:
    """When another campaign comes for a customer; None: it does not, or its run has its rows."""
    schedule = other.campaign.schedule
    if other.planned or schedule.at_local is None:
        return None if other.planned else schedule.at
    fixed = schedule.timezone != "customer"
    zone = schedule.timezone if fixed else own_zone(customer, company)
    return schedule.at_local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def picks(selection: Selection, customer: Customer, nothing: bool) -> bool:
    """Whether each key given holds, `nothing` where none is given; expressions are not read."""
    answers = [
        customer.columns.get(name) in getattr(selection, name)
        for name in ("stage", "tier", "owner", "locale")
        if getattr(selection, name)
    ]
    answers += [customer.country in selection.country] if selection.country else []
    answers += [any(t in selection.tags for t in customer.tags)] if selection.tags else []
    return all(answers) if answers else nothing
