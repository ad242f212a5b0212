"""After a withdrawal is confirmed no message against it begins, whatever the workers are at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import NOW, begin, environment
from consent_race import begun_after, recorder, withdraw_at_random
from letterbox import people
from sqlalchemy import func, select
from waiting import wait_for

from outreach.app.context import open_context
from outreach.store.engine import reading
from outreach.store.tables import deliveries

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
CUSTOMERS = 50


@contextmanager
def sending(project: Path, **settings: str) -> Iterator[None]:
    """`outreach run` at work, ended in order."""
    process = begin(project, "run", "--now", NOW, **settings)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_no_mail_from_comes_after_a_confirmed_withdrawal(
    project: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"database_url": database_url, "secret_key": KEY}
    people(project, CUSTOMERS, **settings)
    for name, value in environment(**settings).items():
        monkeypatch.setenv(name, value)
    context = open_context(project, NOW)

    def is_over() -> bool:
        query = select(func.count()).where(deliveries.c.state.in_(("due", "claimed", "handing")))
        with reading(context.engine) as conn:
            return conn.execute(query).scalar() == 0

    with recorder(pause_seconds=0.1) as post, sending(project, smtp_url=post.url, **settings):
        assert post.any_begun.wait(60)
        keys = [f"k{n}" for n in range(CUSTOMERS) if n % 10]
        confirmed = withdraw_at_random(context, keys, within_seconds=1.5)
        wait_for(is_over)
    context.close()

    assert len(confirmed) == len(keys)
    assert post.begun  # there was a race
    assert len(post.begun) < len(keys)  # and somebody was in time
    assert begun_after(post.begun, confirmed) == {}
