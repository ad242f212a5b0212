"""Variants in a report: what is counted of them, and how many of each reached the goal."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from makers import NOW, make_customer, make_deliveries, make_event, make_run
from sqlalchemy import insert, select

from outreach.app.context import Context, open_context
from outreach.app.reporting import report_on
from outreach.reports.intervals import difference, wilson
from outreach.store.engine import writing
from outreach.store.tables import customers, reactions
from outreach.store.winners import choose, expect_winner

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
COMPANY = "brand: {name: Tea}\ntopics: {greetings: {}}\n"
CAMPAIGN = """\
owner: mei
topic: greetings
audience: everyone
schedule: {manual: true}
experiment: {variants: {warm: 1, plain: 1}}
goal: {when: "count('order', since=entered_at) > 0", within: 7 days}
steps: [{id: a, channels: email, template: hello}]
"""


@pytest.fixture
def reported(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Context]]:
    """A campaign by which two got `warm`, one of whom ordered, and three `plain`."""
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    opened: list[Context] = []

    def make(company: str) -> Context:
        (tmp_path / "campaigns").mkdir()
        (tmp_path / "templates/hello/warm").mkdir(parents=True)
        (tmp_path / "templates/hello/subject.txt").write_text("Hello")
        (tmp_path / "templates/hello/warm/subject.txt").write_text("Hi")
        (tmp_path / "templates/hello/body.txt").write_text("{{ unsubscribe_url }}")
        (tmp_path / "outreach.yaml").write_text(COMPANY + company)
        (tmp_path / "campaigns/a.yaml").write_text(CAMPAIGN)
        context = open_context(tmp_path, (NOW + timedelta(days=1)).isoformat())
        opened.append(context)
        with writing(context.engine) as conn:
            people = [make_customer(conn, f"k{number}") for number in range(6)]
            run_id, chosen_at = make_run(conn, "a"), NOW + timedelta(hours=4)
            make_deliveries(conn, people[:2], "sent", run_id=run_id, variant="warm")
            make_deliveries(conn, people[2:5], "sent", run_id=run_id, variant="plain")
            expect_winner(conn, run_id, chosen_at)
            choose(conn, run_id, "warm", chosen_at, {})
            make_deliveries(conn, people[5:], "sent", run_id=run_id, variant="warm", at=chosen_at)
            for one in (people[0], people[5]):
                make_event(conn, one, "order", NOW + timedelta(hours=5))
        return context

    yield make
    for each in opened:
        each.close()


def test_the_goal_is_told_by_variant_of_those_who_are_compared(
    reported: Callable[[str], Context],
) -> None:
    found = report_on(reported(""), "a")

    one, other = wilson(1, 2), wilson(0, 3)
    assert found.goal is not None
    assert one is not None
    assert other is not None
    apart = difference(other, one)
    assert (found.goal.reached.customers, found.goal.reached.reached) == (6, 2)
    assert list(found.goal.arms) == ["warm", "plain"]
    warm, plain = found.goal.arms.values()
    assert (warm.reached, warm.of, warm.rate, warm.low, warm.difference) == (
        1, 2, 0.5, round(one.low, 4), None,
    )  # fmt: skip
    assert plain.difference is not None
    assert (plain.reached, plain.of, plain.difference.rate) == (0, 3, -0.5)
    assert plain.difference.low == round(apart.low, 4)


def test_who_got_several_runs_is_one_customer_of_the_goal(
    reported: Callable[[str], Context],
) -> None:
    """A second run to the same five: who ordered counts once, though both runs measure the order."""
    context = reported("")
    with writing(context.engine) as conn:
        people = list(conn.execute(select(customers.c.id).order_by(customers.c.id)).scalars())
        again = make_run(conn, "a", occurrence_at=NOW + timedelta(hours=1))
        at = NOW + timedelta(hours=1)
        make_deliveries(conn, people[:2], "sent", run_id=again, variant="warm", at=at)
        make_deliveries(conn, people[2:5], "sent", run_id=again, variant="plain", at=at)
    goal = report_on(context, "a").goal

    assert goal is not None
    assert (goal.reached.customers, goal.reached.reached) == (6, 2)
    assert {name: (each.reached, each.of) for name, each in goal.arms.items()} == {
        "warm": (1, 2), "plain": (0, 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("company", "clicks", "told"),
    [
        ("", 0, False),
        ("channels: {email: {track_links: true}}\n", 0, False),
        ("public_url: https://x.org\n", 0, False),
        ("public_url: https://x.org\nchannels: {email: {track_links: true}}\n", 0, True),
        ("", 1, True),  # they were counted before
    ],
)
def test_what_nothing_counts_is_not_told_as_none(
    reported: Callable[[str], Context], company: str, clicks: int, told: bool
) -> None:
    context = reported(company)
    if clicks:
        row = {"delivery_id": 1, "kind": "clicked", "at": NOW, "came_at": NOW}
        with writing(context.engine) as conn:
            conn.execute(insert(reactions), [row])

    found = report_on(context, "a")

    shares = [arm.measures["clicked"] for arm in found.arms.values()]
    assert [share is not None for share in shares] == [told, told]
    assert found.clicked == (clicks if told else None)
