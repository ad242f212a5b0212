"""Tells every open page what is new, as server-sent events (HTML Living Standard, section 9.2)."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator

BEAT_SECONDS = 15.0  # nothing new for so long: a line that nobody hears ends the connection
RETRY_MILLISECONDS = 500
_Listener = tuple[asyncio.AbstractEventLoop, "asyncio.Queue[str | None]"]


class Hub:
    """Open pages, each with what it has yet to be told; any thread may tell."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def tell(self, what: str) -> None:
        """Let every open page know."""
        self._put(what)

    def close(self) -> None:
        """Let every page go: a server that ends waits for them."""
        self._is_closed = True
        self._put(None)

    async def stream(self) -> AsyncIterator[str]:
        """The events of one page, from now on, until it goes or we do."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        listener = asyncio.get_running_loop(), queue
        with self._lock:
            self._listeners.add(listener)
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n{_event('hello')}"
            while not self._is_closed:
                try:
                    what = await asyncio.wait_for(queue.get(), BEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if what is not None:
                    yield _event(what)
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def _put(self, what: str | None) -> None:
        with self._lock:
            for loop, queue in self._listeners:
                loop.call_soon_threadsafe(queue.put_nowait, what)


def _event(what: str) -> str:
    return f"data: {json.dumps(what)}\n\n"
