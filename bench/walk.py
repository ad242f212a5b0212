"""The whole way on a large base, through one kill: plan, claim, handing, SMTP, settle, import beside.

`python3 dev.py bench walk [--customers N] [--databases sqlite,postgres]`: a campaign for everyone, a
hold-out that leaves a few per cent to be sent, two worker processes of which one is killed -9, and an
import at the same time. Prints what was planned and sent, duplicates, lost, unknown, and the longest
anybody else waited for a write on SQLite. Fails unless duplicates and lost are 0.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from bench.ground.filling import fill_customers, settle_statistics
from bench.ground.project import FILES, write_project
from outreach.store.engine import dispose, make_engine, reading
from outreach.store.migrate import migrate
from outreach.store.tables import deliveries, workers
from tests.servers import postgres, valkey

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path += [str(TESTS), str(TESTS / "acceptance")]  # where the tests' modules find one another
from letterbox import Letterbox, letterbox  # noqa: E402

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
IN_FLIGHT = 64
OPEN = {"due", "held", "claimed", "handing"}
IMPORTED = 20_000


@dataclass
class Waits:
    """How long a bystander waited for SQLite's write lock, in seconds."""

    longest: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, engine: Engine) -> None:
        """Ask for the lock every 50 ms until stopped."""
        while not self.stop.wait(0.05):
            begun = time.perf_counter()
            with engine.connect() as conn:
                conn.exec_driver_sql("BEGIN IMMEDIATE")
                conn.rollback()
            self.longest = max(self.longest, time.perf_counter() - begun)


def main() -> int:
    """Walk on each database; 1 where anything was doubled or lost."""
    parser = argparse.ArgumentParser(prog="dev.py bench walk", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--held-out", default="97%")
    parser.add_argument("--databases", default="sqlite,postgres")
    options = parser.parse_args()
    failed = False
    for name in options.databases.split(","):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outreach-walk-")))
            settings = stack.enter_context(_settings(name, folder))
            failed |= not _walk(name, folder, settings, options.customers, options.held_out)
    return int(failed)


@contextmanager
def _settings(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of every process of one walk."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OUTREACH_")}
    given = {"SECRET_KEY": KEY, "LEASE_SECONDS": "5", "IN_FLIGHT": str(IN_FLIGHT), "LOG": "json"}
    with ExitStack() as stack:
        if name == "postgres":
            url = stack.enter_context(postgres(shared_buffers="1GB", max_wal_size="8GB"))
            given["DATABASE_URL"] = url.format(database="postgres")
            given["BROKER_URL"] = stack.enter_context(valkey())
        else:
            given["DATABASE_URL"] = f"sqlite:///{folder}/walk.db"
        yield kept | {f"OUTREACH_{key}": value for key, value in given.items()}


def _walk(name: str, folder: Path, settings: dict[str, str], customers: int, held_out: str) -> bool:
    _project(folder, held_out)
    engine = make_engine(settings["OUTREACH_DATABASE_URL"])
    migrate(engine)
    fill_customers(engine, customers, datetime.now(UTC))
    settle_statistics(engine)
    (folder / "more.csv").write_text(
        "key,email,timezone,country\n"
        + "".join(f"more-{n},more-{n}@example.com,Europe/Berlin,DE\n" for n in range(IMPORTED))
    )
    waits = Waits()
    if name == "sqlite":
        threading.Thread(target=waits.watch, args=(engine,), daemon=True).start()
    with letterbox() as box:
        settings = settings | {"OUTREACH_SMTP_URL": box.url}
        planned, seconds = _send(engine, folder, settings, box)
    waits.stop.set()
    states = _states(engine)
    dispose(engine)
    doubled = sum(number - 1 for number in box.message_ids.values())
    lost = states.get("sent", 0) - box.recipients.total() + doubled
    unknown = states.get("unknown", 0)
    print(
        f"{name}: {customers:,} customers, planned {sum(states.values()):,} in {planned:.0f} s, "
        f"sent {states.get('sent', 0):,}, all in {seconds:.0f} s; one worker killed -9: duplicates "
        f"{doubled}, lost {max(lost, 0)}, unknown {unknown}, failed {states.get('failed', 0)}; "
        f"longest wait for a write {waits.longest * 1000:.0f} ms",
        flush=True,
    )
    print(f"write transactions over 250 ms: {_long(folder) or 'none'}", flush=True)
    return doubled == 0 and lost <= 0 and unknown <= IN_FLIGHT and not OPEN & states.keys()


def _long(folder: Path) -> list[float]:
    """Seconds of the write transactions that the processes called long, the longest first."""
    found = []
    for log in folder.glob("*.log"):
        for line in log.read_text().splitlines():
            if "long write transaction" in line:
                found.append(float(json.loads(line)["seconds"]))
    return sorted(found, reverse=True)[:10]


def _project(folder: Path, held_out: str) -> None:
    write_project(folder)
    campaign = FILES["campaigns/everyone.yaml"].replace("[sms, email]", "[email]")
    campaign = campaign.replace('{cron: "0 17 * * FRI", timezone: customer}', "{manual: true}")
    campaign += f"experiment: {{holdout: {held_out}}}\n"
    (folder / "campaigns/everyone.yaml").write_text(campaign)
    company = FILES["outreach.yaml"] + "quiet_hours: none\n"
    (folder / "outreach.yaml").write_text(company)


def _send(
    engine: Engine, folder: Path, settings: dict[str, str], box: Letterbox
) -> tuple[float, float]:
    """Everything at once; seconds until planned, and until nothing is open."""
    begun = time.perf_counter()
    with _started(folder, settings, "worker", "--processes", "2"):
        with _started(folder, settings, "send", "everyone", "--yes", "--json") as sending:
            with _started(folder, settings, "customers", "import", "more.csv") as importing:
                _wait(lambda: box.recipients.total() > 500)
                _kill_one(engine)
                if importing.wait() != 0:
                    raise RuntimeError((folder / "customers.log").read_text())
            if sending.wait() != 0:
                raise RuntimeError("send failed")
        planned = time.perf_counter() - begun
        _wait(lambda: not OPEN & _states(engine).keys())
    return planned, time.perf_counter() - begun


@contextmanager
def _started(
    folder: Path, settings: dict[str, str], *words: str
) -> Iterator["subprocess.Popen[Any]"]:
    log = (folder / f"{words[0]}.log").open("wb")
    command = [sys.executable, "-m", "outreach", *words]
    process = subprocess.Popen(command, cwd=folder, env=settings, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def _kill_one(engine: Engine) -> None:
    with reading(engine) as conn:
        name = conn.execute(select(workers.c.name).order_by(workers.c.id)).scalars().first()
    os.kill(int(str(name).rpartition(":")[2]), signal.SIGKILL)


def _states(engine: Engine) -> dict[str, int]:
    with reading(engine) as conn:
        rows = conn.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
        return {state: number for state, number in rows}  # noqa: C416  rows are no pairs to mypy


def _wait(there: Callable[[], bool], seconds: float = 1800) -> None:
    give_up = time.monotonic() + seconds
    while not there():
        if time.monotonic() > give_up:
            raise TimeoutError("nothing more happens")
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
