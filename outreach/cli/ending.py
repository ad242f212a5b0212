"""A command that is asked to end puts away what it made for itself first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
OF_SIGNALS = 128  # and the signal's number: what shells say of a process that a signal ended


@contextmanager
def tidy_end() -> Iterator[None]:
    """In this block a signal to end is an exception, as Ctrl-C is: blocks within it are closed.

    A second one is not heard, so that closing is not broken off. SystemExit where it was not Ctrl-C.
    """
    heard: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        heard.append(number)
        raise KeyboardInterrupt  # drivers of databases know it, and stop what they are at

    before = {each: signal.signal(each, end) for each in _ENDING}
    try:
        yield
    except KeyboardInterrupt:
        if heard and heard[0] != signal.SIGINT:
            raise SystemExit(OF_SIGNALS + heard[0]) from None
        raise
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
