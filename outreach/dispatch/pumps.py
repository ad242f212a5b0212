"""The pumps of a worker process: one a channel, and a thread that looks for work by itself."""

import threading
import time
from collections.abc import Callable, Mapping

from outreach.channels.adapter import Adapter
from outreach.dispatch.pump import Pump
from outreach.dispatch.shift import Shift
from outreach.logger import Logger
from outreach.store import channel_holds, deliveries
from outreach.store.engine import reading

log = Logger(__name__)


class Pumps:
    """Serves channels when told to, and when a look at the database finds something due.

    The look makes up for every lost ring: of a broker that is down, of a scheduler that died.
    """

    def __init__(self, shift: Shift, adapters: Mapping[str, Adapter], look_seconds: float) -> None:
        self._shift = shift
        self._pumps = {name: Pump(shift, name, adapter) for name, adapter in adapters.items()}
        self._look_seconds = look_seconds
        self._threads: dict[str, threading.Thread] = {}
        self._closed = threading.Event()
        self._looking = threading.Thread(target=self._look, name="look")
        self._looking.start()

    def serve(self, channel: str) -> bool:
        """Serve the channel for one turn; whether there is more to do at once."""
        pump = self._pumps.get(channel)
        if pump is None or not pump.serve():
            return False
        return not self._shift.ending() and channel in self._with_work()

    def is_serving(self) -> bool:
        """Whether any channel is served now."""
        return any(pump.is_serving() for pump in self._pumps.values())

    def spent_today(self) -> dict[str, frozenset[str]]:
        """By channel the limits that grant nothing before another day."""
        return {name: pump.purse.spent_today() for name, pump in self._pumps.items()}

    def close(self) -> None:
        """Wait until nothing is served any more, and close the adapters; end the shift before.

        At most as long as the shift's limits say: a server may take minutes to answer.
        """
        self._closed.set()
        self._looking.join()
        until = time.monotonic() + self._shift.limits.stop_seconds
        for pump in self._pumps.values():
            try:
                pump.close(max(0.0, until - time.monotonic()))
            except Exception:
                log.exception("adapter not closed", channel=pump.channel)

    def _look(self) -> None:
        while not self._closed.is_set() and not self._shift.ending():
            for channel in self._with_work():
                self._start(channel, self._serve_on)
            for channel in self._to_probe():
                self._start(channel, self._probe)
            for channel in self._to_reconcile():
                self._start(channel, self._reconcile, "ask")
            self._closed.wait(self._look_seconds)

    def _with_work(self) -> list[str]:
        dry = {
            name: pump.purse.dry() for name, pump in self._pumps.items() if not pump.is_serving()
        }
        found: list[str] = []
        with self._shift.trouble.noted("work not looked for"):
            with reading(self._shift.engine) as conn:
                held = {one.channel for one in channel_holds.held(conn)}
                idle = [name for name in dry if name not in dry[name] | held]
                found = deliveries.channels_with_work(conn, idle, self._shift.instants(), dry)
            self._shift.trouble.over(wrote=False)
        return found

    def _to_probe(self) -> list[str]:
        """The channels here that are held and whose next try has come."""
        come: list[str] = []
        with (
            self._shift.trouble.noted("held channels not looked at"),
            reading(self._shift.engine) as conn,
        ):
            come = channel_holds.to_probe(conn)
        return [name for name in come if name in self._pumps]

    def _probe(self, channel: str) -> None:
        with self._shift.trouble.noted("channel not tried", channel=channel):
            self._pumps[channel].probe()

    def _to_reconcile(self) -> list[str]:
        """The channels whose providers can be asked about something that is unknown."""
        with self._shift.trouble.noted("unknown deliveries not looked for"):
            return [name for name, pump in self._pumps.items() if pump.has_unknowns()]
        return []

    def _reconcile(self, channel: str) -> None:
        with self._shift.trouble.noted("provider not asked", channel=channel):
            self._pumps[channel].reconcile()

    def _start(self, channel: str, work: Callable[[str], None], what: str = "serve") -> None:
        name = f"{what}-{channel}"
        before = self._threads.get(name)
        if before is not None and before.is_alive():
            return
        # a daemon: an adapter that never returns must not keep us
        thread = threading.Thread(target=work, args=(channel,), name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def _serve_on(self, channel: str) -> None:
        try:
            while self.serve(channel):
                pass
        except Exception:
            log.exception("serving failed", channel=channel)
