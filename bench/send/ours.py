"""One campaign sent by the production commands: worker processes, then `outreach send`."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from sqlalchemy import Engine, func, select

from bench.faults.processes import Processes, children_of
from bench.faults.record import ROOT
from bench.ground.filling import fill_customers, settle_statistics
from bench.send.project import CAMPAIGN, write_project
from outreach.store.engine import dispose, make_engine, reading
from outreach.store.tables import attempts, deliveries, workers

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
CUSTOMERS_PER_MAIL = 10 / 9  # one in ten said no to mails
LOOK_SECONDS = 0.2
PATIENCE_SECONDS = 1800.0
SERVERS = ("postgres", "valkey-server", "redis-server", "smtp-sink")
OPEN = ("due", "held", "claimed", "handing")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run took. `first_after`: seconds from `outreach send`'s start to the first answer."""

    mails: int
    rate: float  # messages a second, from the first answer to the last
    first_after: float
    peak_mib: float  # PSS of the worker processes and their parent
    cpu_us: float  # of the workers, per message
    served_us: float  # of the database's, the broker's and the sink's processes, per message
    early_rate: float  # messages a second until nineteen of twenty were answered


@dataclass(frozen=True, slots=True)
class Base:
    """A project whose customers are in the database; `settings` are OUTREACH_…'s."""

    folder: Path
    engine: Engine
    settings: dict[str, str]
    processes: int


@contextmanager
def base(
    folder: Path, database_url: str, mails: int, settings: dict[str, str], processes: int
) -> Iterator[Base]:
    """A project and so many customers who may be mailed."""
    write_project(folder)
    engine = make_engine(database_url)
    fill_customers(engine, round(mails * CUSTOMERS_PER_MAIL), datetime.now(UTC))
    settle_statistics(engine)
    try:
        yield Base(folder, engine, {"DATABASE_URL": database_url, **settings}, processes)
    finally:
        dispose(engine)


def send(base: Base, smtp_url: str) -> Sent:
    """Start the workers, send to everyone, wait until all have it."""
    given = {"SECRET_KEY": KEY, "SMTP_URL": smtp_url, **base.settings}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OUTREACH_")}
    ours = {f"OUTREACH_{key}": value for key, value in given.items()}
    processes = Processes(base.folder, kept | ours | {"PYTHONPATH": str(ROOT)})
    before = _attempts(base.engine)
    try:
        supervisor = processes.start("worker", "--processes", base.processes)
        _wait_for_workers(base.engine, base.processes, processes)
        crew = [psutil.Process(supervisor.pid), *children_of(supervisor)]
        used, begun = _cpu_seconds(crew), time.time()
        served = _served_seconds()
        sending = processes.start("send", CAMPAIGN, "--yes")
        peak, give_up = 0.0, time.monotonic() + PATIENCE_SECONDS
        while _is_open(base.engine, before):
            peak = max(peak, _held_mib(crew))
            if time.monotonic() > give_up or sending.poll():
                raise RuntimeError(processes.said()[-4000:])
            time.sleep(LOOK_SECONDS)
        used = _cpu_seconds(crew) - used
        served = _served_seconds() - served
    finally:
        processes.end_all()
    with reading(base.engine) as conn:
        query = select(attempts.c.at).where(attempts.c.id > before).order_by(attempts.c.at)
        at = list(conn.execute(query).scalars())
    early = len(at) * 19 // 20
    return Sent(
        mails=len(at),
        rate=len(at) / (at[-1] - at[0]).total_seconds(),
        first_after=at[0].timestamp() - begun,
        peak_mib=peak,
        cpu_us=used / len(at) * 1e6,
        served_us=served / len(at) * 1e6,
        early_rate=early / (at[early] - at[0]).total_seconds(),
    )


def _attempts(engine: Engine) -> int:
    with reading(engine) as conn:
        return conn.execute(select(func.coalesce(func.max(attempts.c.id), 0))).scalar_one()


def _is_open(engine: Engine, before: int) -> bool:
    """Whether nothing was sent yet, or something waits or is in somebody's hands."""
    with reading(engine) as conn:
        if _attempts(engine) == before:
            return True
        found = select(deliveries.c.id).where(deliveries.c.state.in_(OPEN)).limit(1)
        return conn.execute(found).first() is not None


def _wait_for_workers(engine: Engine, count: int, processes: Processes) -> None:
    give_up = time.monotonic() + 60
    query = select(func.count()).select_from(workers).where(workers.c.swept_at.is_(None))
    while True:
        with reading(engine) as conn:
            if conn.execute(query).scalar_one() >= count:
                return
        if time.monotonic() > give_up:
            raise TimeoutError(processes.said()[-4000:])
        time.sleep(0.05)


def _held_mib(crew: list[psutil.Process]) -> float:
    held = 0.0
    for each in crew:
        with suppress(psutil.NoSuchProcess):
            held += each.memory_full_info().pss
    return held / 2**20


def _served_seconds() -> float:
    """CPU seconds of the servers that this bench has started, and of their children that ended."""
    used = 0.0
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if each.name() in SERVERS:
                used += sum(each.cpu_times()[:4])
    return used


def _cpu_seconds(crew: list[psutil.Process]) -> float:
    times = [each.cpu_times() for each in crew if each.is_running()]
    return sum(each.user + each.system for each in times)


if __name__ == "__main__":
    sys.exit("call `python3 dev.py bench send`")
