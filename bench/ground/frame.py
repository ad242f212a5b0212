"""What benches on a large base have in common: options, a new database each, bars and the exit code."""

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.ground.watch import Measured, measure
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from tests.servers import postgres

SECRET_KEY = secrets.token_urlsafe(32)
LONGEST_SECONDS = 0.25  # of a write transaction: on SQLite all others wait for it
LONG_WRITE = f"a write transaction of over {LONGEST_SECONDS} s"


@dataclass(frozen=True, slots=True)
class Ground:
    """A new database, and a folder that goes with the bench."""

    database: str  # sqlite or postgres
    url: str
    folder: Path

    @property
    def project(self) -> Path:
        """Where the bench's project is to be."""
        return self.folder / "project"

    @property
    def settings(self) -> Mapping[str, str]:
        """What tells commands, in the environment, where the database is."""
        return {"OUTREACH_DATABASE_URL": self.url, "OUTREACH_SECRET_KEY": SECRET_KEY}

    def outreach(self, now: datetime, *arguments: str) -> Measured:
        """A command on the project and the database, in a process of its own."""
        options = ["--project", str(self.project), "--now", now.isoformat(), "--json"]
        command = [sys.executable, "-m", "bench.ground.command", *arguments, *options]
        return measure(command, os.environ | self.settings, self.folder / "answer.json")

    def line(self, *figures: str) -> None:
        """Print a row of the table."""
        print(f"| {' | '.join((self.database, *figures))} |", flush=True)


def parser(name: str, about: str | None, rows: int) -> argparse.ArgumentParser:
    """The options of a bench that is asked for so many `rows` at its full size."""
    made = argparse.ArgumentParser(prog=f"dev.py bench {name}", description=about)
    made.add_argument("--rows", type=int, default=rows)
    made.add_argument("--databases", default="sqlite,postgres")
    return made


def on_each(
    databases: str,
    columns: Sequence[str],
    measured: Callable[[Ground], Sequence[str]],
    *,
    is_full: bool,
) -> int:
    """Measure on one database after the other under a table's head; 1 when a bar is missed.

    `measured` prints its rows and gives the bars that were missed, in words: they are told and count
    at the full size alone.
    """
    set_up_logs(LogFormat.CONSOLE)  # filling the base in long transactions is no news
    print(f"| {' | '.join(('database', *columns))} |\n|---{'|---' * len(columns)}|", flush=True)
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        folder = Path(name)
        for database in databases.split(","):
            with database_of(database, folder) as url:
                bars = measured(Ground(database, url, folder))
            missed += [f"{database}: {bar}" for bar in bars]
    for bar in missed if is_full else []:
        print(f"missed: {bar}", file=sys.stderr)
    return 1 if missed and is_full else 0


@contextmanager
def database_of(name: str, folder: Path) -> Iterator[str]:
    """The URL of a new database, which goes with the block: a file of `folder`, or a server."""
    if name == "sqlite":
        yield f"sqlite:///{folder}/bench.db"
        return
    with postgres(
        fsync="on", full_page_writes="on", shared_buffers="512MB", max_wal_size="4GB"
    ) as url:
        yield url.format(database="postgres")
