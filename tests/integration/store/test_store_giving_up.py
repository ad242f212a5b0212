"""Whoever ends waits for a locked table no longer than an end may take."""

import math
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from outreach.store.engine import writing
from outreach.store.giving_up import give_up_at


@pytest.fixture
def locked(postgres_engine: Engine) -> Iterator[Engine]:
    """A database in which somebody keeps the customers from everyone."""
    with postgres_engine.begin() as conn:
        conn.execute(text("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"))
        yield postgres_engine
    give_up_at(math.inf, postgres_engine)
    give_up_at(math.inf)


@pytest.mark.parametrize("of_process", [False, True])
def test_a_statement_that_waits_ends_when_its_process_must(
    locked: Engine, of_process: bool
) -> None:
    failed = threading.Event()

    def wait() -> None:
        with pytest.raises(OperationalError), writing(locked) as conn:
            conn.execute(text("SELECT count(*) FROM customers")).scalar_one()
        failed.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not failed.wait(0.3)

    give_up_at(time.monotonic() + 0.2, None if of_process else locked)

    assert failed.wait(10)
    thread.join()


def test_a_statement_begun_after_that_instant_does_not_wait_either(locked: Engine) -> None:
    give_up_at(time.monotonic() - 1, locked)

    begun = time.monotonic()
    with pytest.raises(OperationalError), writing(locked) as conn:
        conn.execute(text("SELECT count(*) FROM customers")).scalar_one()

    assert time.monotonic() - begun < 10
