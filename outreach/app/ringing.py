"""Workers of other processes are told of what is planned here, from the first part of it on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from outreach import queue
from outreach.app.context import Context
from outreach.app.running import wake


@contextmanager
def bell(context: Context) -> Iterator[Callable[[], None]]:
    """Call what it gives to wake them; at the end they are woken once more.

    A thread reaches the broker meanwhile. With none outside of this process nobody would hear:
    workers look by themselves.
    """
    url = context.environment.broker_url.get_secret_value()
    if url.startswith("memory:"):
        yield lambda: None
        return
    with ThreadPoolExecutor(1, "bell") as thread:
        doorbell = thread.submit(queue.connect, url)

        def ring() -> None:
            thread.submit(wake, context)

        try:
            yield ring
            thread.submit(wake, context).result()
        finally:
            doorbell.result().broker.close()
