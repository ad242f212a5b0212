"""Serves one channel in one worker process: claims, renders, feeds the adapter, settles."""

import threading
import time

from outreach.channels.adapter import Adapter, Interruptible, Outcome
from outreach.dispatch.channel_hold import Refusals, hold, probe
from outreach.dispatch.held import Held
from outreach.dispatch.purse import Purse
from outreach.dispatch.reconcile import has_unknowns, reconcile
from outreach.dispatch.serving import Serving
from outreach.dispatch.shift import Shift
from outreach.logger import Logger

log = Logger(__name__)
TURN_SECONDS = 20.0
LONGEST_REST_SECONDS = 60.0
INTERRUPT_SECONDS = 1.0  # for an adapter to report what it has let go of


class Pump:
    """One channel's pump; there is one of a channel in a process, and one call at a time serves."""

    def __init__(self, shift: Shift, channel: str, adapter: Adapter) -> None:
        self._shift = shift
        self.channel = channel
        self._serving = threading.Lock()
        self._now: Serving | None = None
        self._adapter = adapter
        self.purse = Purse(shift, channel)
        self._rests = 0
        self._rest_until = 0.0
        self._refusals = Refusals()

    def serve(self, seconds: float = TURN_SECONDS) -> bool:
        """Send what is due until nothing is, or for about so long; False: not now.

        Not now: somebody serves the channel already, it rests after trouble, its rate limit
        grants nothing, or the worker ends. A worker that ends still settles what is in flight,
        and gives its claims back.
        """
        resting = time.monotonic() < self._rest_until or self._shift.trouble.resting()
        if self._shift.ending() or resting or self.purse.is_dry():
            return False
        if not self._serving.acquire(blocking=False):
            return False
        try:
            self._serve(seconds)
        finally:
            self._serving.release()
        return True

    def is_serving(self) -> bool:
        """Whether a call serves now."""
        return self._serving.locked()

    def probe(self) -> None:
        """Try the channel, which is held, if it is time and nobody else does."""
        if self._shift.ending() or not self._serving.acquire(blocking=False):
            return
        try:
            if probe(self._shift, self.channel, self._adapter):
                self._rest_until = 0.0
        finally:
            self._serving.release()

    def has_unknowns(self) -> bool:
        """Whether the provider can be asked about an unknown delivery now."""
        return has_unknowns(self._shift, self.channel, self._adapter)

    def reconcile(self) -> None:
        """Ask the provider about a few unknown deliveries; beside serving, which takes its time."""
        if not self._shift.ending():
            reconcile(self._shift, self.channel, self._adapter)

    def close(self, seconds: float = 0.0) -> None:
        """Give the adapter's connections back, once it serves no more: set the shift's end before.

        Waits so long for answers. What has none by then is free again where its words have not
        been written, else unknown; its connections end with the process.
        """
        if not (self._serving.acquire(timeout=seconds) or self._interrupted()):
            log.warning("answers are not waited for any longer", channel=self.channel)
            if self._now is not None:
                self._now.end()
            return
        try:
            self._adapter.close()
        finally:
            self._serving.release()

    def _interrupted(self) -> bool:
        """Let the adapter end what it can; whether it serves no more (the lock is ours then)."""
        if not isinstance(self._adapter, Interruptible):
            return False
        self._adapter.interrupt()
        return self._serving.acquire(timeout=INTERRUPT_SECONDS)

    def _serve(self, seconds: float) -> None:
        self._now = serving = Serving(
            self._shift, self.channel, self._adapter.name, self.purse, self._learn, seconds
        )
        try:
            self._adapter.serve(serving.source)
        except Exception:  # a fault of the adapter: what it held is unknown, the rest goes on
            log.exception("adapter failed", channel=self.channel, adapter=self._adapter.name)
            self._rest()
        finally:
            serving.end()
        if self._refusals.are_enough() and self._hold():
            self._rests = 0
        elif serving.source.in_trouble():
            self._rest()
        else:
            self._rests = 0

    def _learn(self, held: Held, outcome: Outcome) -> None:
        self._shift.away.learn(self.channel, self._adapter.place, outcome)
        self.purse.patience.note(held.own_lane, outcome)
        self._refusals.note(outcome)

    def _hold(self) -> bool:
        """Hold the channel for all workers; False where that can not be written down now."""
        last = self._refusals.last
        with self._shift.trouble.noted("channel not held", channel=self.channel):
            if last is not None:
                hold(self._shift, self.channel, self._adapter, last)
            self._refusals.forget()
            return True
        return False

    def _rest(self) -> None:
        """Leave the channel alone for a while, longer each time in a row."""
        self._rests += 1
        seconds = min(2.0 ** (self._rests - 1), LONGEST_REST_SECONDS)
        self._rest_until = time.monotonic() + seconds
        tell = log.warning if self._rests == 1 else log.info
        tell("channel rests", channel=self.channel, server=self._adapter.place, seconds=seconds)
