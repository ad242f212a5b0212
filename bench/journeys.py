"""A journey on a large base: `python3 dev.py bench journeys [--rows N] [--databases …]`.

100,000 customers are on their way through five messages with four days between them, a fifth before
each. A day later the time of each of them has come, and one in a hundred has ordered, which ends
their journey: the scheduler's next look plans all their messages. When those are answered it looks
again, and everyone goes on into the next wait; SQLite, then PostgreSQL.
"""

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.ground import under_way
from bench.ground.command import Longest
from bench.ground.filling import fill_customers, settle_statistics
from bench.ground.frame import LONG_WRITE, LONGEST_SECONDS, SECRET_KEY, Ground, on_each, parser
from bench.ground.project import write_project
from outreach.app.context import Context, open_context
from outreach.app.running import Tick
from outreach.clock import MovingClock
from outreach.store import engine as engines
from outreach.store.migrate import migrate

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
BAR_SECONDS = 5.0
IDLE_LOOKS = 20
MESSAGES = 5
COLUMNS = ("customers", "what", "seconds", "CPU seconds", "server's", "longest write")
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
    """What some looks took: by the clock, of this process's CPU and of the database servers'.

    `longest_write`: seconds of the longest write transaction.
    """

    seconds: float
    cpu_seconds: float
    served_seconds: float
    longest_write: float

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            self.served_seconds + other.served_seconds,
            max(self.longest_write, other.longest_write),
        )


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    options = parser("journeys", __doc__, 100_000).parse_args()
    return on_each(
        options.databases,
        COLUMNS,
        lambda ground: _measured(ground, options.rows),
        is_full=options.rows >= 100_000,
    )


def _measured(ground: Ground, rows: int) -> list[str]:
    os.environ.update(OUTREACH_DATABASE_URL=ground.url, OUTREACH_SECRET_KEY=SECRET_KEY)
    empty = engines.make_engine(ground.url)
    migrate(empty)
    engines.dispose(empty)
    clock = MovingClock(NOW)
    context = open_context(_project(ground.project)).by(clock)
    try:
        day = _day(ground, context, clock, rows)
    finally:
        context.close()
    bars = {
        f"a day over {BAR_SECONDS:.0f} s": day.seconds > BAR_SECONDS,
        LONG_WRITE: day.longest_write > LONGEST_SECONDS,
    }
    return [bar for bar, is_missed in bars.items() if is_missed]


def _day(ground: Ground, context: Context, clock: MovingClock, rows: int) -> Spent:
    engine = context.engine
    tick = _begin(context, rows)
    clock.at = NOW + DAY
    by_hand = under_way.by_hand_seconds(engine, clock.at)
    settle_statistics(engine)  # what was rolled back lies about in PostgreSQL's tables
    planned = _look(tick)
    _line(ground, rows, "messages planned", planned)
    under_way.check_planned(engine, rows, NOW)
    under_way.answer_all(engine, clock.at)
    clock.at += timedelta(minutes=1)
    moved = _look(tick)
    _line(ground, rows, "answers seen", moved)
    under_way.check_moved(engine, rows, MESSAGES)
    _line(ground, rows, "the day", planned + moved)
    ground.line(f"{rows:,}", "raw SQL of it", f"{by_hand:.2f}", "", "", "")
    idle = [_look(tick) for _ in range(IDLE_LOOKS)]
    cpu_ms = sum(each.cpu_seconds for each in idle) / IDLE_LOOKS * 1_000
    ground.line(f"{rows:,}", "a look with nothing due", "", f"{cpu_ms:.0f} ms", "", "")
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


def _look(tick: Tick) -> Spent:
    longest, log, least = Longest(), engines.log, engines.LONG_SECONDS
    engines.log, engines.LONG_SECONDS = longest, 0.0  # type: ignore[assignment]
    begun, used, served = time.perf_counter(), time.process_time(), _served_seconds()
    try:
        tick()
    finally:
        engines.log, engines.LONG_SECONDS = log, least
    used = time.process_time() - used
    seconds = time.perf_counter() - begun
    return Spent(seconds, used, _served_seconds() - served, longest.seconds)


def _line(ground: Ground, rows: int, what: str, spent: Spent) -> None:
    ground.line(
        *(f"{rows:,}", what, f"{spent.seconds:.2f}", f"{spent.cpu_seconds:.2f}"),
        *(f"{spent.served_seconds:.2f}", f"{spent.longest_write:.2f} s"),
    )


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
