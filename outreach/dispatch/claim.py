"""The claim: pick, lock the customers, decide again, reserve the slot, in one transaction.

Each step is a statement of its own. Under READ COMMITTED a statement that locks and counts at
once would count in the snapshot from before it got the lock, and go over the cap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from outreach.clock import Instants
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.dispatch.held import Held
from outreach.dispatch.purse import Grant
from outreach.dispatch.rulebook import Rulebook
from outreach.settings.company import Company
from outreach.store import deliveries, enrolments
from outreach.store.deliveries import Claim, Picked, Ruled
from outreach.store.sharing import sharers
from outreach.vocabulary import Decision, Reason, State

LAPSED_ONCE = 20  # rows that lapsed come back in small batches …
ALONE_FROM = 2  # … and from so many lapses on alone, so that the one at fault is found


@dataclass(frozen=True, slots=True)
class Haul:
    """What a claim brought: deliveries in our hands, and what became of the rest."""

    held: tuple[Held, ...] = ()
    states: tuple[State, ...] = ()  # of those decided against
    moved_to: frozenset[str] = frozenset()  # other channels on which some wait from now on
    astray: int = 0  # those that wait in another lane from now on

    def is_empty(self) -> bool:
        """Whether nothing changed: all that was due is in others' hands."""
        return not (self.held or self.states or self.moved_to or self.astray)


@dataclass(frozen=True, slots=True)
class Claimer:
    """Claims for one worker; `limit` is the most of one transaction."""

    worker_id: int
    rulebook: Rulebook
    limit: int

    def claim(
        self, conn: Connection, run: Row[Any], ruling: Ruling, channel: str,
        at: Instants, grant: Grant | None = None,
    ) -> Haul:  # fmt: skip
        """Claim what may be sent now of a run on a channel; the rest is put off, or stays due.

        At most one of a customer and of an address. Where a customer, or anybody who shares
        an address with them, is locked by somebody else the delivery stays due. What belongs in
        another lane than the `grant` was made for changes to it.
        """
        company = ruling.company
        free = Grant(company.limits(channel), (("", self.limit),), self.limit)
        grant = grant or free
        limit = min(self.limit, grant.total)
        picked = deliveries.pick(conn, run.id, channel, at, grant.shares, limit)
        late = [one for one in picked if at.now > one.late_at]
        in_time = [one for one in picked if at.now <= one.late_at]
        there = [one for one in in_time if grant.lane(one.lane, one.address) == one.lane]
        mine = lockable(conn, in_company(there))
        ids = [one.id for one in mine]
        verdicts = self.rulebook.recheck(conn, ruling, run.id, run.occurrence_at, ids, at.now)
        sorted_out = _SortedOut(company, grant, at.now)
        sorted_out.lead(in_time)
        for one in late:
            sorted_out.add(one, None)
        for one in mine:
            sorted_out.add(one, verdicts.get(one.id))
        claims = [Claim(one.id, one.fence, v.address or "", v.consent_id, v.locale, v.variant)
                  for one, v in sorted_out.send]  # fmt: skip
        ours = deliveries.claim(conn, self.worker_id, claims, at.now)
        written = deliveries.put_off(conn, sorted_out.ruled, at.now)
        if ruling.campaign.exit is not None and written:
            enrolments.look_again(conn, list(written), at.now)
        held = [
            _held(one, v, run.id, ruling, grant) for one, v in sorted_out.send if one.id in ours
        ]
        ruled = [one for one in sorted_out.ruled if one.id in written]
        return _haul(channel, held, [replace(one, state=written[one.id]) for one in ruled])


def in_company(picked: Sequence[Picked]) -> Sequence[Picked]:
    """Those that may be claimed together with the first: what lapsed before, in small company."""
    if not picked or picked[0].lapses == 0:
        return [one for one in picked if one.lapses == 0]
    if picked[0].lapses >= ALONE_FROM:
        return picked[:1]
    return [one for one in picked if one.lapses == picked[0].lapses][:LAPSED_ONCE]


def lockable(conn: Connection, picked: Sequence[Picked]) -> list[Picked]:
    """Those whose customers, and all who share an address with them, this transaction locked.

    Of several that share an address the first stays, and of several who share one each with a
    third: what goes to either counts for that one. The others wait for the next claim.
    """
    before = sharers(conn, {one.customer_id for one in picked if one.shares})
    wanted = {one.customer_id for one in picked}.union(*before.values())
    locked = deliveries.try_lock_customers(conn, wanted) if wanted else {}
    # Asked again under the lock: until then an import could give the address to one more.
    sharing = {one.customer_id for one in picked if locked.get(one.customer_id)}
    groups = sharers(conn, sharing)
    chosen: list[Picked] = []
    taken: set[int] = set()
    for one in picked:
        group = groups.get(one.customer_id, {one.customer_id})
        if group <= locked.keys() and not group & taken:
            chosen.append(one)
            taken |= group
    return chosen


class _SortedOut:
    """Verdicts, parted into what is sent now and what is written otherwise."""

    def __init__(self, company: Company, grant: Grant, now: datetime) -> None:
        self.company = company
        self.grant = grant
        self.channel = grant.limits.channel
        self.now = now
        self.send: list[tuple[Picked, Verdict]] = []
        self.ruled: list[Ruled] = []

    def lead(self, picked: Sequence[Picked]) -> None:
        """Put what is in a lane that is not its own where it belongs; nothing is decided yet."""
        for one in picked:
            if self.grant.lane(one.lane, one.address) != one.lane:
                self._wait(one, one.address)

    def add(self, one: Picked, verdict: Verdict | None) -> None:
        """Sort out one delivery. No verdict: its customer is not in the audience any more."""
        if self.now > one.late_at:
            self._end(one, State.EXPIRED, Reason.EXPIRED, self.channel)
        elif verdict is None:
            self._end(one, State.SKIPPED, Reason.NOT_IN_AUDIENCE, self.channel)
        elif verdict.decision is Decision.SKIP:
            self._end(one, State.SKIPPED, verdict.reason, verdict.channel)
        elif verdict.decision is Decision.HOLD:
            # never «held until now»: it would be picked again at once, for ever
            until = max(verdict.until or self.now, self.now + timedelta(seconds=1))
            self._hold(one, verdict, until)
        elif verdict.channel != self.channel:
            self._wait(one, verdict.address, verdict.channel)
        elif self.grant.lane(one.lane, verdict.address) != one.lane:  # the address is a new one
            self._wait(one, verdict.address)
        else:
            self.send.append((one, verdict))

    def _end(self, one: Picked, state: State, reason: Reason | None, channel: str | None) -> None:
        channel = channel or self.channel
        self.ruled.append(Ruled(one.id, one.fence, state, reason, one.due_at, channel, one.lane))

    def _hold(self, one: Picked, verdict: Verdict, until: datetime) -> None:
        channel = verdict.channel or self.channel
        lane = self._lane(one, channel, verdict.address)
        self.ruled.append(
            Ruled(one.id, one.fence, State.HELD, verdict.reason, until, channel, lane)
        )

    def _wait(self, one: Picked, address: str | None, channel: str | None = None) -> None:
        channel = channel or self.channel
        lane = self._lane(one, channel, address)
        self.ruled.append(Ruled(one.id, one.fence, State.DUE, None, one.due_at, channel, lane))

    def _lane(self, one: Picked, channel: str, address: str | None) -> str:
        if channel == self.channel:
            return self.grant.lane(one.lane, address)
        return self.company.limits(channel).lane(address)


def _held(one: Picked, verdict: Verdict, run_id: int, ruling: Ruling, grant: Grant) -> Held:
    return Held(
        id=one.id,
        fence=one.fence + 1,
        run_id=run_id,
        customer_id=one.customer_id,
        channel=verdict.channel or "",
        address=verdict.address or "",
        locale=verdict.locale,
        due_at=one.due_at,
        late_at=one.late_at,
        lapses=one.lapses,
        tries=one.tries,
        resend=ruling.campaign.on_unknown == "resend",
        variant=verdict.variant,
        lane=one.lane,
        paid=grant.paid(one.lane),
    )


def _haul(channel: str, held: Sequence[Held], ruled: Sequence[Ruled]) -> Haul:
    states = tuple(one.state for one in ruled if one.state is not State.DUE)
    waits = [one.channel for one in ruled if one.state is State.DUE and one.channel]
    moved = frozenset(waits) - {channel}
    return Haul(tuple(held), states, moved, waits.count(channel))
