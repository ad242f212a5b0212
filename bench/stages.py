"""Refresh of stages on a large base: `python3 dev.py bench stages [--rows N] [--databases …]`.

1,000,000 customers with three orders each. After a first refresh two days pass: one in ten has not
ordered for 60 days by then and declines, one in ten who had declined orders again, and the rest stay
as they are. `outreach stages refresh` finds the 20 % and moves them; SQLite, then PostgreSQL.
"""

import argparse
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.base import SECRET_KEY, database_of
from bench.ground import raw
from bench.ground.filling import fill_customers, fill_events, settle_statistics
from bench.ground.project import write_project
from bench.ground.watch import Measured, measure
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import dispose, make_engine

FIRST = datetime(2026, 7, 1, 9, tzinfo=UTC)
NOW = FIRST + timedelta(days=2)
BAR_SECONDS = 15.0
LONGEST_SECONDS = 0.25  # of a write transaction


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)  # filling the base in long transactions is no news
    missed = []
    print(
        "| database | customers | moved | seconds | CPU seconds | peak MiB | longest write | raw SQL |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        folder = Path(name)
        for database in options.databases.split(","):
            with database_of(database, folder) as url:
                by_hand = _fill(url, folder, options.rows)
                took = _refresh(url, folder, NOW)
                _check(took.answer, options.rows)
                figures = (
                    f"{options.rows:,} | {options.rows // 5:,} | {took.seconds:.1f} | {took.cpu_seconds:.1f}",
                    f"{took.peak_mib:.0f} | {took.longest_write:.2f} s | {by_hand:.1f} s",
                )
                print(f"| {database} | {' | '.join(figures)} |", flush=True)
                if took.seconds > BAR_SECONDS:
                    missed.append(f"{database}: refresh over {BAR_SECONDS:.0f} s")
                if took.longest_write > LONGEST_SECONDS:
                    missed.append(f"{database}: a write transaction of over {LONGEST_SECONDS} s")
    full = options.rows >= 1_000_000
    for bar in missed if full else []:
        print(f"missed: {bar}", file=sys.stderr)
    return 1 if missed and full else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench stages", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgres")
    return parser.parse_args()


def _fill(url: str, folder: Path, rows: int) -> float:
    """A base as of the first refresh; the seconds that one rule by hand takes for the second."""
    environment = _environment(url)
    measure(
        [*_COMMAND, "migrate", *_of_project(folder, FIRST)], environment, folder / "answer.json"
    )
    engine = make_engine(url)
    try:
        fill_customers(engine, rows, FIRST, words=False)
        fill_events(engine, rows, FIRST)
        settle_statistics(engine)
        _refresh(url, folder, FIRST)
        settle_statistics(engine)
        return raw.stages_seconds(engine, NOW)
    finally:
        dispose(engine)


_COMMAND = [sys.executable, "-m", "bench.ground.command"]


def _of_project(folder: Path, now: datetime) -> list[str]:
    project = write_project(folder / "project")
    return ["--project", str(project), "--now", now.isoformat(), "--json"]


def _environment(url: str) -> dict[str, str]:
    return os.environ | {"OUTREACH_DATABASE_URL": url, "OUTREACH_SECRET_KEY": SECRET_KEY}


def _refresh(url: str, folder: Path, now: datetime) -> Measured:
    command = [*_COMMAND, "stages", "refresh", *_of_project(folder, now)]
    return measure(command, _environment(url), folder / "answer.json")


def _check(answer: dict[str, int], rows: int) -> None:
    """The stages that two days later hold: a tenth declined, everyone else grows."""
    told = {stage: count for stage, count in answer.items() if count}
    if told != {"growth": rows - rows // 10, "decline": rows // 10}:
        raise RuntimeError(f"the stages are not those of the base: {answer}")


if __name__ == "__main__":
    sys.exit(main())
