"""A run's winner is chosen once, whoever chooses it."""

from datetime import timedelta

from makers import NOW, make_run
from sqlalchemy import Engine

from outreach.store.engine import reading, writing
from outreach.store.winners import choose, expect_winner, to_be_chosen, winner_of


def test_of_two_schedulers_one_chooses(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
        expect_winner(conn, run_id, NOW)
        expect_winner(conn, run_id, NOW + timedelta(hours=1))  # a planner that took over
    with reading(engine) as conn:
        early = to_be_chosen(conn, NOW - timedelta(seconds=1))
        due = to_be_chosen(conn, NOW)

    chosen = []
    for name in ("warm", "plain"):
        with writing(engine) as conn:
            chosen.append(choose(conn, run_id, name, NOW, {}))

    with reading(engine) as conn:
        found, left = winner_of(conn, run_id), to_be_chosen(conn, NOW)
    assert [run for run, _ in early] == []
    assert [run for run, _ in due] == [run_id]
    assert chosen == [True, False]
    assert found is not None
    assert (found.variant, found.due_at) == ("warm", NOW)
    assert left == []
