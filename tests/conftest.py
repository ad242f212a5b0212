"""Fixtures of all tests: a fixed clock, real databases, a real broker."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
import servers
from makers import NOW
from postgres_stock import Stock
from sqlalchemy import Connection, Engine

from outreach.clock import FrozenClock
from outreach.demo.purchases import Purchase, cdnow
from outreach.store.compiled import statements
from outreach.store.engine import dispose, make_engine
from outreach.store.migrate import migrate


def make_tables(engine: Engine) -> None:
    """Every table, empty: the one place that says how a test's database comes about."""
    migrate(engine)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--one-database` runs tests on both databases on SQLite only: quicker while writing."""
    parser.addoption("--one-database", action="store_true", help="only SQLite, no PostgreSQL")


def pytest_configure() -> None:
    """What is loaded until all tests are found is no garbage.

    Tests ask in more ways than any company, once each.
    """
    gc.disable()
    statements().most_text = 3_000_000


def pytest_collection_finish() -> None:
    """What is loaded stays, and so do compiled statements: to look for garbage in them is slow.

    With Python's own thresholds that took a fifth of the time of tests on a database.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask for `engine`, a database's URL or `conn` run on each database."""
    if "_database" in metafunc.fixturenames:
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


@pytest.fixture
def purchases() -> list[Purchase]:
    """The real ones; without their package their tests are skipped, and fail under CI=true."""
    found = cdnow()
    if found is None and os.environ.get("CI"):
        pytest.fail("the package with the real purchases is not installed")
    return found or pytest.skip("the package with the real purchases is not installed")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of this session with `{database}` to fill in; one per xdist worker."""
    with servers.or_skip(servers.postgres(), "PostgreSQL") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_stock(postgres_server: str) -> Iterator[Stock]:
    """The databases of that server."""

    def fill(url: str) -> None:
        engine = make_engine(url)
        make_tables(engine)
        dispose(engine)

    stock = Stock(postgres_server, fill)
    yield stock
    stock.close()


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
def database(_database: str) -> str:
    """The kind of database of a test that runs on each: `sqlite`, then `postgres`."""
    return _database


@pytest.fixture
def database_url(_database: str, request: pytest.FixtureRequest) -> str:
    """A database of this test: on SQLite, then on PostgreSQL."""
    return str(request.getfixturevalue(f"{_database}_url"))


@pytest.fixture(scope="module")
def _shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    taken: dict[str, str] = {}

    def give(database: str) -> str:
        if database in taken:
            pass
        elif database == "postgres":
            taken[database] = request.getfixturevalue("postgres_stock").take()
        else:
            path = tmp_path_factory.mktemp("shared") / "outreach.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            taken[database] = f"sqlite:///{path}"
        if database == "postgres":
            server = request.getfixturevalue("postgres_server")
            return str(server.format(database=taken[database]))
        return taken[database]

    yield give
    if "postgres" in taken:
        request.getfixturevalue("postgres_stock").give_back(taken["postgres"])


@pytest.fixture
def shared_database_url(_database: str, _shared: Callable[[str], str]) -> str:
    """A database that the tests of a module share, as the one before left it: on each database."""
    return _shared(_database)


@pytest.fixture
def new_database_url(
    _database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], str]]:
    """Gives the URL of one more empty database of this test each time it is called."""
    taken: list[str] = []
    stock: Stock | None = None
    if _database == "postgres":
        stock, server = (
            request.getfixturevalue(f"postgres_{name}") for name in ("stock", "server")
        )

    def take() -> str:
        if stock is None:
            path = tmp_path / f"{len(taken)}.db"
            taken.append(shutil.copyfile(request.getfixturevalue("sqlite_template"), path).name)
            return f"sqlite:///{path}"
        taken.append(stock.take())
        return str(server.format(database=taken[-1]))

    yield take
    if stock is not None:
        for name in taken:
            stock.give_back(name)


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
def lasting_engines(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Engine]]:
    """By database the engine of all tests that commit nothing."""
    with ExitStack() as stack:

        @cache
        def lasting(database: str) -> Engine:
            if database == "sqlite":
                template: Path = request.getfixturevalue("sqlite_template")
                url = f"sqlite:///{shutil.copyfile(template, template.with_name('lasting.db'))}"
            else:
                name = request.getfixturevalue("postgres_stock").take()
                url = request.getfixturevalue("postgres_server").format(database=name)
            made = make_engine(url)
            stack.callback(dispose, made)
            return made

        yield lasting


@pytest.fixture
def conn(_database: str, lasting_engines: Callable[[str], Engine]) -> Iterator[Connection]:
    """A transaction that is rolled back, with all tables empty: for tests that commit nothing."""
    with lasting_engines(_database).connect() as conn:
        if _database == "sqlite":
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        yield conn
        conn.rollback()


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
