from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from outreach.simulation.assumptions import (
    Assumptions,
    Deed,
    Done,
    Reached,
    deeds,
    happenings,
)
from outreach.simulation.assumptions_file import read_assumptions

AT = datetime(2026, 7, 3, 9, tzinfo=UTC)
KNOWN = ("growth", "decline")
FILE = b"""\
otherwise: {open: 40%, click: 10%, opt_out: 1%}
stages:
  growth: {reply: 100%, purchase: 100%, amount: 19.90}
within: {purchase: 2 days}
"""


def read(content: bytes) -> Assumptions:
    found, problems = read_assumptions("a.yaml", content, KNOWN)
    assert problems == []
    assert found is not None
    return found


def reached(
    number: int, stage: str = "decline", channel: str = "email", **columns: bool
) -> Reached:
    ordered = columns.get("ordered", False)
    return Reached(number, number, f"c{number}", stage, "hello", "greet", channel, AT, ordered)


def done(assumptions: Assumptions, stage: str, seed: int = 0) -> list[Done]:
    return [one for n in range(2_000) for one in deeds(assumptions, reached(n, stage), seed)]


def test_shares_of_messages_are_what_was_written() -> None:
    number = Counter(one.deed for one in done(read(FILE), "decline"))

    assert 700 < number[Deed.OPEN] < 900
    assert 150 < number[Deed.CLICK] < 250
    assert 5 < number[Deed.OPT_OUT] < 40


def test_so_many_events_a_day_happen_to_customers_by_lot() -> None:
    assumptions = read(b"events_per_day: {signup: 300, visit: 40}")

    days = [happenings(assumptions, AT + timedelta(days=n), 50, seed=0) for n in range(2)]

    for number, day in enumerate(days):
        begins = AT + timedelta(days=number)
        assert Counter(one.kind for one in day) == {"signup": 300, "visit": 40}
        assert all(begins < one.at <= begins + timedelta(days=1) for one in day)
        assert [one.at for one in day] == sorted(one.at for one in day)
        assert {one.place for one in day if one.kind == "signup"} <= set(range(50))
        assert len({one.place for one in day}) > 40
    assert [one.place for one in days[0]] != [one.place for one in days[1]]
    assert happenings(assumptions, AT, 50, seed=0) == days[0]
    assert happenings(assumptions, AT, 50, seed=1) != days[0]
    assert happenings(assumptions, AT, 0, seed=0) == []


@pytest.mark.parametrize("content", [FILE, FILE.replace(b"open: 40%, ", b"")])
def test_who_follows_a_link_has_opened_the_mail_before(content: bytes) -> None:
    all_done = done(read(content), "decline")

    opened = {one.delivery_id: one.at for one in all_done if one.deed is Deed.OPEN}
    clicked = [one for one in all_done if one.deed is Deed.CLICK]

    assert clicked
    assert all(opened[one.delivery_id] <= one.at for one in clicked)


def test_a_stage_has_habits_of_its_own() -> None:
    found = done(read(FILE), "growth")

    assert Counter(one.deed for one in found) == {Deed.REPLY: 2_000, Deed.PURCHASE: 2_000}
    assert {one.amount for one in found if one.deed is Deed.PURCHASE} == {Decimal("19.90")}


def test_deeds_come_after_the_message_and_within_their_span() -> None:
    spans = {Deed.REPLY: timedelta(days=1), Deed.PURCHASE: timedelta(days=2)}

    assert all(AT < one.at <= AT + spans[one.deed] for one in done(read(FILE), "growth"))


def test_the_same_seed_does_the_same_and_another_does_not() -> None:
    assumptions = read(FILE)

    assert done(assumptions, "decline", 1) == done(assumptions, "decline", 1)
    assert done(assumptions, "decline", 1) != done(assumptions, "decline", 2)


def test_a_task_is_not_opened_and_what_was_ordered_is_not_unsubscribed_from() -> None:
    all_of_it = read(
        b"otherwise: {open: 100%, click: 100%, reply: 100%, purchase: 100%, opt_out: 100%}"
    )

    task = [one.deed for one in deeds(all_of_it, reached(1, channel="task"), 0)]
    ordered = [one.deed for one in deeds(all_of_it, reached(1, channel="sms", ordered=True), 0)]

    assert task == [Deed.PURCHASE]
    assert ordered == [Deed.CLICK, Deed.REPLY, Deed.PURCHASE]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"stages: {growht: {open: 1%}}", "a.yaml:1:10: there is no stage `growht`; did you mean `growth`?"),
        (b"otherwise: {open: 1}", "a.yaml:1:19: this must be a share; write for example `10%`"),
        (b"otherwise: {purchase: 1%, amount: x}", "a.yaml:1:35: `x` is no amount; write for example `19.90`"),
        (b"otherwise: {purchase: 1%, amount: 1e400}", "a.yaml:1:35: `1e400` is no amount; write for example `19.90`"),
        (b"otherwise: {open: 1%, click: 2%}", "a.yaml:1:30: more links are followed than mails opened; who follows a link has opened the mail"),
        (b"otherwise: {amount: 3}", "a.yaml:1:21: `amount` stands only beside `purchase`; write `purchase` beside it"),
        (b"otherwise: {opne: 1%}", "a.yaml:1:13: unknown key `opne`; did you mean `open`?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(content: bytes, problem: str) -> None:
    _, problems = read_assumptions("a.yaml", content, KNOWN)

    assert [str(each) for each in problems] == [problem]


def test_all_problems_are_told_at_once() -> None:
    _, problems = read_assumptions("a.yaml", b"stages: {growht: {open: x}}\nother: 1", KNOWN)

    assert len(problems) == 3


def test_where_stages_are_given_any_may_be_written() -> None:
    found, problems = read_assumptions("a.yaml", b"stages: {vip: {open: 1%}}", ())

    assert problems == []
    assert found is not None
    assert found.of("vip").shares == {Deed.OPEN: 100}
