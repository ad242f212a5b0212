"""Unsubscribing under load: `python3 dev.py bench optout [--rate N] [--seconds N] [--databases …]`.

100,000 customers, most of whom were sent a mail; as many one-click POSTs a second as asked go to one
`outreach web`, each with another mail's link. Fails when one is lost, or p99 is over 250 ms.
"""

import argparse
import os
import secrets
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from bench.ground.filling import fill_customers, fill_touches, settle_statistics
from bench.ground.frame import database_of
from bench.ground.load import post, run_load
from bench.ground.web import cpu_seconds, pages
from outreach import tokens
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import dispose, make_engine, reading
from outreach.store.migrate import migrate
from outreach.store.tables import consents, deliveries, refusals
from outreach.tokens import Purpose

NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
KEY = secrets.token_urlsafe(32)
CUSTOMERS = 100_000
MOST_SECONDS = 0.25  # p99
ONE_CLICK = "List-Unsubscribe=One-Click"
COLUMNS = (
    "database", "POSTs", "a second", "p50 ms", "p95 ms", "p99 ms", "max ms", "lost", "server CPU s",
    "load CPU s", "load average",
)  # fmt: skip


def main() -> int:
    """Measure, print a table; 1 when a bar is missed."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    missed = False
    for database in options.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
            folder = Path(name)
            with database_of(database, folder) as url:
                missed |= _measured(database, url, folder, options)
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench optout", description=__doc__)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--databases", default="sqlite,postgres")
    return parser.parse_args()


def _measured(database: str, url: str, folder: Path, options: argparse.Namespace) -> bool:
    engine = make_engine(url)
    migrate(engine)
    fill_customers(engine, options.customers, NOW)
    fill_touches(engine, options.customers, NOW)
    settle_statistics(engine)
    posts = options.rate * options.seconds
    mails = _mails(engine, posts)
    with pages(url, folder, KEY) as (base, process):
        lines = [
            post(f"/u/{tokens.sign([KEY], Purpose.UNSUBSCRIBE, id_)}", ONE_CLICK) for id_ in mails
        ]
        before = cpu_seconds(process.pid)
        said = run_load(base, lines, options.rate)
        cpu = cpu_seconds(process.pid) - before
    kept = _kept(engine)
    dispose(engine)
    lost = said["answers"].get("200", 0) - kept
    figures = [posts, f"{posts / said['seconds']:.0f}",
               *(f"{said[each] * 1000:.0f}" for each in ("p50", "p95", "p99", "max")),
               lost, f"{cpu:.1f}", f"{said['cpu_seconds']:.1f}", f"{os.getloadavg()[0]:.1f}"]  # fmt: skip
    print(f"| {database} | {' | '.join(map(str, figures))} |", flush=True)
    others = {status: n for status, n in said["answers"].items() if status != "200"}
    if others:
        print(f"not answered with 200: {others}", file=sys.stderr)
    return bool(lost or others or said["p99"] > MOST_SECONDS)


def _mails(engine: Engine, count: int) -> list[int]:
    d = deliveries.c
    with reading(engine) as conn:
        query = select(d.id).where(d.channel == "email").order_by(d.id).limit(count)
        found = list(conn.execute(query).scalars())
    if len(found) < count:
        raise ValueError(f"{len(found)} mails for {count} POSTs: give more --customers")
    return found


def _kept(engine: Engine) -> int:
    """How many noes are both in the ledger and held for their address."""
    c, r = consents.c, refusals.c
    with reading(engine) as conn:
        said = select(func.count()).select_from(consents.join(refusals, r.consent_id == c.id))
        return int(conn.execute(said.where(c.source == "one_click")).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
