"""How the databases go about plan and claim on 1,000,000 customers and 10,000,000 deliveries.

`python3 dev.py bench plans [--customers N] [--touches N] [--databases …]`: builds the base, runs a
plan and a claim, prints each statement's plan, and fails if a claim reads a whole table.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, insert, literal, select, update

from bench.ground.filling import fill_customers, fill_touches, settle_statistics
from bench.ground.project import CAMPAIGN, FILES
from bench.ground.statements import Planned, planned
from outreach.campaign.check import load_project
from outreach.clock import Instants
from outreach.decisions.asking import Question, everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.planning.plan import Funnel, count
from outreach.rendering.compiling import compile_step
from outreach.store import deliveries as statements
from outreach.store import sharing
from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.migrate import migrate
from outreach.store.tables import customers, deliveries
from outreach.store.types import Instant
from tests.makers import make_campaign, make_run
from tests.servers import postgres

NOW = datetime(2026, 7, 3, 15, tzinfo=UTC)  # Friday, 17:00 in Berlin
DUE = 200_000
CLAIM = 200


def main() -> int:
    """Build, ask, print; 1 when a claim reads a whole table."""
    options = _options()
    scans = []
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder:
        for name in options.databases.split(","):
            with _engine(name, Path(folder)) as engine:
                print(f"## {name}", flush=True)
                run_id = _fill(engine, options.customers, options.touches)
                _show(_plan(engine))
                claim = _claim(engine, run_id)
                _show(claim)
                scans += [scan for each in claim for scan in each.full_scans()]
    for scan in scans:
        print(f"a claim reads a whole table: {scan}", file=sys.stderr)
    return 1 if scans else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench plans", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--databases", default="sqlite,postgres")
    return parser.parse_args()


@contextmanager
def _engine(name: str, folder: Path) -> Iterator[Engine]:
    if name == "sqlite":
        engine = make_engine(f"sqlite:///{folder}/plans.db")
        yield engine
        dispose(engine)
        return
    with postgres(shared_buffers="1GB", max_wal_size="8GB") as url:
        engine = make_engine(url.format(database="postgres"))
        yield engine
        dispose(engine)


def _fill(engine: Engine, count_: int, touches: int) -> int:
    """The base, and a run with deliveries that are due; the run's id."""
    begun = time.perf_counter()
    migrate(engine)
    fill_customers(engine, count_, NOW)
    fill_touches(engine, touches, NOW - timedelta(days=1))
    with writing(engine) as conn:
        run_id = make_run(conn, CAMPAIGN, occurrence_at=NOW)
        campaign_id = make_campaign(conn, CAMPAIGN)
        _add_due(conn, run_id, campaign_id)
    settle_statistics(engine)
    print(f"built in {time.perf_counter() - begun:.0f} s", flush=True)
    return run_id


def _add_due(conn: Connection, run_id: int, campaign_id: int) -> None:
    c, now = customers.c, literal(NOW, Instant())
    row: dict[str, ColumnElement[Any]] = {
        "run_id": literal(run_id), "run_at": now, "campaign_id": literal(campaign_id),
        "step": literal("greet"), "customer_id": c.id, "topic": literal("greetings"),
        "priority": literal(50), "channel": literal("email"), "address": c.email,
        "state": literal("due"), "planned_at": now, "due_at": now, "late_at": now, "slot_at": now,
        "ready": literal(True),
    }  # fmt: skip
    chosen = select(*row.values()).where(c.id <= DUE)
    conn.execute(insert(deliveries).from_select(list(row), chosen))
    conn.execute(
        update(deliveries)
        .where(deliveries.c.run_id == run_id)
        .values(late_at=literal(NOW + timedelta(days=1), Instant()))
    )


def _ruling(conn: Connection) -> Ruling:
    files = {name: text.encode() for name, text in FILES.items()}
    project = load_project(files)
    campaign, company = project.campaigns[CAMPAIGN], project.company
    if company is None:
        raise RuntimeError("the bench's own project is broken")
    compiled = compile_step(files, campaign, company)
    return make_ruling(make_campaign(conn, CAMPAIGN), 0, campaign, company, compiled)


def _plan(engine: Engine) -> list[Planned]:
    """A plan of everyone at NOW."""
    with writing(engine) as conn:
        ruling = _ruling(conn)
    with reading(engine) as conn:
        begun = time.perf_counter()
        found = planned(conn, lambda: _count(conn, ruling))
        print(f"plan: {time.perf_counter() - begun:.1f} s with its explanation", flush=True)
    return found


def _count(conn: Connection, ruling: Ruling) -> Funnel:
    scope = Scope(run_at=NOW, seen_at=NOW)
    question: Question = ask_base(conn, ruling, scope, everywhere(localities(conn), NOW))
    begun = time.perf_counter()
    funnel = count(conn, question)
    print(f"plan: {time.perf_counter() - begun:.1f} s, {funnel}", flush=True)
    return funnel


def _claim(engine: Engine, run_id: int) -> list[Planned]:
    """The statements of a claim of CLAIM deliveries, up to its decision."""
    with writing(engine) as conn:
        ruling = _ruling(conn)
        at = Instants(NOW, datetime.now(UTC))

        def claim() -> None:
            statements.runs_with_work(conn, "email", at)
            picked = statements.pick(conn, run_id, "email", at, [("", CLAIM)], CLAIM)
            ids = [one.customer_id for one in picked]
            sharing.sharers(conn, ids)
            statements.try_lock_customers(conn, ids)
            begun = time.perf_counter()
            recheck(conn, ruling, run_id, NOW, [one.id for one in picked], NOW)
            print(f"re-check of {len(picked)}: {(time.perf_counter() - begun) * 1000:.0f} ms")

        return planned(conn, claim)


def _show(found: list[Planned]) -> None:
    for each in found:
        print(f"\n```\n{each.statement[:160]} …\n\n{each.plan}\n```", flush=True)


if __name__ == "__main__":
    sys.exit(main())
