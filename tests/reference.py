"""What must be decided, in plain Python: no SQL, no speed, no code shared with the product.

Written from docs/meanings and tested against them; times are searched minute by minute.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from readers import is_touched, readers
from wall_clock import in_the_way, in_window, instants, is_left_out, left_out
from winner_reference import with_winner
from world import Cap, Customer, Foreseen, Going, Verdict, World, address_of, picks
from yearly import coming, is_its_day, is_on

from outreach.vocabulary import ConsentState, Decision, Reason

Target = tuple[str, str]  # a channel and the address there


def decide(world: World) -> dict[str, Verdict]:
    """The verdict on each customer of the audience, by key; who is not in it is left out."""
    people = sorted((c for c in world.audience if is_its_day(world, c)), key=lambda c: c.key)
    first = {to: c.key for c in reversed(people) for to in _target(world, c)}  # who gets an address
    found: dict[str, Verdict] = {}
    going: dict[Target, Going] = {}
    for customer in people:
        ahead = world.with_touches(_foreseen(world, customer))
        verdict = _verdict(ahead, customer, first)
        if verdict.channel:  # it goes: what goes to others before may be one too many with it
            used = {target: touch.key for target, touch in going.items()}
            verdict = _verdict(ahead.with_touches(going.values()), customer, first | used)
        if verdict.channel:
            it, at = world.campaign, verdict.until or world.asked_at
            target = (verdict.channel, address_of(customer, verdict.channel))
            going[target] = Going(
                customer.key, it.name, *target, it.topic, at, world.run_at, it.priority
            )
        found[customer.key] = verdict
    return found


def _foreseen(world: World, customer: Customer) -> list[Foreseen]:
    """What campaigns above would send to the customer's addresses: open touches, as yet."""
    found: list[Foreseen] = []
    for other, at, day in coming(world, customer):
        it = other.campaign
        theirs = replace(world, campaign=it, needs=other.needs)
        there = [c for c in theirs.audience if day is None or is_on(it.schedule, c, day)]
        wanted = [c for c in there if not _held_out(theirs, c)]
        reached = {target for c in wanted for target in _target(theirs, c)}
        for target in reached & {(c, address_of(customer, c)) for c in it.steps[0].channels}:
            found.append(Foreseen(customer.key, it.name, *target, it.topic, at, at, it.priority))
    return found


def _target(world: World, customer: Customer) -> list[Target]:
    """The first channel that can reach the customer, with the address there; none: empty."""
    if _barred(world, customer):
        return []
    free = [c for c in world.campaign.steps[0].channels if _refused(world, customer, c) is None]
    return [(channel, address_of(customer, channel)) for channel in free[:1]]


@with_winner
def _verdict(world: World, customer: Customer, first: Mapping[Target, str]) -> Verdict:
    """What is decided where these keys get these addresses."""
    if barred := _barred(world, customer):
        return Verdict(Decision.SKIP, barred)
    tried: dict[str, Verdict] = {}
    for channel in world.campaign.steps[0].channels:
        tried[channel], ends = _on_channel(world, customer, channel, first)
        if ends:
            break
    capped = [c for c, v in tried.items() if v.reason in (Reason.CAPPED, Reason.RESERVED)]
    if world.campaign.when_capped == "hold" and (channel in capped or not ends):
        for waiting in capped:
            until = _leaves_at(world, customer, waiting, capped=True)
            if until is not None and (held_out := _held_out(world, customer)):
                return Verdict(Decision.SKIP, held_out)
            if until is not None:
                return Verdict(Decision.HOLD, tried[waiting].reason, until, waiting)
    if ends:
        return tried[channel]  # else max() gives the first of equals, in the file's order
    return max(tried.values(), key=lambda v: list(Reason).index(v.reason))


def _on_channel(
    world: World, customer: Customer, channel: str, first: Mapping[Target, str]
) -> tuple[Verdict, bool]:
    """What is decided here, and whether that ends it for the channels after this one too."""
    if refused := _refused(world, customer, channel):
        return Verdict(Decision.SKIP, refused), False
    if first.get((channel, address_of(customer, channel)), customer.key) != customer.key:
        return Verdict(Decision.SKIP, Reason.DUPLICATE), True
    leaves_at = _leaves_at(world, customer, channel, capped=False)
    if full := _full(world, customer, channel, leaves_at or world.asked_at):
        return Verdict(Decision.SKIP, full[0]), full[1]
    if held_out := _held_out(world, customer):
        return Verdict(Decision.SKIP, held_out), True
    closed = in_the_way(world, customer, channel, world.asked_at)
    if leaves_at is None:
        return Verdict(Decision.SKIP, left_out(world, customer, channel) or closed), False
    if closed is not None:
        return Verdict(Decision.HOLD, closed, leaves_at, channel), True
    return Verdict(Decision.SEND, None, None, channel), True


def _barred(world: World, customer: Customer) -> Reason | None:
    if customer.erased or customer.merged_into:
        return Reason.ERASED
    exclude = world.campaign.exclude
    return Reason.EXCLUDED if exclude and picks(exclude, customer, nothing=False) else None


def _held_out(world: World, customer: Customer) -> Reason | None:
    asked = not world.is_transactional(world.campaign.topic)
    if asked and customer.control_arm < world.company.control_group:
        return Reason.CONTROL_GROUP
    return Reason.HOLDOUT if asked and customer.holdout_arm < world.campaign.holdout else None


def _refused(world: World, customer: Customer, channel: str) -> Reason | None:
    """Why this channel can not reach the customer, whatever the time."""
    address = address_of(customer, channel)
    if not address:
        return Reason.NO_ADDRESS
    if (channel, address) in world.suppressions:
        return Reason.SUPPRESSED
    known = {"tags": customer.tags, **customer.columns}
    lacks = any(not known.get(name) for name in world.needs.get(channel, ()))
    return _consent(world, customer, channel) or (Reason.MISSING_DATA if lacks else None)


def _consent(world: World, customer: Customer, channel: str) -> Reason | None:
    """The customer's own last word, and any no that was said at the same address."""
    no, now = ConsentState.WITHDRAWN, {c.key: address_of(c, channel) for c in world.customers}
    said = [c for c in world.consents if (c.channel, c.topic) == (channel, world.campaign.topic)]
    own = [c for c in said if c.key == customer.key]
    # max() gives the first of equals: what was recorded last counts
    last = max(reversed(own), key=lambda c: (c.at, c.state is no), default=None)
    there = [c for c in said if (c.address or now[c.key]) == now[customer.key] and c.state is no]
    if any(last is None or c.at >= last.at for c in there) or (last and last.state is no):
        return Reason.CONSENT_WITHDRAWN
    if world.is_transactional(world.campaign.topic):
        return None
    if last is None:
        return Reason.NO_CONSENT
    expired = last.expires_at is not None and last.expires_at <= world.asked_at
    return Reason.CONSENT_EXPIRED if expired else None


def _full(
    world: World, customer: Customer, channel: str, at: datetime
) -> tuple[Reason, bool] | None:
    """Why caps leave no slot at `at`, and whether that ends it: where one is over all channels.

    A slot is needed of everyone who has the address: they get the message too.
    """
    answers = [
        (reason, cap.channel is None)
        for cap in world.caps
        if cap.channel in (None, channel) and cap.topic in (None, world.campaign.topic)
        for reader in readers(world, customer, channel)
        if (reason := _taken(world, cap, customer, reader, at))
    ]
    return max(answers, key=lambda answer: (answer[0] is Reason.CAPPED, answer[1]), default=None)


def _taken(
    world: World, cap: Cap, customer: Customer, reader: Customer, at: datetime
) -> Reason | None:
    """Capped: touches alone fill the cap; reserved: with what is open and stands before us."""
    counted = [
        touch
        for touch in world.touches
        if cap.channel in (None, touch.channel) and cap.topic in (None, touch.topic)
        if not world.is_transactional(touch.topic) and is_touched(world, reader, touch)
        if reader is customer or not isinstance(touch, Foreseen)
        if in_window(world, customer, cap.per, touch, at)
    ]
    sure = [t for t in counted if t.firm or isinstance(t, Going)]
    mine = (-world.campaign.priority, world.run_at, world.campaign.name)
    before = [t for t in counted if (-t.priority, t.run_at, t.campaign) < mine and t not in sure]
    if len(sure) >= cap.at_most:
        return Reason.CAPPED
    return Reason.RESERVED if len(sure) + len(before) >= cap.at_most else None


def _leaves_at(world: World, customer: Customer, channel: str, capped: bool) -> datetime | None:
    """The first instant within `late` at which times (and caps) pass together."""
    for at in instants(world):
        left = is_left_out(world, customer, channel, at)
        if left and at == world.asked_at:
            return None
        if (left or in_the_way(world, customer, channel, at) is None) and not (
            capped and _full(world, customer, channel, at)
        ):
            return None if left else at
    return None
