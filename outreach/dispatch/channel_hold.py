"""A channel whose provider refuses us: held for all workers, and tried again by one of them."""

from outreach.channels.adapter import Adapter, Outcome
from outreach.dispatch.shift import Shift
from outreach.dispatch.trouble import kind_of
from outreach.logger import Logger
from outreach.store import channel_holds
from outreach.store.attempts import storable
from outreach.store.channel_holds import ENOUGH, Refused
from outreach.vocabulary import Answer, Fault

log = Logger(__name__)


class Refusals:
    """Answers in a row that refuse the channel itself: credentials, sender, connection.

    Over turns, with no message accepted between.
    """

    def __init__(self) -> None:
        self._count = 0
        self.last: Outcome | None = None

    def note(self, outcome: Outcome) -> None:
        """Take an answer; any thread may."""
        if outcome.answer is Answer.ACCEPTED:
            self._count = 0
        elif outcome.fault is Fault.CHANNEL and outcome.begun:
            self._count += 1
            self.last = outcome

    def are_enough(self) -> bool:
        """Whether the channel must be held."""
        return self._count >= ENOUGH

    def forget(self) -> None:
        """Count anew."""
        self._count = 0


def hold(shift: Shift, channel: str, adapter: Adapter, last: Outcome) -> None:
    """Hold the channel for all workers because of an answer."""
    stage, code, detail = (storable(said) for said in (last.stage, last.code, last.detail))
    with shift.writing() as conn:
        new = channel_holds.hold(conn, channel, Refused(adapter.place, stage, code, detail))
    if new:
        log.error(
            "channel is held",
            channel=channel, server=adapter.place, stage=stage, code=code, said=detail,
        )  # fmt: skip


def probe(shift: Shift, channel: str, adapter: Adapter) -> bool:
    """Try a held channel if it is time and no other worker does; whether it goes on.

    The adapter's check risks no message.
    """
    with shift.writing() as conn:
        if not channel_holds.take_probe(conn, channel):
            return False
    wrong = _wrong(adapter)
    with shift.writing() as conn:
        if wrong:
            channel_holds.note_probe(conn, channel, storable(wrong) or "")
        else:
            channel_holds.lift(conn, channel)
    if wrong:
        log.warning("channel stays held", channel=channel, server=adapter.place, said=wrong)
    else:
        log.warning("channel goes on", channel=channel, server=adapter.place)
    return not wrong


def _wrong(adapter: Adapter) -> str:
    """What the provider says against us now; empty: it would serve us."""
    try:
        checks = adapter.check()
    except Exception as error:  # a fault of the adapter
        log.exception("adapter failed", adapter=adapter.name)
        return kind_of(error)
    return "; ".join(check.detail for check in checks if not check.ok)
