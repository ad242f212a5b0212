"""Lists as one parameter: they arrive as they are, and rows are found by them, not looked through."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Engine, Text, bindparam, func, select

from outreach.store.dialect import rows_from
from outreach.store.engine import reading
from outreach.store.spelling import listed_in
from outreach.store.tables import customers
from outreach.store.types import Ids, Instant

FIRST, LAST = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001  the strategy wants naive bounds
words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
odd = st.sampled_from(["", "NULL", "null", "{}", '"', "\\", '\\"', "a,b", " a ", "\n", "'"])
rows = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.none() | words | odd,
        st.none() | st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    ),
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows)
def test_rows_arrive_as_they_are_given(engine: Engine, given_rows: list[tuple]) -> None:
    sent = [(number, word, at) for number, (_, word, at) in enumerate(given_rows)]
    columns = [("id", BigInteger()), ("word", Text()), ("at", Instant())]

    with reading(engine) as conn:
        v = rows_from(conn, "given", columns, sent)
        found = conn.execute(select(v).order_by(v.c.id)).all()

    assert [tuple(row) for row in found] == sent


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_an_id_is_in_a_list_or_not(engine: Engine, ids: list[int]) -> None:
    asked = bindparam("asked", type_=Ids())
    with reading(engine) as conn:
        for one in (*ids[:3], 7):
            number = bindparam("number", one, BigInteger())
            found = conn.execute(
                select(func.count()).where(listed_in(number, asked)), {"asked": ids}
            )
            assert found.scalar() == (one in ids)


def test_sqlite_finds_listed_rows_by_their_key(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    statement = select(customers.c.key).where(
        listed_in(customers.c.id, bindparam("ids", type_=Ids()))
    )
    with reading(engine) as conn:
        text = str(statement.compile(dialect=conn.dialect))
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", {"ids": "[1]"}).all()

    assert "SEARCH customers USING INTEGER PRIMARY KEY" in str(plan)
