"""One turn of serving a channel: claimer, source and exchange, begun and ended together."""

import threading
from collections.abc import Callable

from outreach.channels.adapter import Outcome
from outreach.dispatch.exchange import Exchange
from outreach.dispatch.held import Held
from outreach.dispatch.prefetch import Prefetch, Turn
from outreach.dispatch.purse import Purse
from outreach.dispatch.settle import Ledger
from outreach.dispatch.shelf import Shelf
from outreach.dispatch.shift import Shift
from outreach.dispatch.source import DeliverySource, give_back


class Serving:
    """What stands around an adapter while it serves; it pulls from `source`."""

    def __init__(
        self,
        shift: Shift,
        channel: str,
        adapter: str,
        purse: Purse,
        learn: Callable[[Held, Outcome], None],
        seconds: float,
    ) -> None:
        self._shift = shift
        self._shelf = Shelf()
        ledger = Ledger(shift.worker_id, channel, adapter, shift.limits.backoff)
        self._exchange = Exchange(shift, ledger)
        self._prefetch = Prefetch(shift, channel, self._shelf, Turn(seconds), purse)
        self.source = DeliverySource(
            shift, self._shelf, self._exchange, purse.patience, self._prefetch.no_more, learn,
            purse.is_good,
        )  # fmt: skip
        self._ending = threading.Lock()
        self._ended = False

    def end(self) -> None:
        """Write what is answered, give back what was not handed over; the rest is unknown.

        Whoever calls it first ends it: the adapter's own thread, or one that waits no longer for
        the adapter. The other returns when it has ended.
        """
        with self._ending:
            if self._ended:
                return
            self._ended = True
            self._prefetch.close()
            self.source.abandon()
            give_back(self._shift, [one.held for one in self._shelf.take(len(self._shelf))])
            self._exchange.close()
