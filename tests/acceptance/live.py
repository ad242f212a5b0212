"""The live page of a project, open in a browser while a test edits the project's files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from unittest.mock import patch

from commands import NOW, environment
from playwright.sync_api import Browser, Page, expect

from outreach.app.context import open_context
from outreach.web.live.page import opened

PATIENCE = 30_000  # milliseconds: a machine may be busy
REFUSALS = ("sandboxed", "Content Security Policy")  # what the browser says of a mail it keeps in
MAIL = "iframe:not(.coming-frame)"


@contextmanager
def served(project: Path) -> Iterator[str]:
    """The page's address, while files are watched."""
    with patch.dict("os.environ", environment(), clear=True):
        context = open_context(project, NOW)
    stop = Event()
    with opened(context, "127.0.0.1", 0) as page:

        def look() -> None:
            while not stop.wait(0.05):
                page.look_for_changes()

        thread = Thread(target=look)
        thread.start()
        try:
            yield page.url
        finally:
            stop.set()
            thread.join()
    context.close()


@contextmanager
def reading(browser: Browser, url: str, campaign: str, *, refuses: bool = False) -> Iterator[Page]:
    """The page in a browser, at a campaign; a fault of its scripts, or a refused load, fails.

    But what the browser `refuses` a mail, if that is what the test is about.
    """
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{url}#campaign={campaign}")
    yield page
    page.close()
    known = REFUSALS if refuses else ()
    assert [fault for fault in faults if not any(said in fault for said in known)] == []


def edit(file: Path, old: str, new: str) -> None:
    """Save the file with one thing written otherwise."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
