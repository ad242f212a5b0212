"""Temporary tables stay with their connection, empty between uses."""

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, insert, select

from outreach.store.temporary import MOST_ROWS, empty, make_empty

TABLE = Table("found", MetaData(), Column("id", Integer), prefixes=["TEMPORARY"])


def test_it_is_empty_each_time_and_gone_with_a_transaction_that_made_it(engine: Engine) -> None:
    with engine.connect() as conn:
        _use(conn, [1, 2])
        conn.rollback()
        _use(conn, [3])
        conn.commit()
        make_empty(conn, TABLE)

        assert _ids(conn) == []


def test_what_was_used_is_forgotten(engine: Engine) -> None:
    with engine.connect() as conn:
        _use(conn, [1, 2])
        empty(conn, TABLE, 2)

        assert _ids(conn) == []


def test_one_that_held_many_rows_in_all_is_made_anew(engine: Engine) -> None:
    with engine.connect() as conn:
        for _ in range(2):
            _use(conn, [1])
            empty(conn, TABLE, MOST_ROWS // 2)
        assert _ids(conn) == []

        _use(conn, [1])
        empty(conn, TABLE, 1)
        conn.commit()

        assert not conn.dialect.has_table(conn, TABLE.name)


def _use(conn: Connection, ids: list[int]) -> None:
    make_empty(conn, TABLE)
    conn.execute(insert(TABLE), [{"id": id_} for id_ in ids])
    assert _ids(conn) == ids


def _ids(conn: Connection) -> list[int]:
    return list(conn.execute(select(TABLE.c.id).order_by(TABLE.c.id)).scalars())
