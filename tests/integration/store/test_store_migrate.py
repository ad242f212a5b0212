"""The migrations: asked by every command, applied by few."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from outreach.store.engine import dispose, make_engine
from outreach.store.migrate import _config, current, head, migrate
from outreach.store.tables import metadata


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    engine = make_engine(f"sqlite:///{tmp_path}/empty.db")
    yield engine
    dispose(engine)


def test_the_newest_migration_is_the_one_that_alembic_finds(empty: Engine) -> None:
    with empty.connect() as conn:
        scripts = ScriptDirectory.from_config(_config(conn))

    assert head() == scripts.get_current_head()


def test_the_migration_a_database_is_at_is_the_one_that_alembic_reads(engine: Engine) -> None:
    with engine.connect() as conn:
        revision = MigrationContext.configure(conn).get_current_revision()

    assert current(engine) == revision == head()


def test_an_empty_database_is_at_no_migration(empty: Engine) -> None:
    assert current(empty) is None

    assert migrate(empty) == current(empty)


def test_migrations_make_the_tables_as_they_are_written(engine: Engine) -> None:
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_where_nothing_is_missing_alembic_is_not_loaded(sqlite_url: str) -> None:
    program = """
import sys
from outreach.store.engine import make_engine
from outreach.store.migrate import migrate
migrate(make_engine(sys.argv[1]))
assert "sqlalchemy" in sys.modules
assert "alembic" not in sys.modules
"""

    done = subprocess.run([sys.executable, "-c", program, sqlite_url], check=False)

    assert done.returncode == 0
