"""A journey on a large base: `python3 dev.py bench journeys [--rows N] [--databases …]`.

100,000 customers are on their way through five messages with four days between them, a fifth before
each. A day later the time of each of them has come, and one in a hundred has ordered, which ends
their journey: the scheduler's next look plans all their messages. When those are answered it looks
again, and everyone goes on into the next wait; SQLite, then PostgreSQL.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.base import SECRET_KEY, database_of
from bench.ground import under_way
from bench.ground.command import Longest
from bench.ground.filling import fill_customers, settle_statistics
from bench.ground.project import write_project
from outreach.app.context import Context, open_context
from outreach.app.logs import set_up_logs
from outreach.app.running import Tick
from outreach.clock import MovingClock
from outreach.settings.environment import LogFormat
from outreach.store import engine as engines
from outreach.store.migrate import migrate

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
BAR_SECONDS = 5.0
IDLE_LOOKS = 20
MESSAGES = 5
_STEP = "  - {{id: m{number}, channels: [email, sms], template: everyone}}\n"
_JOURNEY = """\
title: On the way
owner: bench@example.com
topic: greetings
status: active
audience: everyone
schedule: {on_event: {kind: signup}}
exit: count('order', since=entered_at) > 0
steps:
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What some looks took: by the clock, of this process's CPU and of the database servers'."""

    seconds: float
    cpu_seconds: float
    served_seconds: float

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            self.served_seconds + other.served_seconds,
        )


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    missed = []
    print("| database | customers | what | seconds | CPU seconds | server's | longest write |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        folder = Path(name)
        for database in options.databases.split(","):
            with database_of(database, folder) as url:
                day = _day(database, url, folder, options.rows)
                if day.seconds > BAR_SECONDS:
                    missed.append(f"{database}: a day over {BAR_SECONDS:.0f} s")
    full = options.rows >= 100_000
    for bar in missed if full else []:
        print(f"missed: {bar}", file=sys.stderr)
    return 1 if missed and full else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench journeys", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgres")
    return parser.parse_args()


def _day(database: str, url: str, folder: Path, rows: int) -> Spent:
    os.environ.update(OUTREACH_DATABASE_URL=url, OUTREACH_SECRET_KEY=SECRET_KEY)
    empty = engines.make_engine(url)
    migrate(empty)
    engines.dispose(empty)
    clock = MovingClock(NOW)
    context = open_context(_project(folder / "project")).by(clock)
    engine = context.engine
    try:
        tick = _begin(context, rows)
        clock.at = NOW + DAY
        by_hand = under_way.by_hand_seconds(engine, clock.at)
        settle_statistics(engine)  # what was rolled back lies about in PostgreSQL's tables
        planned = _measured(database, rows, "messages planned", tick)
        under_way.check_planned(engine, rows, NOW)
        under_way.answer_all(engine, clock.at)
        clock.at += timedelta(minutes=1)
        moved = _measured(database, rows, "answers seen", tick)
        under_way.check_moved(engine, rows, MESSAGES)
        _line(database, rows, "the day", planned + moved, "")
        print(f"| {database} | {rows:,} | raw SQL of it | {by_hand:.2f} | | | |")
        idle = [_spent(tick) for _ in range(IDLE_LOOKS)]
        cpu_ms = sum(each.cpu_seconds for each in idle) / IDLE_LOOKS * 1_000
        print(f"| {database} | {rows:,} | a look with nothing due | | {cpu_ms:.0f} ms | | |")
    finally:
        context.close()
    return planned + moved


def _project(folder: Path) -> Path:
    write_project(folder)
    (folder / "campaigns/everyone.yaml").unlink(missing_ok=True)
    steps = "  - wait: 4 days\n".join(_STEP.format(number=n) for n in range(MESSAGES))
    (folder / "campaigns/way.yaml").write_text(_JOURNEY + steps, "utf-8")
    rules = folder / "outreach.yaml"
    rules.write_text(rules.read_text("utf-8") + "quiet_hours: none\n", "utf-8")
    return folder


def _begin(context: Context, rows: int) -> Tick:
    """A scheduler that has looked once, and then everyone under way."""
    fill_customers(context.engine, rows, NOW)
    tick = Tick(context)
    tick()
    under_way.put_under_way(context.engine, rows, MESSAGES, NOW)
    settle_statistics(context.engine)
    return tick


def _measured(database: str, rows: int, what: str, tick: Tick) -> Spent:
    longest, log, least = Longest(), engines.log, engines.LONG_SECONDS
    engines.log, engines.LONG_SECONDS = longest, 0.0  # type: ignore[assignment]
    try:
        spent = _spent(tick)
    finally:
        engines.log, engines.LONG_SECONDS = log, least
    _line(database, rows, what, spent, f"{longest.seconds:.2f} s")
    return spent


def _spent(tick: Tick) -> Spent:
    begun, used, served = time.perf_counter(), time.process_time(), _served_seconds()
    tick()
    used = time.process_time() - used
    return Spent(time.perf_counter() - begun, used, _served_seconds() - served)


def _line(database: str, rows: int, what: str, spent: Spent, longest: str) -> None:
    figures = f"{spent.seconds:.2f} | {spent.cpu_seconds:.2f} | {spent.served_seconds:.2f}"
    print(f"| {database} | {rows:,} | {what} | {figures} | {longest} |", flush=True)


def _served_seconds() -> float:
    """CPU seconds of the database servers that this bench has started."""
    used = 0.0
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if each.name() == "postgres":
                used += sum(each.cpu_times()[:4])
    return used


if __name__ == "__main__":
    sys.exit(main())
