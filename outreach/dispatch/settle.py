"""What an answer makes of a delivery, and the transaction that writes a flush of answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from outreach.channels.adapter import Outcome
from outreach.clock import Instants
from outreach.dispatch.final import finals_of
from outreach.dispatch.held import Held
from outreach.dispatch.purse import refund
from outreach.dispatch.retry import Backoff
from outreach.store import attempts, custody, run_answers, soft_bounces, suppressions, tasks
from outreach.store.attempts import Attempt
from outreach.store.custody import Settlement
from outreach.store.fallbacks import FAILED_FOR_GOOD, fall_over
from outreach.store.handover import Accepted, Desk, Handing, exchange, exchange_and_commit
from outreach.store.suppressions import Suppression
from outreach.vocabulary import Answer, Fault, State

# Faults of a refusal after which the address is never used again, with the suppression's reason.
SUPPRESSING = {Fault.ADDRESS: "hard_bounce", Fault.OPTED_OUT: "opted_out"}


class Answered(NamedTuple):
    """An outcome, what it is an answer to, and when it came by the real clock."""

    held: Held
    outcome: Outcome
    at: datetime

    @property
    def is_unsent(self) -> bool:
        """Whether the provider never had it: not begun, nobody reached, the channel refused."""
        outcome = self.outcome
        ours = outcome.answer is Answer.UNREACHABLE or outcome.fault is Fault.CHANNEL
        return ours or not outcome.begun

    @property
    def suppresses(self) -> str | None:
        """Why the address must never be used again; None: it may."""
        if self.outcome.answer is not Answer.REJECTED:
            return None
        return SUPPRESSING.get(self.outcome.fault)

    @property
    def is_plain(self) -> bool:
        """Whether the provider took the message, and that is all there is to it."""
        return self.outcome.answer is Answer.ACCEPTED and self.outcome.task is None

    @property
    def is_about_address(self) -> bool:
        """Whether it speaks against the address, for good or for now."""
        return self.suppresses is not None or self.outcome.fault is Fault.MAILBOX


def settlement(answered: Answered, now: datetime, backoff: Backoff) -> Settlement:
    """What one answer makes of its delivery; `now` by the decisions' clock."""
    held, outcome = answered.held, answered.outcome
    if not outcome.begun:
        return Settlement(held.id, held.fence, State.DUE, None, begun=False)
    provider_id = attempts.storable(outcome.provider_id)
    match outcome.answer:
        case Answer.ACCEPTED:
            return Settlement(
                held.id, held.fence, State.SENT, answered.at, sent_at=now, provider_id=provider_id
            )
        case Answer.REJECTED:
            reason = outcome.fault.value
            return Settlement(held.id, held.fence, State.FAILED, answered.at, reason)
        case Answer.UNKNOWN if not held.resend:
            return Settlement(
                held.id, held.fence, State.UNKNOWN, answered.at,
                attempts.storable(outcome.stage), provider_id=provider_id,
            )  # fmt: skip
        case Answer.UNKNOWN:
            return _again(answered, now, backoff)._replace(doubt=True)
        case _:
            return _again(answered, now, backoff)


def _again(answered: Answered, now: datetime, backoff: Backoff) -> Settlement:
    """Due once more, unless it would be too late by then.

    An unreachable server and a refusal of the channel as such say nothing of this message: its
    own waits do not grow. All waits together are bounded as well, so that a run under a frozen
    clock ends.
    """
    held, outcome = answered.held, answered.outcome
    ours = outcome.answer is Answer.UNREACHABLE or outcome.fault is Fault.CHANNEL
    tries = 0 if ours else held.tries
    wait = backoff.wait(tries)
    if max(now, held.due_at + backoff.waited(held.tries)) + wait > held.late_at:
        return Settlement(held.id, held.fence, State.EXPIRED, answered.at, State.EXPIRED.value)
    return Settlement(
        held.id, held.fence, State.DUE, None, retry_at=answered.at + wait, tries=0 if ours else 1
    )  # fmt: skip


def settled(conn: Connection, settlements: Sequence[Settlement], now: datetime) -> dict[int, State]:
    """Write what answers say, and let what failed for good wait for the next channel of its step.

    The state that each delivery has now, if it moved; `now` by the decisions' clock.
    """
    moved = custody.settle(conn, settlements)
    failed = [id_ for id_, state in moved.items() if state in FAILED_FOR_GOOD]
    return {**moved, **dict.fromkeys(fall_over(conn, failed, now), State.DUE)}


def runs_and_outcomes(flush: Sequence[Answered]) -> list[tuple[int, Outcome]]:
    """Each answer with the id of the run that its message belongs to."""
    return [(one.held.run_id, one.outcome) for one in flush]


def _accepted(one: Answered) -> Accepted:
    said, storable = one.outcome, attempts.storable
    return (
        said.id, one.held.fence, one.at, storable(said.stage), storable(said.code),
        storable(said.detail), storable(said.provider_id), one.held.run_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where a channel's answers are written: attempts, suppressions and the deliveries."""

    worker_id: int
    channel: str
    adapter: str
    backoff: Backoff

    def settle(
        self, conn: Connection, flush: Sequence[Answered], at: Instants
    ) -> tuple[list[Settlement], dict[int, State]]:
        """Write a flush of answers; what each said, and the state of those that moved.

        What was written before, though nobody confirmed it, is not counted again. Customers are
        locked before deliveries, as everywhere, so only where an address is suppressed.
        """
        about = {one.held.address for one in flush if one.is_about_address}
        addressees = suppressions.lock_addressees(conn, self.channel, about)
        settlements = [settlement(one, at.now, self.backoff) for one in flush]
        moved = settled(conn, settlements, at.now)
        self._count(conn, self._unwritten(conn, flush, moved), addressees, at.now)
        given = [one.outcome.task for one in flush if moved.get(one.held.id) is State.SENT]
        tasks.give_out(conn, [task for task in given if task is not None], at.now)
        return settlements, moved

    def exchange(
        self,
        conn: Connection,
        flush: Sequence[Answered],
        wanted: Sequence[Handing],
        at: Instants,
    ) -> tuple[list[Settlement], dict[int, State], set[int]]:
        """As `settle`, and hand over what is wanted; also the ids of that which may go out."""
        plain = [one for one in flush if one.is_plain]
        others = [one for one in flush if not one.is_plain]
        settlements, moved = self.settle(conn, others, at) if others else ([], {})
        settlements += [settlement(one, at.now, self.backoff) for one in plain]
        desk = Desk(self.worker_id, self.channel, self.adapter)
        sent, handed = exchange(conn, desk, [_accepted(one) for one in plain], wanted, at.now)
        overtaken = [one for one in plain if one.held.id not in sent]
        if overtaken:
            self.count_overtaken(conn, overtaken, at.now)
        return settlements, {**moved, **dict.fromkeys(sent, State.SENT)}, handed

    def exchange_and_commit(
        self,
        conn: Connection,
        plain: Sequence[Answered],
        wanted: Sequence[Handing],
        at: Instants,
    ) -> tuple[list[Settlement], dict[int, State], set[int]]:
        """As `exchange` of plain answers, in one round trip and committed; no transaction is open.

        What did not move is left to `count_overtaken`.
        """
        desk = Desk(self.worker_id, self.channel, self.adapter)
        accepted = [_accepted(one) for one in plain]
        sent, handed = exchange_and_commit(conn, desk, accepted, wanted, at.now)
        settlements = [settlement(one, at.now, self.backoff) for one in plain]
        return settlements, dict.fromkeys(sent, State.SENT), handed

    def count_overtaken(self, conn: Connection, plain: Sequence[Answered], now: datetime) -> None:
        """Write down answers that moved nothing: somebody else settled them, or claimed anew."""
        self._count(conn, self._unwritten(conn, plain, {}), (), now)

    def _unwritten(
        self, conn: Connection, flush: Sequence[Answered], moved: Mapping[int, State]
    ) -> list[Answered]:
        """The answers that no transaction before this one wrote; any such has ended by now.

        What moved was not settled before, but for what is `unknown`, which may become so twice.
        Of the rest an attempt tells; what was not begun leaves none, and moves once.
        """
        new = {id_ for id_, state in moved.items() if state is not State.UNKNOWN}
        asked = [one.held for one in flush if one.outcome.begun and one.held.id not in new]
        written = attempts.written(conn, {(held.id, held.fence) for held in asked})
        new |= {held.id for held in asked if (held.id, held.fence) not in written}
        return [one for one in flush if one.held.id in new]

    def _count(
        self, conn: Connection, flush: Sequence[Answered], addressees: Sequence[int], now: datetime
    ) -> None:
        """Write what follows from answers: attempts, suppressions, quotas and the runs' sums.

        Of a customer who was erased meanwhile no address is written down.
        """
        about = [one.held.id for one in flush if one.is_about_address]
        erased = custody.without_address(conn, about)
        full = [
            one for one in flush
            if one.outcome.fault is Fault.MAILBOX and one.held.id not in erased
        ]  # fmt: skip
        against = [one for one in flush if one.suppresses]
        others = [one for one in flush if one.outcome.begun and not one.suppresses]
        attempts.add(conn, [self._attempt(one) for one in others])
        ids = attempts.record(conn, [self._attempt(one) for one in against])
        new = [
            self._suppression(one, id_, now)
            for one, id_ in zip(against, ids, strict=True)
            if one.held.id not in erased
        ]
        new += self._given_up(conn, full, now)
        suppressions.suppress(conn, self.channel, new, addressees)
        refund(conn, [one.held for one in flush if one.is_unsent])
        run_answers.count(conn, self.worker_id, self.channel, finals_of(runs_and_outcomes(flush)))

    def _given_up(
        self, conn: Connection, full: Sequence[Answered], now: datetime
    ) -> list[Suppression]:
        """Of the addresses whose mailbox is full those that were so on day after day."""
        addresses = soft_bounces.note(conn, self.channel, {one.held.address for one in full}, now)
        return [
            Suppression(self.channel, address, "soft_bounces", self.adapter, now)
            for address in sorted(addresses)
        ]

    def _attempt(self, one: Answered) -> Attempt:
        return Attempt(
            one.outcome, one.held.fence, self.channel, self.adapter, self.worker_id, one.at
        )

    def _suppression(self, one: Answered, attempt_id: int, now: datetime) -> Suppression:
        reason = one.suppresses or ""
        run_id = one.held.run_id
        return Suppression(
            self.channel, one.held.address, reason, self.adapter, now, attempt_id, run_id
        )
