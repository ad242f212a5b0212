"""What each rule alone costs a plan: how many more would get it, and what that would take."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection, func, select

from outreach.decisions.asking import Question
from outreach.decisions.order import REASONS
from outreach.decisions.ruling import Ruling
from outreach.decisions.unlocking import unlocked
from outreach.vocabulary import Reason

# The cheapest remedy first: what a line in our own files changes, then what we could learn, then
# what customers would have to do. What nobody may change is not listed.
_REMEDIES = {
    Reason.OUTSIDE_WINDOW: "with a wider window, or more time before it is `late`",
    Reason.HOLIDAY: "if public holidays were put off or ignored",
    Reason.QUIET_HOURS: "with more time before it is `late`: they are asleep",
    Reason.EXPIRED: "had it been planned in time",
    Reason.CAPPED: "with more room under the limits",
    Reason.RESERVED: "if no campaign before it took their last place",
    Reason.WHEN_FALSE: "without `when`",
    Reason.EXCLUDED: "without `exclude`",
    Reason.CHANNEL_HELD: "once the channel is freed",
    Reason.MISSING_DATA: "if what the template prints were known",
    Reason.NO_ADDRESS: "with an address",
    Reason.NO_CONSENT: "if they agreed",
    Reason.CONSENT_EXPIRED: "if they agreed anew: their yes has ended",
    Reason.HOLDOUT: "if nobody were held out",
}
_BY_CHANNEL = frozenset({
    Reason.NO_ADDRESS, Reason.NO_CONSENT, Reason.CONSENT_EXPIRED, Reason.MISSING_DATA,
    Reason.CHANNEL_HELD,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unlock:
    """Customers whom one rule alone keeps out; `channel` None: whatever the channel."""

    rule: Reason
    channel: str | None
    customers: int
    remedy: str  # what would let them in, in words


def unlocks_of(conn: Connection, question: Question) -> list[Unlock]:
    """What each rule alone keeps out, the cheapest remedy first, then the most customers.

    One pass over the audience that asks every rule of everybody. Who may get it by either of two
    remedies counts for both. Not said of what is never lifted: erasures, suppressions, noes, the
    control group.
    """
    ruling = question.ruling
    rows = unlocked(question).subquery()
    keys = [rows.c[f"only_{number}"] for number in range(len(ruling.channels))]
    query = select(func.count(), *keys).group_by(*keys)
    found: Counter[tuple[Reason, str | None]] = Counter()
    for many, *codes in conn.execute(query):
        which = {
            (reason, channel if reason in _BY_CHANNEL else None)
            for code, channel in zip(codes, ruling.channels, strict=True)
            if code is not None and (reason := REASONS[code]) in _REMEDIES
        }
        found.update(dict.fromkeys(which, many))
    unlocks = [Unlock(rule, to, n, _remedy(ruling, rule, to)) for (rule, to), n in found.items()]
    return _sorted(unlocks)


def unlocks_of_all(parts: Iterable[Iterable[Unlock]]) -> list[Unlock]:
    """What the rules of several messages keep out together, the same remedies summed."""
    found: Counter[tuple[Reason, str | None, str]] = Counter()
    for each in chain.from_iterable(parts):
        found[each.rule, each.channel, each.remedy] += each.customers
    return _sorted([Unlock(rule, to, n, how) for (rule, to, how), n in found.items()])


def _sorted(unlocks: list[Unlock]) -> list[Unlock]:
    order = list(_REMEDIES)
    return sorted(unlocks, key=lambda each: (order.index(each.rule), -each.customers))


def _remedy(ruling: Ruling, rule: Reason, channel: str | None) -> str:
    by = f" by {channel}" if channel else ""
    if rule is Reason.NO_CONSENT:
        return f"if they agreed to {ruling.campaign.topic}{by}"
    if rule is Reason.MISSING_DATA and channel is not None:
        needs = ruling.compiled.needs(channel)
        names = sorted({name for need in needs for name in need.names})
        if names:
            return f"if their {' and '.join(names)} were known{by}"
    return f"{_REMEDIES[rule]}{by}"
