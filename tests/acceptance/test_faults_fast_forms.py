"""Things are killed, flushed and dropped while mails go out: nothing twice, nothing lost.

The scenarios are those of `python3 dev.py bench faults`, with some hundred mails and a short lease;
the bars of time are left to the bench. The consent race's fast form is test_consent_race.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pythons import Process

from bench.faults.broker import Broker, broker
from bench.faults.row import Row
from bench.faults.scenarios import SCENARIOS
from bench.faults.sizes import HURRY, SMALL
from bench.faults.world import Place

Run = Callable[[str], Row]


@pytest.fixture(scope="module")
def own_broker() -> Iterator[Broker]:
    """A broker that may be killed."""
    with broker() as found:
        yield found


@pytest.fixture
def run_on_postgres(postgres_url: str, own_broker: Broker, tmp_path: Path) -> Run:
    """Runs a scenario's small form on PostgreSQL and Valkey."""
    place = Place("postgres", postgres_url, own_broker, HURRY, Process)
    return lambda name: SCENARIOS[name](place, tmp_path, SMALL[name])


@pytest.fixture
def run_on_sqlite(sqlite_url: str, tmp_path: Path) -> Run:
    """Runs a scenario's small form on SQLite, without a broker."""
    place = Place("sqlite", sqlite_url, None, HURRY, Process)
    return lambda name: SCENARIOS[name](place, tmp_path, SMALL[name])


def test_workers_killed_one_after_the_other_repeat_and_lose_nothing(run_on_postgres: Run) -> None:
    row = run_on_postgres("kill")

    assert row.broken() == []
    assert row.mails == 300
    assert row.faults == "3 kills"


def test_workers_killed_on_sqlite_repeat_and_lose_nothing(run_on_sqlite: Run) -> None:
    row = run_on_sqlite("kill")

    assert row.broken() == []
    assert row.mails == 300
    assert row.faults == "3 kills"


def test_everything_killed_at_once_with_the_broker_repeats_and_loses_nothing(
    run_on_postgres: Run,
) -> None:
    row = run_on_postgres("everything")

    assert row.broken() == []
    assert row.mails == 300
    assert row.faults == "1 × everything: 2 workers"


def test_a_broker_that_forgets_all_five_times_costs_no_message(run_on_postgres: Run) -> None:
    row = run_on_postgres("flush")

    assert row.broken() == []
    assert row.unknown == 0
    assert row.mails == 300


def test_a_server_that_hangs_up_after_the_dot_leaves_unknown_and_no_second_message(
    run_on_sqlite: Run,
) -> None:
    row = run_on_sqlite("drop")

    assert row.broken() == []
    assert row.unknown > 0
    assert row.mails == 300


def test_two_schedulers_of_which_one_is_killed_make_each_run_once(run_on_postgres: Run) -> None:
    row = run_on_postgres("schedulers")

    assert row.broken() == []
    assert row.mails == 360


def test_no_customer_is_over_the_cap_with_several_workers_at_several_runs(
    run_on_postgres: Run,
) -> None:
    """Fails where a claim does not lock its customers."""
    row = run_on_postgres("cadence")

    assert row.broken() == []
    assert row.mails == 300


def test_workers_that_are_asked_to_end_leave_nothing_unknown(run_on_postgres: Run) -> None:
    row = run_on_postgres("terminate")

    assert row.broken() == []
    assert row.unknown == 0
    assert row.mails == 300
