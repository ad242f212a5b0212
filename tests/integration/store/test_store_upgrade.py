"""An upgrade: it only adds, one process does it, a copy is kept, and a kill half-way does no harm."""

import io
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from makers import make_customer
from sqlalchemy import Column, Engine, Integer, func, select
from sqlalchemy.dialects import postgresql

from outreach.store import schema
from outreach.store.copies import copy_database
from outreach.store.engine import begin_write, dispose, make_engine, reading, writing
from outreach.store.migrate import _config, current, migrate
from outreach.store.schema import OtherSchema, head
from outreach.store.tables import customers, metadata

EARLIER = "0003_campaigns"
ADDS = (
    r"CREATE TABLE ",
    r"CREATE (UNIQUE )?INDEX ",
    r"ALTER TABLE \w+ ADD COLUMN (?!.*NOT NULL)",
    r"ALTER TABLE \w+ ADD COLUMN .*DEFAULT",
    r"ALTER TABLE \w+ ALTER COLUMN \w+ DROP NOT NULL",
)
MIGRATING = """
import sys, time
from sqlalchemy import event
from outreach.store.engine import make_engine
from outreach.store.migrate import migrate
engine = make_engine(sys.argv[1])
if len(sys.argv) > 2:
    @event.listens_for(engine, "after_cursor_execute")
    def stay(conn, cursor, statement, *_):
        if statement.split()[:3] == ["CREATE", "TABLE", sys.argv[2]]:
            print("half-way", flush=True)
            time.sleep(600)
migrate(engine)
"""


@pytest.fixture
def earlier(engine: Engine) -> Engine:
    """A database of a version before, with a customer in it."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as conn:
            conn.exec_driver_sql("DROP SCHEMA public CASCADE")
            conn.exec_driver_sql("CREATE SCHEMA public")
    else:
        dispose(engine)
        for path in Path(str(engine.url.database)).parent.glob("outreach.db*"):
            path.unlink()
    with engine.connect() as conn, begin_write(conn):
        command.upgrade(_config(conn), EARLIER)
        conn.exec_driver_sql("INSERT INTO places VALUES (1, 'UTC', true, '')")
    return engine


def migrating(engine: Engine, *until: str) -> subprocess.Popen[bytes]:
    """A process that migrates the database; it stays where it has made the table `until`."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", MIGRATING, url, *until]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def copies(engine: Engine) -> list[Path]:
    path = Path(str(engine.url.database))
    return sorted(path.parent.glob(f"{path.name}.*.copy"))


def statements(upgrade: Callable[[], None]) -> list[str]:
    """What a migration says to PostgreSQL."""
    said = io.StringIO()
    options = {"as_sql": True, "output_buffer": said}
    context = MigrationContext.configure(dialect=postgresql.dialect(), opts=options)
    with Operations.context(context):
        upgrade()
    return [" ".join(each.split()) for each in said.getvalue().split(";") if each.strip()]


def taking(said: list[str]) -> list[str]:
    """Those of the statements that take something away from older code, or demand more of it."""
    return [each for each in said if not any(re.match(form, each) for form in ADDS)]


@pytest.mark.parametrize("name", schema.known())
def test_a_migration_only_adds(name: str) -> None:
    said = statements(import_module(f"outreach.store.migrations.versions.{name}").upgrade)

    assert said != []
    assert taking(said) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: op.drop_table("runs"),
        lambda: op.drop_column("runs", "rank"),
        lambda: op.drop_index("ix_runs_state"),
        lambda: op.rename_table("runs", "sendings"),
        lambda: op.alter_column("runs", "rank", new_column_name="place"),
        lambda: op.alter_column("runs", "reason", nullable=False),
        lambda: op.add_column("runs", Column("pace", Integer, nullable=False)),
        lambda: op.execute("DELETE FROM runs"),
    ],
)
def test_what_a_migration_may_not_do_is_noticed(change: Callable[[], None]) -> None:
    assert len(taking(statements(change))) == 1


def test_a_migration_that_is_killed_half_way_can_be_run_again(earlier: Engine) -> None:
    victim = migrating(earlier, "deliveries")
    assert victim.stdout is not None
    assert b"half-way\n" in iter(victim.stdout.readline, b"")
    victim.kill()
    victim.communicate()
    assert current(earlier) == EARLIER

    assert migrate(earlier) == head()

    with earlier.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_several_processes_that_migrate_at_once_do_it_once(earlier: Engine) -> None:
    at_once = [migrating(earlier) for _ in range(3)]
    errors = [process.communicate(timeout=60)[1].decode() for process in at_once]

    assert [process.returncode for process in at_once] == [0, 0, 0], errors
    assert current(earlier) == head()
    assert len(copies(earlier)) == (1 if earlier.dialect.name == "sqlite" else 0)


def test_the_embedded_database_is_copied_as_it_was_before(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        make_customer(conn, "before")
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_people'")

    with pytest.raises(Exception, match="exists"):  # it has what the migrations make already
        migrate(sqlite_engine)

    [copy] = copies(sqlite_engine)
    assert copy.name == "outreach.db.0001_people.copy"
    engine = make_engine(f"sqlite:///{copy}")
    with reading(engine) as conn:
        assert conn.execute(select(customers.c.key)).scalars().all() == ["before"]
        assert schema.number(conn) == "0001_people"
    dispose(engine)


def test_what_is_not_committed_when_the_copy_is_made_is_not_in_it(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        make_customer(conn, "later")
        copy = copy_database(sqlite_engine, "mine")

    engine = make_engine(f"sqlite:///{copy}")
    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(customers)).scalar() == 0
    dispose(engine)


def test_the_last_two_copies_are_kept(sqlite_engine: Engine) -> None:
    for name in ("first", "second", "third"):
        copy_database(sqlite_engine, name)

    names = [path.name for path in copies(sqlite_engine)]
    assert names == ["outreach.db.second.copy", "outreach.db.third.copy"]
    folder = copies(sqlite_engine)[0].parent
    assert list(folder.glob("*.draft")) == []


def test_a_database_of_a_newer_version_is_refused_in_words(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_future'")

    with pytest.raises(OtherSchema) as raised:
        migrate(engine)

    assert raised.value.message == (
        f"the database is of a newer outreach: at 9999_future, this one knows {head()}"
    )
    assert raised.value.hint == "install the newer version, and start this again"
