"""A winner by the goal: who of each arm reached it is counted once, and chosen once, by any scheduler."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from makers import NOW, make_customers, make_deliveries, make_event, make_run
from sqlalchemy import select

from outreach.app.context import Context, open_context
from outreach.app.project import save_rules
from outreach.app.reporting import report_on
from outreach.app.rulings import pinned
from outreach.app.winners import choose_winners
from outreach.store.engine import reading, writing
from outreach.store.revisions import save_revision
from outreach.store.tables import audit
from outreach.store.winners import RunWinner, expect_winner, winner_of

COMPANY = "brand: {name: Tea}\ntopics: {greetings: {}}\n"
CAMPAIGN = """\
owner: mei
topic: greetings
audience: everyone
schedule: {manual: true}
experiment:
  variants: {plain: 1, warm: 1}
  winner: {by: goal, after: 2 days, test: 50%}
goal: {when: "count('order', since=entered_at) > 0", within: 7 days}
steps: [{id: a, channels: email, template: hello}]
"""
EACH = 40  # customers of an arm
CHOSEN_AT = NOW + timedelta(days=2)
Open = Callable[[], Context]


@pytest.fixture
def begin(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the project as a process of its own does, when the winner is due."""
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyzABCD")
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "templates/hello/warm").mkdir(parents=True)
    (tmp_path / "templates/hello/subject.txt").write_text("Hello")
    (tmp_path / "templates/hello/warm/subject.txt").write_text("Hi")
    (tmp_path / "templates/hello/body.txt").write_text("{{ unsubscribe_url }}")
    (tmp_path / "outreach.yaml").write_text(COMPANY)
    (tmp_path / "campaigns/a.yaml").write_text(CAMPAIGN)
    opened: list[Context] = []

    def open_() -> Context:
        opened.append(open_context(tmp_path, CHOSEN_AT.isoformat()))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def send(context: Context) -> tuple[int, list[int], list[int]]:
    """A run that sent each variant to as many: its id, who got `plain` and who got `warm`."""
    save_rules(context)
    with writing(context.engine) as conn:
        revision = save_revision(conn, "a", pinned(context, "a"), NOW)
        people = make_customers(conn, [f"k{number}" for number in range(2 * EACH)])
        run_id = make_run(conn, "a", revision_id=revision.id)
        arms = {"plain": people[:EACH], "warm": people[EACH:]}
        for name, each in arms.items():
            make_deliveries(conn, each, "sent", run_id=run_id, variant=name, step="a")
        expect_winner(conn, run_id, CHOSEN_AT)
    return run_id, arms["plain"], arms["warm"]


def order(context: Context, people: Sequence[int], hours: int, times: int = 1) -> None:
    """Each of them orders so long after the run, so often."""
    with writing(context.engine) as conn:
        for one in people:
            for number in range(times):
                at = NOW + timedelta(hours=hours, minutes=number)
                make_event(conn, one, "order", at)


def found_in(context: Context, run_id: int) -> RunWinner:
    with reading(context.engine) as conn:
        found = winner_of(conn, run_id)
    assert found is not None
    return found


def test_the_variant_with_which_clearly_more_reach_the_goal_is_chosen_once(begin: Open) -> None:
    context = begin()
    run_id, plain, warm = send(context)
    order(context, [*plain[:1], *warm[:10]], hours=5)

    first = choose_winners(context)
    order(context, plain, hours=6)  # told too late: the choice stays
    again = choose_winners(begin())

    found, told = found_in(begin(), run_id), report_on(begin(), run_id=run_id)
    assert (first, again) == (True, False)
    assert (found.variant, found.chosen_at) == ("warm", CHOSEN_AT)
    assert found.arms is not None
    assert {name: (each["of"], each["reached"]["goal"]) for name, each in found.arms.items()} == {
        "plain": (EACH, 1), "warm": (EACH, 10),
    }  # fmt: skip
    assert told.winner is not None
    assert told.winner.variant == "warm"
    assert told.goal is not None
    assert {name: (each.of, each.reached) for name, each in told.goal.arms.items()} == {
        "plain": (EACH, EACH), "warm": (EACH, 10),
    }  # fmt: skip
    with reading(context.engine) as conn:
        written = conn.execute(select(audit.c.detail).where(audit.c.action == "winner chosen"))
        assert [each["variant"] for each in written.scalars()] == ["warm"]


@pytest.mark.parametrize(
    ("hours", "times", "some"),
    [
        (5, 20, 1),  # one customer's twenty orders are one customer
        (-5, 1, 10),  # before they were written to
        (49, 1, 10),  # after the choice
        (5, 1, 2),  # 2 of 40 show nothing beside none
    ],
)
def test_what_does_not_clearly_reach_the_goal_leaves_the_first(
    begin: Open, hours: int, times: int, some: int
) -> None:
    context = begin()
    run_id, _, warm = send(context)
    order(context, warm[:some], hours, times)

    choose_winners(context)

    assert found_in(context, run_id).variant == "plain"


def test_who_was_not_reached_is_none_of_an_arm(begin: Open) -> None:
    """Thirty more of `warm` that came back, and order all the same, are no readers of it."""
    context = begin()
    run_id, _, _ = send(context)
    with writing(context.engine) as conn:
        others = make_customers(conn, [f"b{number}" for number in range(30)])
        make_deliveries(conn, others, "bounced", run_id=run_id, variant="warm", step="a")
    order(context, others, hours=5)

    choose_winners(context)

    assert found_in(context, run_id).variant == "plain"


def test_another_run_of_the_campaign_decides_nothing(begin: Open) -> None:
    context = begin()
    run_id, _, _ = send(context)
    with writing(context.engine) as conn:
        before = make_run(conn, "a", occurrence_at=NOW - timedelta(hours=1))
        others = make_customers(conn, [f"b{number}" for number in range(30)])
        make_deliveries(conn, others, "sent", run_id=before, variant="warm", step="a")
    order(context, others, hours=5)

    choose_winners(context)

    assert found_in(context, run_id).variant == "plain"
