"""One event loop per process, in a thread of its own: kept connections live on it."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

PULLING_THREADS = 64  # a pull may wait; lanes of all adapters together stay below this

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


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        loop = _running.get(os.getpid())
        if loop is None:
            loop = _running[os.getpid()] = _new_loop()
            loop.set_default_executor(ThreadPoolExecutor(PULLING_THREADS, "outreach-pull"))
            threading.Thread(target=loop.run_forever, name="outreach-loop", daemon=True).start()
        return loop


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (`outreach[fast]`): a mail costs a third less on it."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
