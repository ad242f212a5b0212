"""Import and plan on a large base: `python3 dev.py bench base [--rows N] [--databases …]`.

A file of 1,000,000 customers goes through `outreach customers import`, 2,000,000 touches are put
beside them, and `outreach plan` decides about everyone under two caps; SQLite, then PostgreSQL.
"""

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.ground import raw
from bench.ground.filling import fill_touches, settle_statistics
from bench.ground.project import CAMPAIGN, write_project
from bench.ground.rows import write_customers
from bench.ground.watch import Measured, measure
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import dispose, make_engine
from tests.servers import postgres

NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
SECRET_KEY = secrets.token_urlsafe(32)
BARS = {"sqlite": (20_000, 250, 5.0), "postgres": (15_000, 250, 12.0)}  # rows/s, MiB, seconds

LONGEST_SECONDS = 0.25  # of a write transaction: on SQLite all others wait for it


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)  # filling the base in long transactions is no news
    missed = []
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        folder = Path(name)
        file = write_customers(folder / "customers.csv", options.rows)
        print(
            "| database | step | seconds | rows/s | CPU seconds | peak MiB | longest write | raw SQL |"
        )
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for database in options.databases.split(","):
            with database_of(database, folder) as url:
                raw_import = _raw_import(database, url, folder, file)
                took = _import(url, folder, file)
                _line(database, "import", took, options.rows, raw_import)
                planned, raw_plan = _plan(url, folder, options.touches)
                _line(database, "plan", planned, options.rows, raw_plan)
                missed += _missed(database, options.rows, took, planned)
    full = options.rows >= 1_000_000
    for bar in missed if full else []:
        print(f"missed: {bar}", file=sys.stderr)
    return 1 if missed and full else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench base", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, help="2 a customer unless given")
    parser.add_argument("--databases", default="sqlite,postgres")
    options = parser.parse_args()
    if options.touches is None:
        options.touches = 2 * options.rows
    return options


@contextmanager
def database_of(name: str, folder: Path) -> Iterator[str]:
    """The URL of a new database, which goes with the block: a file of `folder`, or a server."""
    if name == "sqlite":
        yield f"sqlite:///{folder}/bench.db"
        return
    with postgres(
        fsync="on", full_page_writes="on", shared_buffers="512MB", max_wal_size="4GB"
    ) as url:
        yield url.format(database="postgres")


def _outreach(url: str, folder: Path, *arguments: str) -> Measured:
    project = write_project(folder / "project")
    environment = os.environ | {"OUTREACH_DATABASE_URL": url, "OUTREACH_SECRET_KEY": SECRET_KEY}
    options = ["--project", str(project), "--now", NOW.isoformat(), "--json"]
    command = [sys.executable, "-m", "bench.ground.command", *arguments, *options]
    return measure(command, environment, folder / "answer.json")


def _import(url: str, folder: Path, file: Path) -> Measured:
    _outreach(url, folder, "migrate")
    return _outreach(url, folder, "customers", "import", str(file), "--consent-source", "bench")


def _raw_import(database: str, url: str, folder: Path, file: Path) -> float:
    if database == "sqlite":
        return raw.import_seconds(file, folder)
    engine = make_engine(url)
    try:
        return raw.copy_seconds(engine, file)
    finally:
        dispose(engine)


def _plan(url: str, folder: Path, touches: int) -> tuple[Measured, float]:
    engine = make_engine(url)
    try:
        fill_touches(engine, touches, NOW)
        settle_statistics(engine)
        by_hand = raw.plan_seconds(engine, NOW)
    finally:
        dispose(engine)
    took = _outreach(url, folder, "plan", CAMPAIGN)
    answer = took.answer
    if answer["audience"] != answer["send"] + answer["hold"] + sum(answer["skip"].values()):
        raise RuntimeError(f"the plan's numbers do not add up: {answer}")
    return took, by_hand


def _line(database: str, step: str, took: Measured, rows: int, by_hand: float) -> None:
    figures = (
        f"{took.seconds:.1f} | {rows / took.seconds:,.0f} | {took.cpu_seconds:.1f}",
        f"{took.peak_mib:.0f} | {took.longest_write:.2f} s | {by_hand:.1f} s",
    )
    print(f"| {database} | {step} | {' | '.join(figures)} |", flush=True)


def _missed(database: str, rows: int, imported: Measured, planned: Measured) -> list[str]:
    rate, memory, seconds = BARS[database]
    missed = []
    if rows / imported.seconds < rate:
        missed.append(f"{database}: import under {rate:,} rows/s")
    if imported.longest_write > LONGEST_SECONDS:
        missed.append(f"{database}: a write transaction of over {LONGEST_SECONDS} s")
    if imported.peak_mib > memory:
        missed.append(f"{database}: import over {memory} MiB")
    if planned.seconds > seconds:
        missed.append(f"{database}: plan over {seconds:.0f} s")
    return missed


if __name__ == "__main__":
    sys.exit(main())
