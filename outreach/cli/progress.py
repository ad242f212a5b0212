"""Progress bars on stderr, where a terminal shows them and it takes longer than a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS = 1.0
Tell = Callable[[int], None]  # how much is done so far


class Bars:
    """Bars of a command's parts; each appears when it is first told of."""

    def __init__(self, shown: "Progress | None") -> None:
        self._shown = shown

    def of(
        self, what: str, total: int | None = None, reached: Callable[[int], str] = lambda _: ""
    ) -> Tell:
        """A bar for one part of the work: a function to be told how much is done.

        `reached` says where that is, in front of the bar.
        """
        bars = self._shown
        if bars is None:
            return lambda _: None
        task = bars.add_task(what, total=total, visible=False)

        def tell(done: int) -> None:
            said = f"{what} {reached(done)}".strip()
            bars.update(task, completed=done, visible=True, description=said)

        return tell

    def of_days(self, start: datetime, hours: int) -> Tell:
        """A bar of hours that a clock is put forward by, with the day that it shows."""

        def day(done: int) -> str:
            return f"{start + timedelta(hours=done):%Y-%m-%d}"

        return self.of("", hours, day)


@contextmanager
def progress() -> Iterator[Bars]:
    """Bars for as long as the block runs; without a terminal they cost and show nothing."""
    if not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import Progress

    shown = Progress(console=Console(stderr=True), transient=True)
    begin = Timer(PATIENCE_SECONDS, shown.start)
    begin.daemon = True
    begin.start()
    try:
        yield Bars(shown)
    finally:
        begin.cancel()
        begin.join()
        shown.stop()
