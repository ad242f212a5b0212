"""Rate limits with the real command: a pace, a warm-up, and a domain that refuses for now."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from commands import NOW, begin, outreach_here, sample_project
from letterbox import BEFORE
from servers import free_port
from sqlalchemy import func, select

from outreach.store.engine import dispose, make_engine, reading
from outreach.store.tables import attempts, deliveries, limits

ALL = ("send", "service-notice", "--yes", "--now", NOW)
UNTIL_IDLE = ("run", "--until-idle", "--now", NOW)
REFUSED = 400  # more than a worker claims at once
PATIENCE_SECONDS = 60


@dataclass
class Refusing:
    """A server that puts one domain off at RCPT, and takes everything else."""

    url: str = ""
    tried: Counter[str] = field(default_factory=Counter)  # recipients by domain

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]
    ) -> str:
        domain = to.rpartition("@")[2]
        self.tried[domain] += 1
        if domain == "later.example.com":
            return "450 4.7.1 try again later"
        envelope.rcpt_tos.append(to)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 2.0.0 OK"


@contextmanager
def refusing() -> Iterator[Refusing]:
    box, port = Refusing(), free_port()
    server = Controller(box, hostname="localhost", port=port)
    server.start()
    box.url = f"smtp://localhost:{port}"
    try:
        yield box
    finally:
        server.stop()


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with 30 customers at example.com, and more at a domain that will refuse."""
    project = sample_project(tmp_path_factory.mktemp("limits") / "project")
    lines = [f"r{n},r{n}@later.example.com,US,America/New_York" for n in range(REFUSED)]
    lines += [f"k{n},k{n}@example.com,US,America/New_York" for n in range(30)]
    (project / "c.csv").write_text("key,email,country,timezone\n" + "\n".join(lines) + "\n")
    assert outreach_here(project, "customers", "import", "c.csv", "--now", BEFORE).code == 0
    return project


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once_peopled, tmp_path / "peopled")


def limit(project: Path, written: str) -> None:
    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("    connections: 4\n", f"    {written}\n", 1))


@contextmanager
def database(project: Path) -> Iterator[object]:
    engine = make_engine(f"sqlite:///{project}/.outreach/outreach.db")
    with reading(engine) as conn:
        yield conn
    dispose(engine)


def test_thirty_at_ten_a_second_are_paid_with_tokens_of_two_seconds_and_more(peopled: Path) -> None:
    limit(peopled, "rate: 10/second")
    where = ("--where", "key < 'l'")
    assert outreach_here(peopled, *ALL, *where).code == 0

    ran = outreach_here(peopled, *UNTIL_IDLE, "--json")

    assert ran.json["sent"] == 30
    with database(peopled) as conn:
        paid = conn.execute(select(limits)).one()
        first = conn.execute(select(func.min(attempts.c.at))).scalar_one()
    assert (paid.name, paid.used) == ("email", 30)
    assert (paid.full_at - first).total_seconds() > 2  # a second's burst, and 20 that had to come


def test_a_warm_up_stops_at_its_first_days_number_and_the_rest_stays_due(peopled: Path) -> None:
    limit(peopled, 'per_domain: {default: "5/day, doubling to 100/day"}')
    assert outreach_here(peopled, *ALL).code == 0

    ran = outreach_here(peopled, *UNTIL_IDLE, "--json")
    again = outreach_here(peopled, *UNTIL_IDLE, "--json")
    doctor = outreach_here(peopled, "doctor", "--now", NOW, "--json")

    assert (ran.json["sent"], again.json["sent"]) == (10, 0)
    with database(peopled) as conn:
        states = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        assert dict(map(tuple, conn.execute(states))) == {"sent": 10, "due": 20 + REFUSED}
    told = {each["check"]: each["detail"] for each in doctor.json}
    assert told["limit email/example.com"] == (
        "5/day, doubling to 100/day; used today: 5 of 5, day 1 of its ramp"
    )
    assert told["limit email/default"] == "5/day, doubling to 100/day, for each other domain"


def test_a_domain_that_refuses_for_now_rests_and_the_others_are_all_served(peopled: Path) -> None:
    """Its customers come first in the run; some are tried, not each of them, and none is lost."""
    with refusing() as server:
        settings = {"smtp_url": server.url}
        assert outreach_here(peopled, *ALL, **settings).code == 0
        worker = begin(peopled, "run", "--now", NOW, **settings)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while server.tried["example.com"] < 30 and time.monotonic() < give_up:
            time.sleep(0.05)
        worker.terminate()
        assert worker.wait(PATIENCE_SECONDS) == 0

    assert server.tried["example.com"] == 30
    assert server.tried["later.example.com"] < REFUSED
    with database(peopled) as conn:
        states = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        assert dict(map(tuple, conn.execute(states))) == {"sent": 30, "due": REFUSED}
