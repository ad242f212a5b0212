"""Simulate on a large base: `python3 dev.py bench simulate [--rows N] [--days N] [--databases …]`.

1,000,000 customers with three orders each, ten campaigns for them by their own clocks or company time:
weekly, monthly and once, for everyone, for stages, for few. `outreach simulate --days 90` runs them
on a copy; then a process that runs on explains decisions of all ten about some customers, one by one.
SQLite, then PostgreSQL.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.ground.explained import BAR_SECONDS as EXPLAIN_SECONDS
from bench.ground.explained import MISSED, explained
from bench.ground.filling import fill_customers, fill_events, settle_statistics
from bench.ground.frame import Ground, on_each, parser
from bench.ground.project import write_project
from outreach.store.engine import dispose, make_engine

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
BAR_SECONDS, BAR_MIB = 600.0, 1_024
COLUMNS = ("customers", "days", "messages", "seconds", "CPU seconds", "peak MiB", "explain, s")
CAMPAIGNS = {  # audience, schedule, priority
    "weekly": ("{stage: growth}", 'cron: "0 17 * * FRI", timezone: customer', 40),
    "monthly": ("everyone", 'cron: "0 10 1 * *", timezone: Europe/Berlin', 60),
    "decline": ("{stage: decline}", 'cron: "0 10 * * TUE", timezone: Europe/Berlin', 70),
    "rich": ('{where: "spend > 200"}', 'cron: "0 11 * * WED", timezone: Europe/Berlin', 50),
    "august": ("everyone", "at: 2026-08-03T09:00, timezone: customer", 80),
    "autumn": ("everyone", "at: 2026-09-21T09:00, timezone: customer", 80),
    "german": ("{country: [DE]}", 'cron: "0 12 15 * *", timezone: Europe/Berlin', 45),
    "french": ("{country: [FR]}", 'cron: "0 12 15 * *", timezone: Europe/Paris', 45),
    "quiet": ('{where: "last_order_at < now - days(90)"}', 'cron: "0 9 * * MON"', 30),
    "birthday": ("everyone", 'on_date: {field: birthday, at: "09:00"}, timezone: customer', 90),
}
_CAMPAIGN = """\
title: {name}
owner: bench@example.com
topic: greetings
status: active
priority: {priority}
audience: {audience}
schedule: {{{schedule}}}
steps: [{{id: greet, channels: [sms, email], template: everyone}}]
"""


def main() -> int:
    """Measure, print a table; 1 when a bar is missed at the full size."""
    asked = parser("simulate", __doc__, 1_000_000)
    asked.add_argument("--days", type=int, default=90)
    options = asked.parse_args()
    return on_each(
        options.databases,
        COLUMNS,
        lambda ground: _measured(ground, options.rows, options.days),
        is_full=options.rows >= 1_000_000 and options.days >= 90,
    )


def _measured(ground: Ground, rows: int, days: int) -> list[str]:
    _write_project(ground.project)
    _fill(ground, rows)
    took = ground.outreach(NOW, "simulate", "--days", str(days))
    messages = sum(took.answer["channels"].values())
    found = explained(ground, NOW, tuple(CAMPAIGNS), rows)
    ground.line(
        *(f"{rows:,}", str(days), f"{messages:,}", f"{took.seconds:.1f}"),
        *(f"{took.cpu_seconds:.1f}", f"{took.peak_mib:.0f}", found.told),
    )
    bars = {
        f"over {BAR_SECONDS:.0f} s": took.seconds > BAR_SECONDS,
        f"over {BAR_MIB} MiB": took.peak_mib > BAR_MIB,
        MISSED: found.longest > EXPLAIN_SECONDS,
    }
    return [bar for bar, is_missed in bars.items() if is_missed]


def _write_project(folder: Path) -> None:
    write_project(folder)
    (folder / "campaigns/everyone.yaml").unlink()
    for name, (audience, schedule, priority) in CAMPAIGNS.items():
        text = _CAMPAIGN.format(name=name, audience=audience, schedule=schedule, priority=priority)
        (folder / f"campaigns/{name}.yaml").write_text(text, "utf-8")


def _fill(ground: Ground, rows: int) -> None:
    ground.outreach(NOW, "migrate")
    engine = make_engine(ground.url)
    try:
        fill_customers(engine, rows, NOW, words=True)
        fill_events(engine, rows, NOW)
        settle_statistics(engine)
    finally:
        dispose(engine)


if __name__ == "__main__":
    sys.exit(main())
