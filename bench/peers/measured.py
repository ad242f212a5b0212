"""One set-up measured: its mails are queued, then its processes run until each has a status row."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from bench.faults.broker import broker
from bench.faults.processes import Processes, children_of
from bench.faults.record import ROOT
from bench.peers.install import MissingError
from bench.peers.recipients import recipients, write_recipients
from bench.peers.setups import Setup
from bench.send.project import BRAND, HTML, SENDER, SUBJECT, TEXT
from tests.servers import postgres

LOOK_SECONDS = 0.5
QUIET_SECONDS = 60.0  # without a new status: it will not come to its end any more
QUEUE_SECONDS = 600.0
START_SECONDS = 60.0
_TABLE = """
CREATE TABLE mails (
    number bigint PRIMARY KEY, recipient text NOT NULL, key text NOT NULL, salutation text NOT NULL,
    country text NOT NULL, unsubscribe_url text NOT NULL, status text NOT NULL DEFAULT 'queued',
    at timestamptz
)
"""
_FILL = "COPY mails (number, recipient, key, salutation, country, unsubscribe_url) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a set-up reached."""

    mails: int
    rate: float  # messages a second, from the first answer to the last
    cpu_us: float  # of its worker processes, per message


def measure(setup: Setup, mails: int, smtp_port: int) -> Measured:
    """Start its processes, queue the mails; MissingError where it can not be had or does not end.

    As with `bench send` queuing goes on while the first are sent; what sends only what is queued
    already is started afterwards.
    """
    program, more = setup.program()
    with _place(mails, smtp_port) as (folder, database, settings):
        processes = Processes(folder, settings | more)
        try:
            if not setup.ready:
                _queue([program, *setup.queue], processes)
            crew = [processes.start_command([program, *words]) for words in setup.work]
            if setup.ready:
                _wait_until_ready(setup, processes)
            used = _cpu_seconds(crew)
            if setup.ready:
                _queue([program, *setup.queue], processes)
            _wait_until_sent(setup, mails, database, processes)
            used = _cpu_seconds(crew) - used
        finally:
            processes.kill_all()
        at = sorted(row[0] for row in database.execute(setup.answers))
    seconds = (at[-1] - at[setup.batch - 1]).total_seconds()
    return Measured(len(at), (len(at) - setup.batch) / seconds, used / len(at) * 1e6)


@contextmanager
def _place(mails: int, smtp_port: int) -> Iterator[tuple[Path, Any, dict[str, str]]]:
    """A folder, a database with an empty table of statuses, and the variables that tell of both."""
    with ExitStack() as stack:
        prefix = "outreach-peers-"
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix)))
        server = stack.enter_context(postgres(shared_buffers="256MB", max_wal_size="4GB"))
        url = server.format(database="postgres").replace("+psycopg", "")
        database = stack.enter_context(psycopg.connect(url, autocommit=True))
        database.execute(_TABLE)
        path = write_recipients(folder / "recipients.jsonl", mails)
        with database.cursor() as cursor, cursor.copy(_FILL) as copy:
            for each in recipients(path):
                copy.write_row(tuple(each.values()))
        database.execute("VACUUM ANALYZE mails")
        text = TEXT.replace('{% if country == "DE" %}', "{{#if isGerman}}")
        text = text.replace("{% else %}", "{{else}}").replace("{% endif %}", "{{/if}}")
        handlebars = {"brand": BRAND, "sender": SENDER, "subject": SUBJECT.strip(),
                      "text": text, "html": HTML}  # fmt: skip
        (folder / "templates.json").write_text(json.dumps(handlebars), "utf-8")
        settings = {
            "PYTHONPATH": str(ROOT),
            "PEERS_SMTP_PORT": str(smtp_port),
            "PEERS_BROKER_URL": stack.enter_context(broker()).url,
            "PEERS_DATABASE_URL": url,
            "PEERS_DATABASE": "postgres",
            "PEERS_DATABASE_HOST": url.partition("host=")[2],
            "PEERS_TEMPLATES": str(folder / "templates.json"),
            "PEERS_RECIPIENTS": str(path),
        }
        yield folder, database, dict(os.environ) | settings


def _queue(command: list[str], processes: Processes) -> None:
    queuing = processes.start_command(command)
    try:
        code = queuing.wait(QUEUE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"queuing took over {QUEUE_SECONDS:.0f} s") from error
    processes.running.remove(queuing)
    if code:
        raise MissingError(_last_words(processes))


def _wait_until_ready(setup: Setup, processes: Processes) -> None:
    give_up = time.monotonic() + START_SECONDS
    while processes.said().count(setup.ready) < setup.times:
        if time.monotonic() > give_up:
            raise MissingError(_last_words(processes))
        time.sleep(LOOK_SECONDS)


def _wait_until_sent(setup: Setup, mails: int, database: Any, processes: Processes) -> None:
    seen, since = 0, time.monotonic()
    while seen < mails:
        time.sleep(LOOK_SECONDS)
        before = seen
        seen = database.execute(f"SELECT count(*) FROM ({setup.answers}) AS a").fetchone()[0]
        since = time.monotonic() if seen > before else since
        if time.monotonic() > since + QUIET_SECONDS:
            raise MissingError(f"{seen} of {mails}: {_last_words(processes)}")


def _last_words(processes: Processes) -> str:
    return processes.said().strip()[-2_000:] or "it said nothing"


def _cpu_seconds(crew: "list[subprocess.Popen[bytes]]") -> float:
    """Of processes and all that they started; those that have ended count for their parent."""
    used = 0.0
    for process in crew:
        with suppress(psutil.NoSuchProcess):
            for each in (psutil.Process(process.pid), *children_of(process)):
                with suppress(psutil.NoSuchProcess):
                    times = each.cpu_times()
                    used += times.user + times.system
                    used += times.children_user + times.children_system
    return used
