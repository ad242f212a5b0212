"""`tasks` in outreach.yaml: which events become tasks, and for whom."""

from datetime import timedelta

import pytest

from outreach.settings.company import Escalation, TaskRules
from outreach.settings.company_file import load_company
from outreach.settings.tasks_file import NEVER

HEAD = "brand: {name: Harbour Tea}\n"
OWNERS = "owners: {mei: {name: Mei, manager: lea}, tom: {name: Tom}, lea: {name: Lea}}\n"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("{service_level: {reply: 1 day}}", TaskRules(service_levels={"reply": DAY})),
        ("{late: 2 days, fallback: tom}", TaskRules(late=2 * DAY, fallback="tom")),
        (
            "{escalate: {after: 1 day, to: tom}}",
            TaskRules(escalation=Escalation(after=DAY, to="tom")),
        ),
        ("{at_most: {owner: 5}}", TaskRules(per_owner=5)),
        ("{at_most: none}", TaskRules(per_customer=NEVER, per_owner=NEVER)),
    ],
)
def test_what_is_left_out_is_as_the_page_says(written: str, rules: TaskRules) -> None:
    company, problems = load_company(f"{HEAD}{OWNERS}tasks: {written}\n".encode())

    assert problems == []
    assert company is not None
    assert company.tasks == rules
    assert (TaskRules().per_customer, TaskRules().per_owner, TaskRules().late) == (3, 20, 7 * DAY)


def test_an_owners_manager_goes_before_and_nobody_is_their_own() -> None:
    tasks = "tasks: {escalate: {after: 1 day, to: tom}}\n"
    company, _ = load_company(f"{HEAD}{OWNERS}{tasks}".encode())

    assert company is not None
    assert [company.boss_of(name) for name in ("mei", "lea", "tom", "gone", "")] == [
        "lea", "tom", "", "tom", "tom",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{service_level: {replies: 1 day}}", "3:25: unknown key `replies`; did you mean `reply`"),
        ("{service_level: {reply: soon}}", "3:32: `soon` is no span"),
        (
            "{service_level: {reply: 2 working days}}",
            "3:32: `2 working days` can not be told: spans run by the clock, nights and weekends "
            "too; write `48 hours`",
        ),
        ("{fallback: tim}", "3:19: there is no owner `tim`; did you mean `tom`?"),
        ("{escalate: {after: 1 day, to: meo}}", "3:38: there is no owner `meo`; did you mean"),
        ("{escalate: {after: 1 day}}", "3:9: `to` is missing"),
        ("{at_most: {owner: 0}}", "3:26:"),
        ("{at_most: few}", "3:18: this must be a rule; write `{customer: 3, owner: 20}`, or"),
    ],
)
def test_what_can_not_be_meant_is_told_at_its_place(written: str, said: str) -> None:
    company, problems = load_company(f"{HEAD}{OWNERS}tasks: {written}\n".encode())

    assert company is None
    assert [str(each).partition(":")[2][: len(said)] for each in problems] == [said]


def test_a_manager_is_an_owner_and_tasks_need_some() -> None:
    strange = load_company(f"{HEAD}owners: {{mei: {{name: Mei, manager: boss}}}}\n".encode())[1]
    nobody = load_company(f"{HEAD}tasks: {{fallback: tom}}\n".encode())[1]

    assert [each.message for each in (*strange, *nobody)] == [
        "there is no owner `boss`", "`tasks` needs `owners`: the people who are given tasks",
    ]  # fmt: skip
