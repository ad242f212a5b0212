"""A copy of the base that nobody else sees, to be written to at will and then thrown away.

SQLite: a file in a folder of its own. PostgreSQL: a schema of its own beside the base's, of unlogged
tables. Its owner holds a lock as long as it lives, so that whoever makes the next one knows which
were left behind by a process that was killed, and removes them.
"""

import secrets
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, event, inspect, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from outreach.errors import SetupError
from outreach.logger import Logger
from outreach.store.dialect import SCRATCH
from outreach.store.engine import alone, make_engine, reading
from outreach.store.tables import metadata

log = Logger(__name__)
PREFIX = SCRATCH
_MAKING = "making_scratch_"
_LOCK = "owner.db"  # in the folder: locked by SQLite itself while the owner lives
# What a decision never asks: left out where the copy is made table by table.
UNASKED = frozenset(
    ("attempts", "audit", "erased_addresses", "feedback_mails", "inbound_messages", "receipts")
)
# Of a copy of some customers whole tables of others would have no row to point to.
_FAST = ("foreign_keys=OFF", "synchronous=OFF", "wal_autocheckpoint=5000", "cache_size=-32768")
_PAGE = 16_384  # bytes: who sweeps over millions of rows asks the system a quarter as often as for 4,096

# Asked of everyone each hour of months, not now and then; as SQLAlchemy writes the questions, or they
# are not used.
_ASKED_OFTEN = (
    "CREATE INDEX scratch_events_at ON events (at)",
    "CREATE INDEX scratch_customers_place_id ON customers (place_id, {month_day})",
    "CREATE INDEX scratch_customers_sharing ON customers (place_id) WHERE {shares}",
)
_SPELLED = {
    "sqlite": {"month_day": "substr(birthday, -5)", "shares": "shares = 1"},
    "postgresql": {"month_day": "right(birthday, 5)", "shares": "shares"},
}


@dataclass(frozen=True, slots=True)
class _Part:
    """Customers, with all places or with theirs."""

    ids: Collection[int]
    everywhere: bool


@contextmanager
def scratch_copy(
    engine: Engine,
    folder: Path,
    only: Collection[int] | None = None,
    *,
    everywhere: bool = True,
) -> Iterator[Engine]:
    """An engine on a copy of what is committed, which goes with the block.

    `folder` is where a SQLite copy may lie. What killed processes left there is removed first.
    `only`: ids of customers; what is about others is left out, and unless it is to be `everywhere`
    the places where none of them is.
    """
    where = None if only is None else _Part(only, everywhere)
    if engine.dialect.name == "sqlite":
        with _file(engine, folder, where) as copy:
            yield copy
    else:
        with _schema(engine, where) as copy:
            yield copy


@contextmanager
def _file(engine: Engine, folder: Path, only: _Part | None) -> Iterator[Engine]:
    _remove_folders(folder)
    own, lock = _own_folder(folder)
    with closing(lock):
        try:
            if only is None:
                _copy_file(engine, own / "copy.db")
            copy = alone(make_engine(f"sqlite:///{own / 'copy.db'}"))
            event.listen(copy, "connect", _make_fast)
            try:
                if only is not None:
                    _copy_some(engine, copy, only)
                with copy.connect() as conn:
                    _add_indexes(conn)
                    conn.commit()
                yield copy
            finally:
                copy.dispose()
        finally:
            lock.rollback()
            shutil.rmtree(own, ignore_errors=True)


def _own_folder(folder: Path) -> tuple[Path, sqlite3.Connection]:
    """A folder for a copy, and what locks it."""
    while True:
        number = secrets.token_hex(6)
        own, made = folder / f"{PREFIX}{number}", folder / f"{_MAKING}{number}"
        made.mkdir(parents=True)
        lock: sqlite3.Connection | None = None
        try:
            lock = sqlite3.connect(made / _LOCK, isolation_level=None)
            lock.execute("BEGIN EXCLUSIVE")
            made.rename(own)  # by this name it is locked, or was left behind
        except (FileNotFoundError, sqlite3.OperationalError):
            if lock is not None:
                lock.close()
            if made.exists():
                raise
            continue  # whoever cleans up was here before the lock
        return own, lock


def _copy_file(engine: Engine, path: Path) -> None:
    # By a connection that ends with it: what the base's own map into memory would count as ours.
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as base:
        base.execute(f"PRAGMA page_size = {_PAGE}")
        base.execute("VACUUM INTO ?", (str(path),))


def _copy_some(engine: Engine, copy: Engine, only: _Part) -> None:
    tables = _tables_of(engine)
    metadata.create_all(copy, tables)
    with copy.connect() as conn:
        conn.exec_driver_sql("ATTACH DATABASE ? AS base", (str(engine.url.database),))
        conn.exec_driver_sql("BEGIN")
        for table in tables:
            conn.exec_driver_sql(_rows_into(table, "main", "base", only))
        conn.commit()
        conn.exec_driver_sql("DETACH DATABASE base")


def _tables_of(engine: Engine) -> list[Table]:
    """The base's own tables, those that others refer to first."""
    there = set(inspect(engine).get_table_names())
    return [table for table in metadata.sorted_tables if table.name in there]


def _rows_into(table: Table, to: str, base: str, only: _Part | None) -> str:
    """The statement that copies a table's rows from one schema to another."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    rows = f'SELECT {names} FROM "{base}".{table.name}'  # noqa: S608
    if only is not None:
        ids = ", ".join(map(str, sorted(only.ids))) or "NULL"
        theirs = _is_about(table, base, ids)
        if table.name == "places" and not only.everywhere:
            theirs = f'id IN (SELECT place_id FROM "{base}".customers WHERE id IN ({ids}))'  # noqa: S608
        rows += f" WHERE {theirs}"
    return f'INSERT INTO "{to}".{table.name} ({names}) {rows}'


def _is_about(table: Table, base: str, ids: str) -> str:
    if table.name == "customers":
        return f"id IN ({ids})"
    if "customer_id" in table.columns:
        return f"customer_id IN ({ids})"
    for column, other in (("delivery_id", "deliveries"), ("event_id", "events")):
        if column in table.columns:
            theirs = f'SELECT id FROM "{base}".{other} WHERE customer_id IN ({ids})'  # noqa: S608
            return f"{column} IN ({theirs})"
    return "1 = 1"


def _add_indexes(conn: Connection) -> None:
    for statement in _ASKED_OFTEN:
        conn.exec_driver_sql(statement.format(**_SPELLED[conn.dialect.name]))


def _make_fast(connection: sqlite3.Connection, _: object) -> None:
    for pragma in _FAST:  # a crash may take the copy with it
        connection.execute(f"PRAGMA {pragma}")


def _remove_folders(folder: Path) -> None:
    for left in (*folder.glob(f"{PREFIX}*"), *folder.glob(f"{_MAKING}*")):
        try:
            with closing(sqlite3.connect(left / _LOCK, timeout=0, isolation_level=None)) as lock:
                lock.execute("BEGIN EXCLUSIVE")
                lock.rollback()
        except sqlite3.OperationalError:
            continue  # its owner is alive
        log.info("a copy that was left behind is removed", path=str(left))
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _schema(engine: Engine, only: _Part | None) -> Iterator[Engine]:
    _remove_schemas(engine)
    name = f"{PREFIX}{secrets.token_hex(6)}"
    with engine.connect() as owner:
        owner.execute(_LOCKED, {"name": name})
        owner.commit()  # the lock is the session's and stays
        try:
            _copy_into(engine, name, only)
            url = engine.url.render_as_string(hide_password=False)
            options = f"-c search_path={name} -c synchronous_commit=off"
            copy = alone(make_engine(url, options=options))
            try:
                yield copy
            finally:
                copy.dispose()
        finally:
            _drop(owner, name)
            owner.execute(_UNLOCKED, {"name": name})
            owner.commit()


_LOCKED = text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
_UNLOCKED = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
_NOT_ALLOWED = "42501"  # PostgreSQL's documentation, appendix A: insufficient_privilege
_MAY_NOT = "the database's user may not make a schema for the copy"
_ALLOW = "GRANT CREATE ON DATABASE … TO …"
_FREE = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_LEFT = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)")


def _remove_schemas(engine: Engine) -> None:
    with engine.connect() as conn:
        for name in conn.execute(_LEFT, {"prefix": PREFIX}).scalars().all():
            if conn.execute(_FREE, {"name": name}).scalar():
                log.info("a copy that was left behind is removed", schema=name)
                _drop(conn, name)
                conn.execute(_UNLOCKED, {"name": name})
        conn.commit()


def _drop(conn: Connection, name: str) -> None:
    try:
        conn.rollback()
        conn.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        conn.commit()
    except SQLAlchemyError as error:  # the next one who makes a copy removes it
        log.warning("a copy is left behind", schema=name, error=type(error).__name__)
        conn.rollback()


def _copy_into(engine: Engine, name: str, only: _Part | None) -> None:
    """As `_copy_tables`; SetupError where the user may not make a schema."""
    try:
        _copy_tables(engine, name, only)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", "") == _NOT_ALLOWED:
            raise SetupError(_MAY_NOT, _ALLOW) from error
        raise


def _copy_tables(engine: Engine, name: str, only: _Part | None) -> None:
    """Every table with its rows as of one instant, then its indexes.

    Keys to other tables are left out: what is copied has its rows, and nothing is ever deleted.
    """
    tables = _tables_of(engine)
    with reading(engine) as base:
        own = base.exec_driver_sql("SELECT current_schema()").scalar_one()
        base.exec_driver_sql(f"CREATE SCHEMA {name}")
        base.exec_driver_sql(f"SET LOCAL search_path = {name}")
        for table in tables:
            made = str(CreateTable(table, include_foreign_key_constraints=[]).compile(engine))
            base.exec_driver_sql(made.replace("CREATE TABLE", "CREATE UNLOGGED TABLE", 1))
            if table.name not in UNASKED:
                base.exec_driver_sql(_rows_into(table, name, own, only))
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                base.execute(CreateIndex(index))
            if "id" in table.columns:
                base.exec_driver_sql(_counted_on(table.name))
        _add_indexes(base)
        base.commit()
    with engine.connect() as conn:
        conn.execution_options(isolation_level="AUTOCOMMIT")
        for table in tables:
            conn.exec_driver_sql(f"ANALYZE {name}.{table.name}")


def _counted_on(table: str) -> str:
    """Its ids go on behind the last one; nothing happens where they come from elsewhere."""
    return (
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608
        f"coalesce(max(id), 0) + 1, false) FROM {table}"
    )
