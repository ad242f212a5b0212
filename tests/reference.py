"""What must be decided, in plain Python: no SQL, no speed, no code shared with the product.

Written from docs/meanings and tested against them; times are searched minute by minute.
"""

import heapq
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wall_clock import in_the_way
from world import Consent, Customer, Touch, Verdict, World, address_of, picks, zones_of

from outreach.spans import Cap, Per, PerKind
from outreach.vocabulary import ConsentState, Decision, Reason

ORDER = list(Reason)


def decide(world: World) -> dict[str, Verdict]:
    """The verdict on each customer of the audience, by key; who is not in it is left out."""
    audience = [c for c in world.customers if picks(world.campaign.audience, c, nothing=True)]
    first: dict[tuple[str, str], str] = {}  # who gets a channel's address
    for customer in sorted(audience, key=lambda c: c.key):
        free = _free(world, customer)
        if free and _barred(world, customer) is None:
            first.setdefault((free[0], address_of(customer, free[0])), customer.key)
    return {c.key: _verdict(world, c, first) for c in audience}


def _verdict(world: World, customer: Customer, first: Mapping[tuple[str, str], str]) -> Verdict:
    barred, free = _barred(world, customer), _free(world, customer)
    if barred is None and free and first[free[0], address_of(customer, free[0])] != customer.key:
        barred = Reason.DUPLICATE
    if barred is not None:
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
    refused = _refused(world, customer, channel)
    if refused is not None:
        return Verdict(Decision.SKIP, refused), False
    leaves_at = _leaves_at(world, customer, channel, capped=False)
    for reason, caps in _full(world, customer, channel, leaves_at or world.asked_at).items():
        if caps:
            return Verdict(Decision.SKIP, reason), any(cap.channel is None for cap in caps)
    unwanted = _unwanted(world, customer)
    if unwanted is not None:
        return Verdict(Decision.SKIP, unwanted), True
    closed = _closed(world, customer, channel, world.asked_at)
    if leaves_at is None:
        return Verdict(Decision.SKIP, closed), False
    if closed is not None:
        return Verdict(Decision.HOLD, closed, leaves_at, channel), True
    return Verdict(Decision.SEND, None, None, channel), True


def _barred(world: World, customer: Customer) -> Reason | None:
    if customer.erased:
        return Reason.ERASED
    exclude = world.campaign.exclude
    return Reason.EXCLUDED if exclude and picks(exclude, customer, nothing=False) else None


def _unwanted(world: World, customer: Customer) -> Reason | None:
    if world.is_transactional(world.campaign.topic):
        return None
    if customer.control_arm < world.company.control_group:
        return Reason.CONTROL_GROUP
    return Reason.HOLDOUT if customer.holdout_arm < world.campaign.holdout else None


def _free(world: World, customer: Customer) -> list[str]:
    channels = world.campaign.steps[0].channels
    return [channel for channel in channels if _refused(world, customer, channel) is None]


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
    lacking = [n for n in world.needs.get(channel, ()) if not customer.columns.get(n)]
    return answer or (Reason.MISSING_DATA if lacking else None)


def _consent(world: World, own: list[Consent], there: list[Consent]) -> Reason | None:
    """The customer's own last word, and any no that was said at the same address."""
    no = ConsentState.WITHDRAWN
    last = max(own, key=lambda c: (c.at, c.state is no), default=None)
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
    """The caps without a free slot at `at`; reserved: only for those that stand before us."""
    campaign = world.campaign
    full: dict[Reason, list[Cap]] = {Reason.CAPPED: [], Reason.RESERVED: []}
    if world.is_transactional(campaign.topic):
        return full
    mine = (-campaign.priority, world.run_at, campaign.name)
    for cap in (*world.company.cadence, *campaign.cadence):
        if cap.channel in (None, channel) and cap.topic in (None, campaign.topic):
            zones = zones_of(customer, world.company)
            counted = [
                touch
                for touch in world.touches
                if _concerns(world, cap, touch, customer)
                and any(_in_window(cap.per, touch, at, ZoneInfo(zone)) for zone in zones)
            ]
            taken = sum(t.firm for t in counted)
            wanted = sum(not t.firm and (-t.priority, t.run_at, t.campaign) < mine for t in counted)
            if taken + wanted >= cap.at_most:
                full[Reason.CAPPED if taken >= cap.at_most else Reason.RESERVED].append(cap)
    return full


def _concerns(world: World, cap: Cap, touch: Touch, customer: Customer) -> bool:
    theirs = touch.key == customer.key or touch.address == address_of(customer, touch.channel)
    named = cap.channel in (None, touch.channel) and cap.topic in (None, touch.topic)
    return theirs and named and not world.is_transactional(touch.topic)


def _in_window(per: Per, touch: Touch, at: datetime, zone: ZoneInfo) -> bool:
    """A firm touch counts backwards from `at`, an open one on both sides of it."""
    if per.kind is PerKind.SECONDS:
        gap = at - touch.at
        return (gap if touch.firm else abs(gap)) < timedelta(seconds=per.length)
    today, then = at.astimezone(zone).date(), touch.at.astimezone(zone).date()
    if per.kind is PerKind.WEEK:
        return today.isocalendar()[:2] == then.isocalendar()[:2]
    if per.kind is PerKind.MONTH:
        return (today.year, today.month) == (then.year, then.month)
    days = (today - then).days
    return (days >= 0 if touch.firm else -days < per.length) and days < per.length


def _leaves_at(world: World, customer: Customer, channel: str, capped: bool) -> datetime | None:
    """The first instant within `late` at which times (and caps) pass together."""
    for at in _instants(world):
        if _closed(world, customer, channel, at) is None and not (
            capped and any(_full(world, customer, channel, at).values())
        ):
            return at
    return None


def _instants(world: World) -> Iterator[datetime]:
    """The instant asked, each minute until `late`, and each at which a cap to the second frees."""
    start, end, minute = world.asked_at, world.late_at, timedelta(minutes=1)
    caps = (*world.company.cadence, *world.campaign.cadence)
    spans = [timedelta(seconds=c.per.length) for c in caps if c.per.kind is PerKind.SECONDS]
    frees = sorted(t.at + span for t in world.touches for span in spans)
    whole = start.replace(second=0, microsecond=0) + minute
    minutes = (whole + n * minute for n in range((end - start) // minute + 1))
    yield start
    yield from (at for at in heapq.merge(minutes, frees) if start < at <= end)


def _closed(world: World, customer: Customer, channel: str, at: datetime) -> Reason | None:
    """The rule of time in the way, in any zone in which the customer may be."""
    topic = world.company.topics.get(world.campaign.topic)
    quiet = () if topic and topic.transactional and topic.urgent else world.company.quiet_hours
    rules = tuple(
        q for q in quiet if q.country in (None, customer.country) and q.channel in (None, channel)
    )
    zones = zones_of(customer, world.company)
    return in_the_way(world.campaign.schedule, rules, zones, at)
