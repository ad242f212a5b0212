"""What is doubled, lost or unknown when things are killed: `python3 dev.py bench faults`.

`[--only NAME,…] [--small] [--databases sqlite,postgres]`. Each scenario runs the processes of the
production command, with the settings that they have by default, against a mail server in a process
of its own; see scenarios.py. Prints a row for each and fails when one misses a bar: duplicates,
lost, failed and over cap 0, unknown at most what the killed workers had in flight, the first new
message within 10 s of a restart, every row of the dead claimed again within 60 s.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from bench.faults.broker import broker
from bench.faults.row import HEADER
from bench.faults.scenarios import SCENARIOS, WITH_BROKER
from bench.faults.sizes import HURRY, LONG, SMALL
from bench.faults.world import Place
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import dispose, make_engine
from outreach.store.migrate import migrate
from tests.servers import postgres


def main() -> int:
    """Run the scenarios; 1 where a bar is missed."""
    options = _options()
    set_up_logs(
        LogFormat.CONSOLE
    )  # of what this process does itself: long transactions are no news
    sizes = SMALL if options.small else LONG
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it has started
    missed: list[str] = []
    print("| " + " | ".join(HEADER) + " |\n" + "|---" * len(HEADER) + "|", flush=True)
    for database in options.databases.split(","):
        names = [name for name in options.only if database == "postgres" or name not in WITH_BROKER]
        with _server(database) as server:
            for name in names:
                with _place(database, server, name, HURRY if options.small else {}) as (
                    place,
                    folder,
                ):
                    row = SCENARIOS[name](place, folder, sizes[name])
                print(row.line(), flush=True)
                missed += [f"{name}, {database}: {each}" for each in row.missed() if row.judged]
    for each in missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench faults", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(SCENARIOS), help=", ".join(SCENARIOS))
    parser.add_argument("--small", action="store_true", help="some hundred mails, a few faults")
    parser.add_argument("--databases", default="postgres,sqlite")
    return parser.parse_args()


def _names(written: str) -> list[str]:
    names = written.split(",")
    if unknown := set(names) - SCENARIOS.keys():
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


@contextmanager
def _server(database: str) -> Iterator[str | None]:
    """A PostgreSQL server's URL with `{database}` to fill in; None for SQLite."""
    if database == "sqlite":
        yield None
        return
    with postgres(shared_buffers="256MB", max_wal_size="4GB") as url:
        yield url


@contextmanager
def _place(
    database: str, server: str | None, name: str, settings: dict[str, str]
) -> Iterator[tuple[Place, Path]]:
    """A new database with all tables, and with PostgreSQL a new broker."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outreach-faults-")))
        if server is None:
            url, bell = f"sqlite:///{folder}/faults.db", None
        else:
            with psycopg.connect(
                server.replace("+psycopg", "").format(database="postgres"), autocommit=True
            ) as conn:
                conn.execute(f"CREATE DATABASE faults_{name}".encode())
            url, bell = server.format(database=f"faults_{name}"), stack.enter_context(broker())
        engine = make_engine(url)
        migrate(engine)
        dispose(engine)
        yield Place(database, url, bell, settings), folder


if __name__ == "__main__":
    sys.exit(main())
