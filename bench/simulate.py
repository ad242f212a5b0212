"""Simulate on a large base: `python3 dev.py bench simulate [--rows N] [--days N] [--databases …]`.

1,000,000 customers with three orders each, ten campaigns for them by their own clocks or company time:
weekly, monthly and once, for everyone, for stages, for few. `outreach simulate --days 90` runs them
on a copy; SQLite, then PostgreSQL.
"""

import argparse
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.base import SECRET_KEY, database_of
from bench.ground.filling import fill_customers, fill_events, settle_statistics
from bench.ground.project import write_project
from bench.ground.watch import Measured, measure
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import dispose, make_engine

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
BAR_SECONDS, BAR_MIB = 600.0, 1_024
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
    options = _options()
    set_up_logs(LogFormat.CONSOLE)  # filling the base in long transactions is no news
    missed = []
    print("| database | customers | days | messages | seconds | CPU seconds | peak MiB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        folder = Path(name)
        for database in options.databases.split(","):
            with database_of(database, folder) as url:
                _fill(url, folder, options.rows)
                took = _outreach(url, folder, "simulate", "--days", str(options.days))
                messages = sum(took.answer["channels"].values())
                figures = (
                    f"{options.rows:,} | {options.days} | {messages:,}",
                    f"{took.seconds:.1f} | {took.cpu_seconds:.1f} | {took.peak_mib:.0f}",
                )
                print(f"| {database} | {' | '.join(figures)} |", flush=True)
                if took.seconds > BAR_SECONDS:
                    missed.append(f"{database}: over {BAR_SECONDS:.0f} s")
                if took.peak_mib > BAR_MIB:
                    missed.append(f"{database}: over {BAR_MIB} MiB")
    full = options.rows >= 1_000_000 and options.days >= 90
    for bar in missed if full else []:
        print(f"missed: {bar}", file=sys.stderr)
    return 1 if missed and full else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench simulate", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--databases", default="sqlite,postgres")
    return parser.parse_args()


def _fill(url: str, folder: Path, rows: int) -> None:
    _outreach(url, folder, "migrate")
    engine = make_engine(url)
    try:
        fill_customers(engine, rows, NOW, words=True)
        fill_events(engine, rows, NOW)
        settle_statistics(engine)
    finally:
        dispose(engine)


def _outreach(url: str, folder: Path, *arguments: str) -> Measured:
    project = write_project(folder / "project")
    (project / "campaigns/everyone.yaml").unlink(missing_ok=True)
    for name, (audience, schedule, priority) in CAMPAIGNS.items():
        text = _CAMPAIGN.format(name=name, audience=audience, schedule=schedule, priority=priority)
        (project / f"campaigns/{name}.yaml").write_text(text, "utf-8")
    environment = os.environ | {"OUTREACH_DATABASE_URL": url, "OUTREACH_SECRET_KEY": SECRET_KEY}
    options = ["--project", str(project), "--now", NOW.isoformat(), "--json"]
    command = [sys.executable, "-m", "bench.ground.command", *arguments, *options]
    return measure(command, environment, folder / "answer.json")


if __name__ == "__main__":
    sys.exit(main())
