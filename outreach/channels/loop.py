"""One event loop per process, in a thread of its own: kept connections live on it."""

import asyncio
import os
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from outreach.channels.adapter import Message, Source

_Result = TypeVar("_Result")
_lock = threading.Lock()
_running: dict[
    int, asyncio.AbstractEventLoop
] = {}  # by process: a fork has no thread of its parent


def run(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """The coroutine's result, computed on the process's loop; the calling thread waits.

    Not for use on the loop itself: there, `await` the coroutine.
    """
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()


async def pulled(source: Source, most: int, connection: int | None = None) -> Sequence[Message]:
    """What the source gives; for use on the loop, which does other work until they come."""
    loop = asyncio.get_running_loop()
    come: asyncio.Future[Sequence[Message]] = loop.create_future()

    def came(messages: Sequence[Message]) -> None:
        loop.call_soon_threadsafe(come.set_result, messages)

    source.pull_soon(most, connection, came)
    return await come


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        loop = _running.get(os.getpid())
        if loop is None:
            loop = _running[os.getpid()] = _new_loop()
            threading.Thread(target=loop.run_forever, name="outreach-loop", daemon=True).start()
        return loop


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (`outreach[fast]`): a mail costs a third less on it."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
