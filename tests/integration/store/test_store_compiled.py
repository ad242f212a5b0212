"""Statements are compiled once for all engines of a process, and not kept without end."""

from collections.abc import Callable

from sqlalchemy import Engine, literal, select

from outreach.store.compiled import Statements
from outreach.store.engine import dispose, make_engine


def test_another_engine_on_another_database_executes_what_one_compiled(
    new_database_url: Callable[[], str],
) -> None:
    kept = Statements()
    engines = [_keeping(kept, new_database_url()) for _ in range(2)]

    for number, engine in enumerate(engines):
        with engine.connect() as conn:
            assert conn.execute(select(literal(number).label("told"))).scalar_one() == number
        dispose(engine)

    assert len([each for each in kept.values() if "told" in each.string]) == 1


def test_what_was_not_asked_for_the_longest_goes_first_once_there_is_too_much(
    sqlite_engine: Engine,
) -> None:
    kept = Statements(most_text=100)
    engine = sqlite_engine.execution_options(compiled_cache=kept)

    with engine.connect() as conn:
        for name in ("first", "second", "first", "third", "fourth", "first"):
            conn.execute(select(literal(1).label(name * 5)))

    assert kept.text <= 100
    assert [each.string.split()[-1] for each in kept.values()] == ["fourth" * 5, "first" * 5]


def _keeping(kept: Statements, url: str) -> Engine:
    return make_engine(url).execution_options(compiled_cache=kept)
