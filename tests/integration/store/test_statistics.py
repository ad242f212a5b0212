"""What the database plans by follows a table that an import fills."""

from sqlalchemy import Engine, text

from outreach.store.engine import reading, writing
from outreach.store.statistics import FEW, Statistics
from tests.makers import make_customer


def test_a_young_table_is_looked_at_when_it_may_have_doubled(engine: Engine) -> None:
    statistics = Statistics(engine, "customers")
    add(engine, 2)
    believe_in(engine, -1)  # nothing: in an earlier test the database may have looked by itself

    statistics.grew(FEW - 1)
    assert known(engine) in (None, -1)
    statistics.grew(1)
    assert known(engine) in (None, 2)


def test_a_table_that_grows_little_is_left_to_the_database(engine: Engine) -> None:
    add(engine, 3)
    Statistics(engine, "customers").grew(FEW)
    believe_in(engine, 10 * FEW)
    statistics = Statistics(engine, "customers")

    statistics.grew(FEW)
    assert known(engine) in (None, 10 * FEW)
    statistics.grew(9 * FEW)
    assert known(engine) in (None, 3)


def add(engine: Engine, count: int) -> None:
    with writing(engine) as conn:
        for number in range(count):
            make_customer(conn, f"k{number}")


def known(engine: Engine) -> int | None:
    """The rows that PostgreSQL believes to be in the table; None: SQLite does not ask itself."""
    if engine.dialect.name == "sqlite":
        return None
    with reading(engine) as conn:
        asked = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass('customers')")
        return int(conn.execute(asked).scalar_one())


def believe_in(engine: Engine, rows: int) -> None:
    if engine.dialect.name == "postgresql":
        with writing(engine) as conn:
            its = "oid = to_regclass('customers')"
            conn.execute(text(f"UPDATE pg_class SET reltuples = {rows} WHERE {its}"))
