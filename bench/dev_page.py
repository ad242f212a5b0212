"""How soon an edit is on the page of `outreach dev`: `python3 dev.py bench dev_page [--rows N]`.

A project of 40 campaigns on a SQLite base of so many customers (200,000), its page in a real Chromium.
Twenty times one template is saved, and twenty times one with a fault, which is mended. By the page's own
clock: from the instant of the save until the new mail is laid out, and until the fault is in the margin
or has gone. Its plan, which takes seconds, is counted meanwhile.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page

from bench.ground.filling import fill_customers, settle_statistics
from bench.ground.project import FILES, write_project
from outreach.store.engine import dispose, make_engine
from outreach.store.migrate import migrate
from tests.browser import chromium

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
CAMPAIGNS, TIMES = 40, 20
BAR_SECONDS = 1.0
PATIENCE = 60_000  # milliseconds
BODY = """\
<html><body><h1>Take {number}</h1><p>{{{{ salutation }}}}, have a good weekend.</p>{fault}
<p>{{{{ brand.postal_address }}}} <a href="{{{{ unsubscribe_url }}}}">no more</a></p></body></html>
"""
# From the margin's words to the instant at which they change, by the page's clock.
SEEN = """said => new Promise(done => {
  const place = document.getElementById("problems");
  const look = () => place.textContent.includes("frist_name") === said && done(Date.now() / 1000);
  new MutationObserver(look).observe(place, {childList: true, subtree: true}); look(); })"""


def main() -> int:
    """Measure and print a table; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench dev_page", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        project = _project(Path(name) / "project", rows)
        with _serving(project) as url, chromium() as browser:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(f"{url}#campaign=everyone&tab=desktop")
            page.locator("iframe:not(.coming-frame)").wait_for()
            found = _measured(page, project / "templates/everyone/body.html")
    print(f"| {rows:,} customers, {CAMPAIGNS} campaigns | median | longest |\n|---|---|---|")
    for what, seconds in found.items():
        print(f"| {what} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |")
    return 1 if max(map(max, found.values())) > BAR_SECONDS else 0


def _project(folder: Path, rows: int) -> Path:
    project = write_project(folder)
    for number in range(CAMPAIGNS - 1):
        for path, text in FILES.items():
            if "everyone" in path:
                copy = project / path.replace("everyone", f"other-{number}")
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(
                    text.replace("everyone\n", f"other-{number}\n", 1)
                    if path.startswith("templates")
                    else text.replace("template: everyone", f"template: other-{number}")
                )
    (project / "templates/everyone/body.txt").unlink()
    (project / "templates/everyone/body.html").write_text(BODY.format(number=0, fault=""))
    engine = make_engine(f"sqlite:///{project}/.outreach/outreach.db")
    migrate(engine)
    fill_customers(engine, rows, NOW)
    settle_statistics(engine)
    dispose(engine)
    return project


@contextmanager
def _serving(project: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "outreach", "dev", "--no-browser"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _measured(page: Page, body: Path) -> dict[str, list[float]]:
    shown, told, gone = [], [], []
    for number in range(1, TIMES + 1):
        body.write_text(BODY.format(number=number, fault=""))
        page.frame_locator("iframe:not(.coming-frame)").get_by_text(
            f"Take {number}", exact=True
        ).wait_for()
        page.wait_for_function(
            "seconds => document.getElementById('took').dataset.seconds !== seconds",
            arg=str(shown[-1]) if shown else "",
        )
        shown.append(float(page.locator("#took").get_attribute("data-seconds") or "nan"))
        time.sleep(0.2)  # the next save is another one
    for number in range(1, TIMES + 1):
        for fault, seconds in (("{{ frist_name }}", told), ("", gone)):
            body.write_text(BODY.format(number=number, fault=fault))
            seconds.append(page.evaluate(SEEN, bool(fault)) - body.stat().st_mtime)
            time.sleep(0.2)
    return {"an edit is shown": shown, "a fault is told": told, "a mended fault is gone": gone}


if __name__ == "__main__":
    sys.exit(main())
