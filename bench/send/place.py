"""A project of its own in a database of its own, as the benches of sending use it."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from bench.faults.broker import broker
from bench.send.ours import Base, base
from outreach.store.engine import dispose, make_engine
from outreach.store.migrate import migrate
from tests.servers import postgres

PROCESSES = 2


@contextmanager
def place(database: str, mails: int, **more: str) -> Iterator[Base]:
    """So many customers who may be mailed, in `sqlite`, or in `postgres` with a broker.

    `more` are further OUTREACH_…'s.
    """
    with ExitStack() as stack:
        prefix = "outreach-bench-"
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix)))
        settings = dict(more)
        if database == "sqlite":
            url = f"sqlite:///{folder}/outreach.db"
        else:
            server = stack.enter_context(postgres(shared_buffers="256MB", max_wal_size="4GB"))
            plain = server.format(database="postgres").replace("+psycopg", "")
            with psycopg.connect(plain, autocommit=True) as conn:
                conn.execute("CREATE DATABASE bench")
            url = server.format(database="bench")
            settings["BROKER_URL"] = stack.enter_context(broker()).url
        engine = make_engine(url)
        migrate(engine)
        dispose(engine)
        yield stack.enter_context(base(folder, url, mails, settings, PROCESSES))
