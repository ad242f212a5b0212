"""Progress bars on stderr, where a terminal shows them and it takes longer than a second."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS = 1.0
Tell = Callable[[int], None]  # how much is done so far


class Bars:
    """Bars of a command's parts; each appears when it is first told of, none before a second."""

    def __init__(self, shown: "Progress | None") -> None:
        self._shown = shown
        self._began = time.monotonic()
        self._started = False

    def of(self, what: str, total: int | None = None) -> Tell:
        """A bar for one part of the work: a function to be told how much is done."""
        bars = self._shown
        if bars is None:
            return lambda _: None
        task = bars.add_task(what, total=total, visible=False)

        def tell(done: int) -> None:
            if not self._started and time.monotonic() - self._began > PATIENCE_SECONDS:
                self._started = True
                bars.start()
            bars.update(task, completed=done, visible=True)

        return tell


@contextmanager
def progress() -> Iterator[Bars]:
    """Bars for as long as the block runs; without a terminal they cost and show nothing."""
    if not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import Progress

    shown = Progress(console=Console(stderr=True), transient=True)
    try:
        yield Bars(shown)
    finally:
        shown.stop()
