"""`outreach dev`."""

import os
import sys
import threading
import time
import webbrowser
from typing import Annotated

import typer

from outreach.cli.call import call_of
from outreach.supervisor import stop_on_signals

LOOPBACK = "127.0.0.1"  # it shows customers: never to other machines
LOOK_SECONDS = 0.1  # between two looks at the files' times
SHARE = 20  # looking takes no more than one part in so many of a core


def dev(
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where the page is", show_default="any free")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in your browser")
    ] = True,
) -> None:
    """A page in your browser that follows your edits as you save them, until Ctrl-C.

    The messages for a typical customer or the one you choose, as mail on a desktop, a telephone, in
    the dark and as text, as SMS, as task; problems with their places; who would get it and why the
    others not; the next occurrences. Only this machine can read it, by the address that is printed.
    Nothing is sent and nothing written.
    """
    from outreach.web.live.page import opened

    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    with call.context() as context, opened(context, LOOPBACK, port) as page:
        call.show({"url": page.url}, lambda screen: screen.line(f"{page.url}\nCtrl-C ends it."))
        sys.stdout.flush()
        if browser and _has_screen():
            threading.Thread(target=webbrowser.open, args=(page.url,), daemon=True).start()
        pause = LOOK_SECONDS
        while not stop.wait(pause):
            begun = time.thread_time()  # of this thread alone, however busy the machine is
            if not page.look_for_changes():
                pause = max(LOOK_SECONDS, SHARE * (time.thread_time() - begun))


def _has_screen() -> bool:
    """Whether a browser would open in a window: one in the terminal would take it over."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
