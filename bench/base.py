"""Import, plan and explain on a large base: `python3 dev.py bench base [--rows N] [--databases …]`.

A file of 1,000,000 customers goes through `outreach customers import`, 2,000,000 touches are put
beside them, and `outreach plan` decides about everyone under two caps; then a process that runs on
explains the decision about some of them, one by one. SQLite, then PostgreSQL.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.ground import raw
from bench.ground.explained import BAR_SECONDS, MISSED, Explained, explained
from bench.ground.filling import fill_touches, settle_statistics
from bench.ground.frame import LONG_WRITE, LONGEST_SECONDS, Ground, on_each, parser
from bench.ground.project import CAMPAIGN, write_project
from bench.ground.rows import write_customers
from bench.ground.watch import Measured
from outreach.store.engine import dispose, make_engine

NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
BARS = {"sqlite": (20_000, 250, 5.0), "postgres": (15_000, 250, 12.0)}  # rows/s, MiB, seconds
COLUMNS = ("step", "seconds", "rows/s", "CPU seconds", "peak MiB", "longest write", "raw SQL")


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    asked = parser("base", __doc__, 1_000_000)
    asked.add_argument("--touches", type=int, help="2 a customer unless given")
    options = asked.parse_args()
    rows, touches = options.rows, options.touches
    if touches is None:
        touches = 2 * rows
    return on_each(
        options.databases,
        COLUMNS,
        lambda ground: _measured(ground, rows, touches),
        is_full=rows >= 1_000_000,
    )


def _measured(ground: Ground, rows: int, touches: int) -> list[str]:
    file = ground.folder / "customers.csv"
    if not file.exists():
        write_customers(file, rows)
    write_project(ground.project)
    ground.outreach(NOW, "migrate")
    took = ground.outreach(NOW, "customers", "import", str(file), "--consent-source", "bench")
    _line(ground, "import", took, rows, _raw_import(ground, file))
    planned, raw_plan = _plan(ground, touches)
    _line(ground, "plan", planned, rows, raw_plan)
    found = explained(ground, NOW, [CAMPAIGN], rows)
    ground.line(f"explain, {found.decisions}", found.told, *("",) * 5)
    return _missed(ground.database, rows, took, planned, found)


def _raw_import(ground: Ground, file: Path) -> float:
    if ground.database == "sqlite":
        return raw.import_seconds(file, ground.folder)
    engine = make_engine(ground.url)
    try:
        return raw.copy_seconds(engine, file)
    finally:
        dispose(engine)


def _plan(ground: Ground, touches: int) -> tuple[Measured, float]:
    engine = make_engine(ground.url)
    try:
        fill_touches(engine, touches, NOW)
        settle_statistics(engine)
        by_hand = raw.plan_seconds(engine, NOW)
    finally:
        dispose(engine)
    took = ground.outreach(NOW, "plan", CAMPAIGN)
    answer = took.answer
    if answer["audience"] != answer["send"] + answer["hold"] + sum(answer["skip"].values()):
        raise RuntimeError(f"the plan's numbers do not add up: {answer}")
    return took, by_hand


def _line(ground: Ground, step: str, took: Measured, rows: int, by_hand: float) -> None:
    ground.line(
        *(step, f"{took.seconds:.1f}", f"{rows / took.seconds:,.0f}", f"{took.cpu_seconds:.1f}"),
        *(f"{took.peak_mib:.0f}", f"{took.longest_write:.2f} s", f"{by_hand:.1f} s"),
    )


def _missed(
    database: str, rows: int, imported: Measured, planned: Measured, found: Explained
) -> list[str]:
    rate, memory, seconds = BARS[database]
    bars = {
        f"import under {rate:,} rows/s": rows / imported.seconds < rate,
        LONG_WRITE: imported.longest_write > LONGEST_SECONDS,
        f"import over {memory} MiB": imported.peak_mib > memory,
        f"plan over {seconds:.0f} s": planned.seconds > seconds,
        MISSED: found.longest > BAR_SECONDS,
    }
    return [bar for bar, is_missed in bars.items() if is_missed]


if __name__ == "__main__":
    sys.exit(main())
