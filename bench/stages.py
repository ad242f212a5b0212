"""Refresh of stages on a large base: `python3 dev.py bench stages [--rows N] [--databases …]`.

1,000,000 customers with three orders each. After a first refresh two days pass: one in ten has not
ordered for 60 days by then and declines, one in ten who had declined orders again, and the rest stay
as they are. `outreach stages refresh` finds the 20 % and moves them; SQLite, then PostgreSQL.
"""

import sys
from datetime import UTC, datetime, timedelta

from bench.ground import raw
from bench.ground.filling import fill_customers, fill_events, settle_statistics
from bench.ground.frame import LONG_WRITE, LONGEST_SECONDS, Ground, on_each, parser
from bench.ground.project import write_project
from outreach.store.engine import dispose, make_engine

FIRST = datetime(2026, 7, 1, 9, tzinfo=UTC)
NOW = FIRST + timedelta(days=2)
BAR_SECONDS = 15.0
COLUMNS = (
    "customers", "moved", "seconds", "CPU seconds", "peak MiB", "longest write", "raw SQL",
)  # fmt: skip


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    options = parser("stages", __doc__, 1_000_000).parse_args()
    return on_each(
        options.databases,
        COLUMNS,
        lambda ground: _measured(ground, options.rows),
        is_full=options.rows >= 1_000_000,
    )


def _measured(ground: Ground, rows: int) -> list[str]:
    by_hand = _fill(ground, rows)
    took = ground.outreach(NOW, "stages", "refresh")
    _check(took.answer, rows)
    ground.line(
        *(f"{rows:,}", f"{rows // 5:,}", f"{took.seconds:.1f}", f"{took.cpu_seconds:.1f}"),
        *(f"{took.peak_mib:.0f}", f"{took.longest_write:.2f} s", f"{by_hand:.1f} s"),
    )
    bars = {
        f"refresh over {BAR_SECONDS:.0f} s": took.seconds > BAR_SECONDS,
        LONG_WRITE: took.longest_write > LONGEST_SECONDS,
    }
    return [bar for bar, is_missed in bars.items() if is_missed]


def _fill(ground: Ground, rows: int) -> float:
    """A base as of the first refresh; the seconds that one rule by hand takes for the second."""
    write_project(ground.project)
    ground.outreach(FIRST, "migrate")
    engine = make_engine(ground.url)
    try:
        fill_customers(engine, rows, FIRST, words=False)
        fill_events(engine, rows, FIRST)
        settle_statistics(engine)
        ground.outreach(FIRST, "stages", "refresh")
        settle_statistics(engine)
        return raw.stages_seconds(engine, NOW)
    finally:
        dispose(engine)


def _check(answer: dict[str, int], rows: int) -> None:
    """The stages that two days later hold: a tenth declined, everyone else grows."""
    told = {stage: count for stage, count in answer.items() if count}
    if told != {"growth": rows - rows // 10, "decline": rows // 10}:
        raise RuntimeError(f"the stages are not those of the base: {answer}")


if __name__ == "__main__":
    sys.exit(main())
