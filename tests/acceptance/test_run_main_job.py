"""Planned messages go out, each once: in one process, and spread over several that are killed."""

import csv
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import NOW, begin, outreach, outreach_here, sample_project
from letterbox import letterbox, people
from pythons import Process
from sqlalchemy import func, select
from waiting import wait_for

from outreach.store.engine import dispose, make_engine, reading
from outreach.store.tables import deliveries, workers

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
IN_FLIGHT = 8
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with 50 customers, 45 of whom may be written to."""
    project = sample_project(tmp_path_factory.mktemp("peopled") / "project")
    people(project, 50)
    return project


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(once_peopled, tmp_path / "peopled")


@pytest.fixture(scope="module")
def ran(once_peopled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it after the Friday greeting went out; only to be looked at."""
    project = shutil.copytree(once_peopled, tmp_path_factory.mktemp("ran") / "project")
    assert outreach(project, "run", "--until-idle", "--now", NOW).code == 0
    return project


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: row["key"])


@dataclass(frozen=True)
class Started:
    """A command that was begun, and what it writes."""

    process: Process
    log: Path

    def end(self) -> str:
        """Let it end in order; what it wrote."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> str:
        """Wait for its end; what it wrote."""
        code, said = self.process.wait(PATIENCE_SECONDS), self.log.read_text()
        assert code == 0, said
        return said


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a command that goes on; what still runs at the end of the test is killed."""
    started: list[Started] = []

    def go(project: Path, *arguments: object, **settings: str) -> Started:
        log = tmp_path / f"log-{len(started)}"
        with log.open("wb") as file:
            started.append(Started(begin(project, *arguments, into=file, **settings), log))
        return started[-1]

    yield go
    for each in started:
        each.process.kill()
        each.process.wait()


def test_run_delivers_exactly_what_was_planned_each_once(peopled: Path) -> None:
    plan = outreach(
        peopled, "plan", "weekly-greeting", "--rows", "plan.csv", "--now", NOW, "--json"
    )
    with letterbox() as box:
        first = outreach(peopled, "run", "--until-idle", "--json", "--now", NOW, smtp_url=box.url)
        again = outreach(peopled, "run", "--until-idle", "--json", "--now", NOW, smtp_url=box.url)
    report = outreach(peopled, "report", "weekly-greeting", "--rows", "report.csv", "--json")

    planned = rows(peopled / "plan.csv")
    due = {f"{row['key']}@example.com" for row in planned if row["decision"] == "send"}
    assert first.json == {"sent": len(due), "failed": 0, "unknown": 0}
    assert again.json == {"sent": 0, "failed": 0, "unknown": 0}
    assert box.recipients == dict.fromkeys(due, 1)
    assert max(box.message_ids.values()) == 1
    assert plan.json["send"] == report.json["sent"] == len(due)
    assert report.json["skipped"] == plan.json["skip"]
    settled = rows(peopled / "report.csv")
    for row in (*planned, *settled):
        del row["state"]
    assert settled == planned


def test_a_message_that_was_held_and_sent_still_says_what_it_was_held_for(peopled: Path) -> None:
    (peopled / "campaigns/late.yaml").write_text(
        "title: Late\nowner: mei@example.com\nstatus: active\ntopic: greetings\n"
        "audience: everyone\nschedule: {manual: true}\n"
        "steps: [{id: greet, template: weekly-greeting, channels: [email]}]\n"
    )
    night, morning = "2026-07-03T23:00-04:00", "2026-07-04T12:00-04:00"
    outreach(peopled, "plan", "late", "--rows", "plan.csv", "--now", night)
    outreach(peopled, "send", "late", "--yes", "--now", night)
    outreach(peopled, "run", "--until-idle", "--now", morning)
    outreach(peopled, "report", "late", "--rows", "report.csv")

    planned, settled = rows(peopled / "plan.csv"), rows(peopled / "report.csv")
    held = {row["reason"] for row in planned if row["decision"] == "hold"}
    states = {row.pop("state") for row in settled if row["decision"] == "hold"}
    for row in (*planned, *settled):
        row.pop("state", None)
    assert (held, states) == ({"quiet_hours"}, {"sent"})
    assert settled == planned


def test_a_report_has_the_keys_that_scripts_rely_on(ran: Path) -> None:
    everything = outreach(ran, "report", "--json", "--now", NOW).json
    run = outreach_here(ran, "report", "--run", 1, "--json").json

    assert list(everything) == [
        "planned", "sent", "delivered", "bounced", "complained", "failed", "expired", "cancelled",
        "due", "claimed", "handing", "held", "unknown", "opened", "clicked", "scanned",
        "links", "skipped", "arms", "winner", "cost", "fell_over", "journey", "goal", "steps",
    ]  # fmt: skip
    assert run == everything
    assert everything["planned"] == everything["sent"] + sum(everything["skipped"].values()) == 50
    assert outreach_here(ran, "report", "weakly-greeting").code == 2
    assert outreach_here(ran, "report", "--run", 99).code == 2


def test_runs_tell_their_states_with_counts(ran: Path) -> None:
    listed = outreach(ran, "runs", "list", "weekly-greeting", "--json").json
    shown = outreach_here(ran, "runs", "show", listed[0]["id"], "--json").json

    assert sum(listed[0]["states"].values()) == listed[0]["planned"] == 50
    assert shown["states"] == listed[0]["states"]
    assert shown["skipped"]["no_consent"] == 5
    assert (shown["kind"], shown["occurrence"]) == ("schedule", "2026-07-03T17:00:00")
    assert outreach_here(ran, "runs", "show", 99).code == 2


def test_many_processes_and_a_kill_lose_nothing_and_repeat_nothing(
    project: Path, tmp_path: Path, postgres_url: str, redis_url: str, start: Start
) -> None:
    settings = {
        "database_url": postgres_url, "broker_url": redis_url, "secret_key": KEY,
        "lease_seconds": "1", "in_flight": str(IN_FLIGHT), "tick_seconds": "0.2", "log": "json",
    }  # fmt: skip
    people(project, 500, **settings)
    engine = make_engine(postgres_url)

    def worker_names() -> list[str]:
        with reading(engine) as conn:
            return list(conn.execute(select(workers.c.name).order_by(workers.c.id)).scalars())

    def in_state() -> dict[str, int]:
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        with reading(engine) as conn:
            return dict(map(tuple, conn.execute(query)))

    with letterbox(pause_seconds=0.03) as box:
        settings["smtp_url"] = box.url
        words = ("worker", "--processes", 2, "--now", f"{NOW}-04:00")
        serving = start(tmp_path, *words, **settings)  # no project there: the database will do
        wait_for(lambda: len(worker_names()) == 2)
        ticking = start(project, "scheduler", "--now", NOW, **settings)
        wait_for(lambda: box.recipients.total() > 100)
        os.kill(int(worker_names()[0].rpartition(":")[2]), signal.SIGKILL)
        killed_at = box.recipients.total()
        wait_for(lambda: not in_state().keys() & {"due", "claimed", "handing"})
        wait_for(lambda: len(worker_names()) == 3)
        ended = ticking.end() + serving.end()

    states = in_state()
    with reading(engine) as conn:
        sent = conn.execute(select(deliveries.c.address).where(deliveries.c.state == "sent"))
        addresses = set(sent.scalars())
    dispose(engine)
    unknown = states.get("unknown", 0)
    assert killed_at < 400
    assert max(box.recipients.values()) == 1
    assert max(box.message_ids.values()) == 1
    assert addresses <= box.recipients.keys()
    assert states.keys() <= {"sent", "skipped", "unknown"}
    assert states["sent"] + unknown + states["skipped"] == 500
    assert unknown <= IN_FLIGHT
    assert "Traceback" not in ended


def test_run_send_and_import_at_once_never_find_the_database_locked(
    peopled: Path, start: Start
) -> None:
    with (peopled / "more.csv").open("w") as file:
        file.write("key,first_name,email,timezone,country\n")
        for n in range(2000):
            file.write(f"m{n},Mo,m{n}@example.com,America/New_York,US\n")
    running = start(peopled, "run", "--now", NOW)
    importing = start(peopled, "customers", "import", "more.csv", "--now", NOW)
    sends = [outreach(peopled, "send", "service-notice", "--yes", "--now", NOW) for _ in range(2)]
    imported = importing.ended()

    def is_idle() -> bool:
        listed = outreach(peopled, "runs", "list", "service-notice", "--json").json
        return all(run["state"] == "done" for run in listed)

    wait_for(is_idle)
    said = running.end() + imported + "".join(each.err for each in sends)

    assert [each.code for each in sends] == [0, 0]
    assert "locked" not in said
    assert "Traceback" not in said
