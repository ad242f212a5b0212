"""Where a scenario takes place: project, database, broker, mail server, processes."""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, func, select

from bench.faults.broker import Broker
from bench.faults.processes import Processes, children_of
from bench.faults.reclaims import Reclaims
from bench.faults.record import ROOT, Record, mail_server
from bench.ground.filling import fill_customers, settle_statistics
from bench.ground.project import FILES, write_project
from outreach.app.context import Context, open_context
from outreach.app.sending import Asked, send_by_hand
from outreach.store.engine import dispose, make_engine, reading
from outreach.store.tables import customers, deliveries, workers

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
OPEN = {"due", "held", "claimed", "handing"}
CUSTOMERS_PER_MAIL = 10 / 9  # one in ten said no to mails
SCHEDULED = '{cron: "0 17 * * FRI", timezone: Europe/Berlin}'
PATIENCE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Place:
    """What scenarios share: `broker` None is memory://; `begin` starts a process."""

    name: str
    database_url: str
    broker: Broker | None
    settings: dict[str, str] = field(default_factory=dict)
    begin: Callable[..., Any] = subprocess.Popen


@dataclass
class World:
    """One scenario's."""

    place: Place
    folder: Path
    engine: Engine
    post: Record
    processes: Processes
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    begun: float = field(default_factory=time.monotonic)
    killed: int = 0  # worker processes
    since: list[float] = field(default_factory=list)  # instants from which to look for the next
    reclaims: Reclaims = field(init=False)

    def __post_init__(self) -> None:
        self.reclaims = Reclaims(self.engine)

    @contextmanager
    def context(self, now: str | None = None) -> Iterator[Context]:
        """The project as a command would see it."""
        with patch.dict(os.environ, self.processes.settings, clear=True):
            found = open_context(self.folder, now)
        try:
            yield found
        finally:
            found.close()

    def send(self, campaign: str = "everyone", now: str | None = None) -> None:
        """`outreach send CAMPAIGN --yes`, in this process."""
        with self.context(now) as context:
            send_by_hand(context, Asked(campaign))

    def wait(self, there: Callable[[], bool]) -> None:
        """Return once it is; TimeoutError with what the processes said when it never is."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not there():
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self.states()}\n{self.processes.said()[-4000:]}")
            self.reclaims.look()
            time.sleep(0.02)

    def wait_for_mails(self, count: float) -> None:
        """Return once so many messages came in, or nothing is open any more."""
        looked = 0.0

        def there() -> bool:
            nonlocal looked
            if self.post.read() >= count:
                return True
            if time.monotonic() < looked + 1:
                return False
            looked = time.monotonic()
            return self.is_over()

        self.wait(there)

    def wait_until_over(self) -> None:
        """Return once everything has its end, and every row of the dead was claimed again."""
        looked = 0.0

        def there() -> bool:
            nonlocal looked
            if time.monotonic() < looked + 0.2:
                return False
            looked = time.monotonic()
            return self.is_over() and not self.reclaims.waiting

        self.wait(there)
        self.post.read()

    def is_over(self) -> bool:
        """Whether messages were planned, and none of them is open."""
        states = self.states()
        return bool(states) and not OPEN & states.keys()

    def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        with reading(self.engine) as conn:
            return {state: number for state, number in conn.execute(query)}  # noqa: C416

    def people(self) -> int:
        """How many customers there are."""
        with reading(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(customers)).scalar_one()

    def workers(self) -> dict[int, int]:
        """By process id the ids of the workers that have begun and whose process runs."""
        query = select(workers.c.name, workers.c.id).where(workers.c.swept_at.is_(None))
        with reading(self.engine) as conn:
            known = {int(name.rpartition(":")[2]): id_ for name, id_ in conn.execute(query)}
        running = {one.pid for each in self.processes.running for one in children_of(each)}
        running |= {each.pid for each in self.processes.running}
        return {pid: id_ for pid, id_ in known.items() if pid in running}

    def wait_for_workers(self, count: int) -> None:
        """Return once so many serve."""
        self.wait(lambda: len(self.workers()) >= count)

    def watch(self, worker_ids: Sequence[int]) -> None:
        """Note what the dead hold, and from when on the next message is looked for."""
        self.killed += len(worker_ids)
        self.reclaims.watch(worker_ids)

    def resumes(self) -> list[float | None]:
        """Seconds from each instant in `since` to the next message."""
        return [self.post.seconds_until_next(each) for each in self.since]


@contextmanager
def world(
    place: Place,
    folder: Path,
    mails: int,
    *,
    gap: tuple[float, float] = (0.005, 0.02),
    drop: float = 0.0,
    now: datetime | None = None,
    files: dict[str, str] | None = None,
) -> Iterator[World]:
    """A project with so many customers who may be mailed; nothing runs yet but the mail server."""
    write_project(folder)
    for name, text in (files if files is not None else by_hand()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    engine = make_engine(place.database_url)
    fill_customers(engine, round(mails * CUSTOMERS_PER_MAIL), now or datetime.now(UTC))
    settle_statistics(engine)
    with mail_server(folder, gap, drop) as post:
        processes = Processes(folder, environment(place, post.url), place.begin)
        try:
            yield World(place, folder, engine, post, processes)
        finally:
            processes.kill_all()
            dispose(engine)


def environment(place: Place, smtp_url: str) -> dict[str, str]:
    """The variables of all processes: none of outreach but ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OUTREACH_")}
    given = {"DATABASE_URL": place.database_url, "SMTP_URL": smtp_url, "SECRET_KEY": KEY}
    if place.broker is not None:
        given["BROKER_URL"] = place.broker.url
    ours = {f"OUTREACH_{key}": value for key, value in (given | place.settings).items()}
    return kept | ours | {"PYTHONPATH": str(ROOT)}


def by_hand() -> dict[str, str]:
    """A campaign by mail to everyone, sent by hand, at any hour."""
    return {
        "campaigns/everyone.yaml": campaign("{manual: true}"),
        "outreach.yaml": FILES["outreach.yaml"] + "quiet_hours: none\n",
    }


def campaign(schedule: str) -> str:
    """A campaign by mail to everyone."""
    text = FILES["campaigns/everyone.yaml"].replace("[sms, email]", "[email]")
    return text.replace('{cron: "0 17 * * FRI", timezone: customer}', schedule)
