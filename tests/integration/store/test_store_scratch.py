import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from makers import NOW, make_customer, make_event, suppress
from sqlalchemy import Engine, func, select, text

from outreach.errors import SetupError
from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.events import Event, add_events
from outreach.store.scratch import PREFIX, scratch_copy
from outreach.store.tables import customers, events, metadata, suppressions


@pytest.fixture
def base(engine: Engine) -> Engine:
    with writing(engine) as conn:
        for n in range(3):
            make_event(conn, make_customer(conn, f"c{n}", email=f"c{n}@example.com"))
        suppress(conn, "email", "c1@example.com")
    return engine


def left(engine: Engine, folder: Path) -> list[str]:
    """Copies that are there."""
    if engine.dialect.name == "sqlite":
        return [path.name for path in folder.glob(f"{PREFIX}*")]
    asked = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)")
    with reading(engine) as conn:
        return list(conn.execute(asked, {"prefix": PREFIX}).scalars())


def test_a_copy_has_every_row_that_decisions_ask(base: Engine, tmp_path: Path) -> None:
    with scratch_copy(base, tmp_path) as copy, reading(copy) as there, reading(base) as here:
        for table in metadata.sorted_tables:
            rows = [set(map(str, conn.execute(select(table)))) for conn in (there, here)]
            assert rows[0] == rows[1], table.name


def test_what_is_written_to_a_copy_stays_there(base: Engine, tmp_path: Path) -> None:
    with scratch_copy(base, tmp_path) as copy:
        with writing(copy) as conn:
            make_customer(conn, "new")
            add_events(conn, [Event(1, "order", NOW)], NOW)
            assert conn.execute(select(func.count()).select_from(events)).scalar() == 4
        with reading(base) as conn:
            assert conn.execute(select(func.count()).select_from(customers)).scalar() == 3
            assert conn.execute(select(func.count()).select_from(events)).scalar() == 3


def test_the_base_counts_its_ids_on_as_if_there_was_no_copy(base: Engine, tmp_path: Path) -> None:
    with scratch_copy(base, tmp_path) as copy, writing(copy) as conn:
        theirs = [make_customer(conn, f"n{n}") for n in range(5)]
    with writing(base) as conn:
        own = make_customer(conn, "own")

    assert theirs[0] == own


def test_a_copy_goes_with_its_block_also_by_an_error(base: Engine, tmp_path: Path) -> None:
    def fail() -> None:
        with scratch_copy(base, tmp_path):
            assert len(left(base, tmp_path)) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert left(base, tmp_path) == []


def test_what_a_killed_process_left_is_removed_by_the_next(base: Engine, tmp_path: Path) -> None:
    name = f"{PREFIX}dead"
    if base.dialect.name == "sqlite":
        (tmp_path / name).mkdir()
        sqlite3.connect(tmp_path / name / "owner.db").close()
    else:
        with base.begin() as conn:
            conn.exec_driver_sql(f"CREATE SCHEMA {name}")

    with scratch_copy(base, tmp_path):
        assert name not in left(base, tmp_path)


@pytest.mark.parametrize("locked", [False, True])
def test_what_was_killed_before_it_had_its_name_is_removed_too(
    sqlite_engine: Engine, tmp_path: Path, locked: bool
) -> None:
    made = tmp_path / "making_scratch_dead"
    made.mkdir()
    if locked:
        sqlite3.connect(made / "owner.db").close()

    with scratch_copy(sqlite_engine, tmp_path):
        assert not made.exists()


def test_whose_folder_is_removed_before_it_is_locked_makes_another(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    """Many at once: each cleans up what the others are about to lock."""

    def copy(_: int) -> int:
        with scratch_copy(sqlite_engine, tmp_path) as made, reading(made) as conn:
            return int(conn.execute(select(func.count()).select_from(customers)).scalar_one())

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(copy, range(18))) == [0] * 18
    assert not list(tmp_path.glob("*scratch_*"))


def test_a_copy_at_work_is_left_alone(base: Engine, tmp_path: Path) -> None:
    with scratch_copy(base, tmp_path) as first:
        with scratch_copy(base, tmp_path):
            assert len(left(base, tmp_path)) == 2
        with reading(first) as conn:
            assert conn.execute(select(func.count()).select_from(customers)).scalar() == 3


def test_what_goes_on_in_a_copy_keeps_nobody_waiting_in_the_base(
    base: Engine, tmp_path: Path
) -> None:
    with scratch_copy(base, tmp_path) as copy, writing(copy) as there:
        add_events(there, [Event(1, "order", NOW)], NOW)  # one transaction at a time may
        with writing(base) as conn:
            if base.dialect.name == "postgresql":
                conn.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            add_events(conn, [Event(1, "order", NOW)], NOW)

    with reading(base) as conn:
        assert conn.execute(select(func.count()).select_from(events)).scalar() == 4


def test_a_copy_is_of_what_is_committed(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Also while somebody else writes."""
    with writing(sqlite_engine) as conn:
        make_customer(conn, "first")
    url = sqlite_engine.url.database or ""
    with closing(sqlite3.connect(url, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM customers")
        with scratch_copy(sqlite_engine, tmp_path) as copy, reading(copy) as there:
            assert there.execute(select(func.count()).select_from(customers)).scalar() == 1
        other.rollback()


def test_a_copy_of_some_customers_has_what_is_about_them(base: Engine, tmp_path: Path) -> None:
    with scratch_copy(base, tmp_path, only={1, 3}) as copy, reading(copy) as there:
        assert list(there.execute(select(customers.c.id).order_by(customers.c.id)).scalars()) == [
            1,
            3,
        ]
        assert sorted(there.execute(select(events.c.customer_id)).scalars()) == [1, 3]
        assert there.execute(select(func.count()).select_from(suppressions)).scalar() == 1
    with scratch_copy(base, tmp_path, only={1}) as copy, writing(copy) as there:
        assert make_customer(there, "new") == 2


def test_a_user_who_may_make_no_schema_is_told_what_to_grant(
    postgres_engine: Engine, postgres_url: str, tmp_path: Path
) -> None:
    with postgres_engine.begin() as conn:
        conn.exec_driver_sql("DROP ROLE IF EXISTS reader_of_copies")
        conn.exec_driver_sql("CREATE ROLE reader_of_copies LOGIN")
        conn.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_of_copies")
    reader = make_engine(postgres_url.replace("postgres@", "reader_of_copies@", 1))
    try:
        with pytest.raises(SetupError) as told, scratch_copy(reader, tmp_path):
            pass
    finally:
        dispose(reader)
        with postgres_engine.begin() as conn:
            conn.exec_driver_sql("DROP OWNED BY reader_of_copies")
            conn.exec_driver_sql("DROP ROLE reader_of_copies")

    assert told.value.hint == "GRANT CREATE ON DATABASE … TO …"
