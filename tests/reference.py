"""What must be decided, in plain Python: no SQL, no speed, no code shared with the product.

Written from docs/meanings and tested against them; times are searched minute by minute.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wall_clock import in_the_way, in_window
from world import Consent, Customer, Touch, Verdict, World, address_of, comes_at, picks, zones_of

from outreach.spans import Cap, PerKind
from outreach.vocabulary import ConsentState, Decision, Reason

ORDER = list(Reason)
Target = tuple[str, str]  # a channel and the address there


class Foreseen(Touch):
    """What a campaign above would send: it counts for the customer asked about alone."""


class Going(Touch):
    """A message of this very run to somebody before: open until it goes, and sure to."""


def decide(world: World) -> dict[str, Verdict]:
    """The verdict on each customer of the audience, by key; who is not in it is left out."""
    audience = [c for c in world.customers if picks(world.campaign.audience, c, nothing=True)]
    first: dict[Target, str] = {}  # who gets a channel's address
    for customer in sorted(audience, key=lambda c: c.key, reverse=True):
        first |= dict.fromkeys(_target(world, customer), customer.key)
    found: dict[str, Verdict] = {}
    for customer in sorted(audience, key=lambda c: c.key):
        ahead = _looking_ahead(world, customer)
        verdict = _verdict(ahead, customer, first)
        if verdict.channel:  # it goes: what went to others before may have filled a cap
            ahead = replace(ahead, touches=(*ahead.touches, *_going(world, found)))
            gone = {(t.channel, t.address): t.key for t in _going(world, found)}
            verdict = _verdict(ahead, customer, first | gone)
        found[customer.key] = verdict
    return found


def _going(world: World, found: Mapping[str, Verdict]) -> list[Going]:
    """The run's own messages to those who were decided about so far."""
    it, people = world.campaign, {c.key: c for c in world.customers}
    return [
        Going(
            key, it.name, verdict.channel, address_of(people[key], verdict.channel), it.topic,
            verdict.until or world.asked_at, world.run_at, it.priority, firm=False,
        )
        for key, verdict in found.items()
        if verdict.channel
    ]  # fmt: skip


def _looking_ahead(world: World, customer: Customer) -> World:
    """With what campaigns above would send to the customer's addresses: open touches, as yet."""
    foreseen: list[Touch] = []
    for other in world.others:
        it, at = other.campaign, comes_at(other, customer, world.company)
        if at is None or at < world.asked_at or it.priority <= world.campaign.priority:
            continue
        theirs = replace(world, campaign=it, needs=other.needs)
        audience = [c for c in world.customers if picks(it.audience, c, nothing=True)]
        targets = {t for c in audience for t in _target(theirs, c) if not _unwanted(theirs, c)}
        foreseen += [
            Foreseen(customer.key, it.name, *target, it.topic, at, at, it.priority, firm=False)
            for target in targets
            if address_of(customer, target[0]) == target[1]
        ]
    return replace(world, touches=(*world.touches, *foreseen))


def _target(world: World, customer: Customer) -> list[Target]:
    """The first channel that can reach the customer, with the address there; none: empty."""
    barred, channels = _barred(world, customer), world.campaign.steps[0].channels
    free = [c for c in channels if _refused(world, customer, c) is None and barred is None]
    return [(channel, address_of(customer, channel)) for channel in free[:1]]


def _verdict(world: World, customer: Customer, first: Mapping[Target, str]) -> Verdict:
    if barred := _barred(world, customer):
        return Verdict(Decision.SKIP, barred)
    tried: dict[str, Verdict] = {}
    for channel in world.campaign.steps[0].channels:
        tried[channel], ends = _on_channel(world, customer, channel)
        theirs = first.get((channel, address_of(customer, channel)), customer.key) != customer.key
        if theirs and _refused(world, customer, channel) is None:
            tried[channel], ends = Verdict(Decision.SKIP, Reason.DUPLICATE), True
        if ends:
            break
    capped = [c for c, v in tried.items() if v.reason in (Reason.CAPPED, Reason.RESERVED)]
    if world.campaign.when_capped == "hold" and (channel in capped or not ends):
        for capped_channel in capped:
            until = _leaves_at(world, customer, capped_channel, capped=True)
            if until is not None and (unwanted := _unwanted(world, customer)):
                return Verdict(Decision.SKIP, unwanted)
            if until is not None:
                return Verdict(Decision.HOLD, tried[capped_channel].reason, until, capped_channel)
    # max() gives the first of equals, and the channels are in the file's order
    return tried[channel] if ends else max(tried.values(), key=lambda v: ORDER.index(v.reason))


def _on_channel(world: World, customer: Customer, channel: str) -> tuple[Verdict, bool]:
    """What is decided here, and whether that ends it for the channels after this one too."""
    if refused := _refused(world, customer, channel):
        return Verdict(Decision.SKIP, refused), False
    leaves_at = _leaves_at(world, customer, channel, capped=False)
    for reason, caps in _full(world, customer, channel, leaves_at or world.asked_at).items():
        if caps:
            return Verdict(Decision.SKIP, reason), any(cap.channel is None for cap in caps)
    if unwanted := _unwanted(world, customer):
        return Verdict(Decision.SKIP, unwanted), True
    closed = _closed(world, customer, channel, world.asked_at)
    if leaves_at is None:
        return Verdict(Decision.SKIP, closed), False
    if closed is not None:
        return Verdict(Decision.HOLD, closed, leaves_at, channel), True
    return Verdict(Decision.SEND, None, None, channel), True


def _barred(world: World, customer: Customer) -> Reason | None:
    if customer.erased or customer.merged_into:
        return Reason.ERASED
    exclude = world.campaign.exclude
    return Reason.EXCLUDED if exclude and picks(exclude, customer, nothing=False) else None


def _unwanted(world: World, customer: Customer) -> Reason | None:
    if world.is_transactional(world.campaign.topic):
        return None
    if customer.control_arm < world.company.control_group:
        return Reason.CONTROL_GROUP
    return Reason.HOLDOUT if customer.holdout_arm < world.campaign.holdout else None


def _refused(world: World, customer: Customer, channel: str) -> Reason | None:
    """Why this channel can not reach the customer, whatever the time."""
    address = address_of(customer, channel)
    if not address:
        return Reason.NO_ADDRESS
    if (channel, address) in world.suppressions:
        return Reason.SUPPRESSED
    said = [c for c in world.consents if (c.channel, c.topic) == (channel, world.campaign.topic)]
    now = {c.key: address_of(c, channel) for c in world.customers}
    there = [c for c in said if (c.address or now[c.key]) == address]
    answer = _consent(world, [c for c in said if c.key == customer.key], there)
    lacking = [
        n
        for n in world.needs.get(channel, ())
        if not {"tags": customer.tags, **customer.columns}.get(n)
    ]
    return answer or (Reason.MISSING_DATA if lacking else None)


def _consent(world: World, own: list[Consent], there: list[Consent]) -> Reason | None:
    """The customer's own last word, and any no that was said at the same address."""
    no = ConsentState.WITHDRAWN
    # max() gives the first of equals: what was recorded last counts
    last = max(reversed(own), key=lambda c: (c.at, c.state is no), default=None)
    noes = [c.at for c in there if c.state is no and (last is None or c.at >= last.at)]
    if noes or (last and last.state is no):
        return Reason.CONSENT_WITHDRAWN
    if world.is_transactional(world.campaign.topic):
        return None
    if last is None:
        return Reason.NO_CONSENT
    expired = last.expires_at is not None and last.expires_at <= world.asked_at
    return Reason.CONSENT_EXPIRED if expired else None


def _full(world: World, customer: Customer, channel: str, at: datetime) -> dict[Reason, list[Cap]]:
    """The caps without a free slot at `at`; reserved: only for those that stand before us.

    For the customer, and for everyone else who has the address: they get the message too.
    """
    campaign = world.campaign
    full: dict[Reason, list[Cap]] = {Reason.CAPPED: [], Reason.RESERVED: []}
    if world.is_transactional(campaign.topic):
        return full
    mine = (-campaign.priority, world.run_at, campaign.name)
    for cap in (*world.company.cadence, *campaign.cadence):
        if cap.channel in (None, channel) and cap.topic in (None, campaign.topic):
            zones = zones_of(customer, world.company)
            for reader in _readers(world, customer, channel):
                counted = [
                    touch
                    for touch in world.touches
                    if _concerns(world, cap, touch, reader)
                    and (reader is customer or not isinstance(touch, Foreseen))
                    and any(in_window(cap.per, touch, at, ZoneInfo(zone)) for zone in zones)
                ]
                sure = [t for t in counted if t.firm or isinstance(t, Going)]
                taken = len(sure)
                before = [
                    (-t.priority, t.run_at, t.campaign) < mine for t in counted if t not in sure
                ]
                if taken + sum(before) >= cap.at_most:
                    full[Reason.CAPPED if taken >= cap.at_most else Reason.RESERVED].append(cap)
    return full


def _readers(world: World, customer: Customer, channel: str) -> list[Customer]:
    address, people = address_of(customer, channel), {c.key: c for c in world.customers}
    there = [c for c in world.customers if address and address_of(c, channel) == address]
    others = {c.merged_into or c.key for c in there} - {customer.key}
    return [customer, *(people[key] for key in sorted(others))]


def _concerns(world: World, cap: Cap, touch: Touch, customer: Customer) -> bool:
    closed = [c for c in world.customers if c.merged_into == customer.key]
    merged = {c.key for c in closed}
    sharing = {
        c.key
        for c in world.customers
        for own in (customer, *closed)
        if (c.email and c.email == own.email) or (c.phone and c.phone == own.phone)
    }
    theirs = {address_of(own, touch.channel) for own in (customer, *closed)}
    there = touch.key in sharing and touch.address in theirs
    counts = touch.key in {customer.key, *merged} or there
    named = cap.channel in (None, touch.channel) and cap.topic in (None, touch.topic)
    return counts and named and not world.is_transactional(touch.topic)


def _leaves_at(world: World, customer: Customer, channel: str, capped: bool) -> datetime | None:
    """The first instant within `late` at which times (and caps) pass together."""
    for at in _instants(world):
        full = capped and any(_full(world, customer, channel, at).values())
        if not full and _closed(world, customer, channel, at) is None:
            return at
    return None


def _instants(world: World) -> Iterator[datetime]:
    """The instant asked, each minute before `late`, and each at which a cap to the second frees."""
    start, end, minute = world.asked_at, world.late_at, timedelta(minutes=1)
    caps = (*world.company.cadence, *world.campaign.cadence)
    spans = [timedelta(seconds=c.per.length) for c in caps if c.per.kind is PerKind.SECONDS]
    frees = sorted(t.at + span for t in world.touches for span in spans)
    whole = start.replace(second=0, microsecond=0) + minute
    minutes = (whole + n * minute for n in range((end - start) // minute + 1))
    yield start
    yield from (at for at in heapq.merge(minutes, frees) if start < at < end)


def _closed(world: World, customer: Customer, channel: str, at: datetime) -> Reason | None:
    """The rule of time in the way, in any zone in which the customer may be."""
    topic = world.company.topics.get(world.campaign.topic)
    quiet = () if topic and topic.transactional and topic.urgent else world.company.quiet_hours
    rules = tuple(
        q for q in quiet if q.country in (None, customer.country) and q.channel in (None, channel)
    )
    zones = zones_of(customer, world.company)
    return in_the_way(world.campaign.schedule, rules, zones, at)
