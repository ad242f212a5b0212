"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable


def wait_for(happened: Callable[[], object], seconds: float = 60.0) -> None:
    """Return once it has happened; AssertionError when it does not within so long."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)
