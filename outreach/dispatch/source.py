"""Where an adapter gets its messages: each is committed as *handing* before it is given out."""

import time
from collections.abc import Callable, Collection, Sequence
from queue import SimpleQueue

from outreach.channels.adapter import Message, Outcome
from outreach.dispatch.exchange import Exchange
from outreach.dispatch.held import Held, Ready
from outreach.dispatch.in_flight import InFlight
from outreach.dispatch.patience import Patience
from outreach.dispatch.purse import refund
from outreach.dispatch.settle import Answered
from outreach.dispatch.shelf import Shelf
from outreach.dispatch.shift import Shift
from outreach.dispatch.wants import Given, Want, Wants
from outreach.logger import Logger
from outreach.store import custody
from outreach.vocabulary import Answer, Fault

log = Logger(__name__)
WAIT_SECONDS = 0.05  # how long one look for messages or places lasts
_Taken = tuple[Want, list[Ready]]
TROUBLES = 3  # answers in a row that say nothing can be sent now, before the channel rests


class DeliverySource:
    """The `Source` of one channel in one worker; any thread may call it.

    `no_more` says whether the claimer has found nothing to add; `learn` is told of each answer,
    and `is_good` asked of each delivery before it is handed over.
    """

    def __init__(
        self,
        shift: Shift,
        shelf: Shelf,
        exchange: Exchange,
        patience: Patience,
        no_more: Callable[[], bool],
        learn: Callable[[Held, Outcome], None] = lambda *_: None,
        is_good: Callable[[Held], bool] = lambda _: True,
    ) -> None:
        self._shift = shift
        self._shelf = shelf
        self._exchange = exchange
        self._no_more = no_more
        self._learn = learn
        self._is_good = is_good
        limits = shift.limits
        self._in_flight = InFlight(patience, limits.in_flight, limits.slow_seconds)
        self._troubles = 0
        self._closed = False
        self._wants = Wants(self._give, f"hand-{exchange.channel}")

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:
        """Up to `most` messages, committed as handing; waits while more may come; empty: the end."""
        come: SimpleQueue[Sequence[Message]] = SimpleQueue()
        self.pull_soon(most, connection, come.put)
        return come.get()

    def pull_soon(
        self, most: int, connection: int | None, came: Callable[[Sequence[Message]], None]
    ) -> None:
        """As `pull`, but returns at once; `came` is called with what there is, by a thread of ours."""
        self._wants.ask(Want(most, self._in_flight.ask(connection), came))

    def _give(self, wants: Sequence[Want]) -> list[Given]:
        """What may go now to those who wait, or the end; waits shortly where nothing may."""
        given: list[Given] = []
        if self.stopping():
            given = [(want, []) for want in wants]
        elif not self._shelf.wait_filled(WAIT_SECONDS):
            if self._no_more() and not self.in_flight():
                given = [(want, []) for want in wants]
        elif self._shift.trouble.resting():
            time.sleep(WAIT_SECONDS)
        else:
            given = self._hand(self._next(wants))
        for want, _ in given:
            self._in_flight.answer(want.pull)
        return given

    def _next(self, wants: Sequence[Want]) -> list[_Taken]:
        """What may go now of what is on the shelf, in the order of asking."""
        wanted = min(sum(want.most for want in wants), len(self._shelf))
        free = places = self._shift.places.take(wanted, WAIT_SECONDS)
        taken: list[_Taken] = []
        for want in wants:
            if not free:
                break
            ready = self._in_flight.take(want.pull, self._shelf, min(want.most, free))
            free -= len(ready)
            if good := self._good(ready):
                taken.append((want, good))
        self._shift.places.give(free)
        if free == places > 0:
            self._in_flight.wait(WAIT_SECONDS)
        return taken

    def report(self, outcome: Outcome) -> None:
        """Take one outcome; it is settled soon. What was not pulled, or is reported twice, is not."""
        held = self._in_flight.answered(outcome)
        if held is None:
            log.error("outcome of a message that is not in flight", delivery=outcome.id)
            return
        self._watch(outcome)
        self._learn(held, outcome)
        self._exchange.put(Answered(held, outcome, self._shift.real_clock.now()))

    def stopping(self) -> bool:
        """Whether to begin nothing more: the worker ends, or the channel can not be used."""
        return self._closed or self._shift.ending() or self.in_trouble()

    def in_trouble(self) -> bool:
        """Whether nothing can be sent on the channel for now."""
        return self._troubles >= TROUBLES or self._wants.failed

    def in_flight(self) -> int:
        """How many messages are pulled and not reported."""
        return len(self._in_flight.ids())

    def abandon(self) -> None:
        """Report what the adapter left unreported: nobody knows whether it went out."""
        self._closed = True
        self._wants.close()
        for id_ in self._in_flight.ids():
            self.report(Outcome(id_, Answer.UNKNOWN, stage="adapter"))

    def _watch(self, outcome: Outcome) -> None:
        if outcome.answer is Answer.UNREACHABLE or outcome.fault is Fault.CHANNEL:
            self._troubles += 1
        elif outcome.answer is Answer.ACCEPTED:
            self._troubles = 0

    def _good(self, ready: list[Ready]) -> list[Ready]:
        """Those that may go out now; the others go back, to be claimed again."""
        bad = [one.held for one in ready if not self._is_good(one.held)]
        self._put_back(bad)
        return [one for one in ready if one.held not in bad] if bad else ready

    def _hand(self, taken: list[_Taken]) -> list[Given]:
        """Commit handing; the messages that may go out. When in doubt none does."""
        ready = [one for _, group in taken for one in group]
        if not ready:
            return []
        ours, handed_at = self._exchange.hand(
            [(one.held.id, one.held.fence, one.message_id) for one in ready]
        )
        if ours is None:
            for one in ready:  # takes them back whether or not it was committed
                self.report(Outcome.not_begun(one.held.id, "handing not confirmed"))
            return []
        # The others' run stopped, or another worker took them.
        self._put_back([one.held for one in ready if one.held.id not in ours])
        if self._closed:  # the adapter has failed meanwhile: comparing with the table finds them
            self._forget(ours)
            return []
        self._in_flight.handed(ours, handed_at)
        begin_by = handed_at + self._shift.limits.begin_seconds
        given: list[Given] = []
        for want, group in taken:
            messages = [one.message for one in group if one.held.id in ours]
            for message in messages:
                message.begin_by = begin_by
            if messages:
                given.append((want, messages))
        return given

    def _put_back(self, held: Sequence[Held]) -> None:
        """Let go of what is not handed over."""
        self._forget({one.id for one in held})
        give_back(self._shift, held)

    def _forget(self, ids: Collection[int]) -> None:
        mine = self._in_flight.forget(ids)
        self._shift.places.give(len(mine))
        self._shift.holdings.drop((one.id, one.fence) for one in mine)


def give_back(shift: Shift, held: Sequence[Held]) -> None:
    """Free claimed deliveries that will not be handed over; what fails here is swept later."""
    if not held:
        return
    noted = shift.trouble.noted("claims not given back", deliveries=len(held))
    with noted, shift.writing() as conn:
        custody.give_back(conn, shift.worker_id, [(one.id, one.fence) for one in held])
        refund(conn, held)
    shift.holdings.drop((one.id, one.fence) for one in held)
