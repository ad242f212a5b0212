"""Fixtures of all tests: a fixed clock, real databases, a real broker."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import servers
from makers import NOW
from postgres_stock import Stock
from sqlalchemy import Engine

from outreach.clock import FrozenClock
from outreach.store.engine import dispose, make_engine
from outreach.store.migrate import migrate


def make_tables(engine: Engine) -> None:
    """Every table, empty: the one place that says how a test's database comes about."""
    migrate(engine)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--one-database` runs tests on both databases on SQLite only: quicker while writing."""
    parser.addoption("--one-database", action="store_true", help="only SQLite, no PostgreSQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask for `engine` or `database_url` run on each database."""
    if {"engine", "database_url"} & set(metafunc.fixturenames):
        one = metafunc.config.getoption("--one-database")
        metafunc.parametrize("_database", ["sqlite"] if one else ["sqlite", "postgres"])


@pytest.fixture
def now() -> datetime:
    """The instant at which tests take place: a Friday."""
    return NOW


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands at NOW."""
    return FrozenClock(NOW)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of this session with `{database}` to fill in; one per xdist worker."""
    with servers.or_skip(servers.postgres(), "PostgreSQL") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_stock(postgres_server: str) -> Stock:
    """The databases of that server."""

    def fill(url: str) -> None:
        engine = make_engine(url)
        make_tables(engine)
        dispose(engine)

    return Stock(postgres_server, fill)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_stock: Stock) -> Iterator[str]:
    """A PostgreSQL database of this test, its tables made and empty."""
    name = postgres_stock.take()
    yield postgres_server.format(database=name)
    postgres_stock.give_back(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    make_tables(engine)
    dispose(engine)
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A SQLite file of this test, its tables made and empty."""
    path = tmp_path / "outreach.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database_url(_database: str, request: pytest.FixtureRequest) -> str:
    """A database of this test: on SQLite, then on PostgreSQL."""
    return str(request.getfixturevalue(f"{_database}_url"))


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An engine on a SQLite file with all tables made and empty."""
    yield from _engine(sqlite_url)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An engine on a PostgreSQL database with all tables made and empty."""
    yield from _engine(postgres_url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine with all tables made and empty: on SQLite, then on PostgreSQL."""
    yield from _engine(database_url)


def _engine(url: str) -> Iterator[Engine]:
    made = make_engine(url)
    yield made
    dispose(made)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a Valkey server of this session; one per xdist worker."""
    with servers.or_skip(servers.valkey(), "Valkey") as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty broker that speaks the Redis protocol."""
    import redis

    client = redis.Redis.from_url(redis_server)
    client.flushall()
    client.close()
    return redis_server
