"""Steps of a journey that nobody comes to, and waits beyond the goal, told from the file alone."""

import pytest

from outreach.audience.unreached import unreached
from outreach.campaign.load import load_campaign
from outreach.settings.company import Brand, Company, Topic

COMPANY = Company(brand=Brand(name="Muster"), topics={"greetings": Topic()})
HEAD = """\
title: A way
owner: mei@example.com
topic: greetings
audience: everyone
schedule: {on_event: order}
"""
NOTE = "channels: email, template: note"


def said(text: str) -> list[str]:
    """What is told of a campaign, by line."""
    written = (HEAD + text.replace("NOTE", NOTE)).encode()
    campaign, problems = load_campaign("way", "campaigns/way.yaml", written, COMPANY)
    assert campaign is not None, problems
    return [f"{each.line}: {each.message}" for each in unreached(campaign)]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("[{id: a, NOTE}, {wait: 3 days}, {id: b, NOTE, when: not clicked('a')}]", []),
        ("[{id: a, NOTE}, {wait: 3 days}]", ["6: nothing comes after this wait"]),
        (
            "[{branch: [{when: tier == 'A', steps: [{id: a, NOTE}, {wait: 3 days}]}]}]",
            ["6: nothing comes after this wait"],
        ),
        (
            "[{branch: [{when: tier == 'A', steps: [{wait: 3 days}]}]}, {id: a, NOTE}]",
            [],
        ),
        (
            "[{id: a, NOTE, when: clicked('b')}, {wait: 3 days}, {id: b, NOTE}]",
            ["6: nobody gets `a`: `b` does not come before it"],
        ),
        (
            "[{id: a, NOTE, when: tier == 'A' and tier == 'B'}]",
            ["6: nobody gets `a`: its parts never hold together"],
        ),
        (
            "[{id: a, NOTE, when: orders > 2 and city == 'Bonn' and orders <= 2}]",
            ["6: nobody gets `a`: its parts never hold together"],
        ),
        (
            "[{branch: [{when: tier == 'A', steps: [{id: a, NOTE}]},"
            " {when: tier == 'A' and orders > 2, steps: [{id: b, NOTE}]}]}]",
            [
                "6: nobody goes this way: whoever it is for goes an earlier way",
                "6: nobody comes to `b`",
            ],
        ),
        (
            "[{branch: [{when: tier == 'A', steps: [{id: a, NOTE}]},"
            " {otherwise: [{id: b, NOTE}]}]}, {id: c, NOTE, when: clicked('b')}]",
            [],
        ),
        (
            "[{branch: [{when: clicked('c'), steps: [{id: a, NOTE}]}, {otherwise: [{id: b, NOTE}]}]},"
            " {id: c, NOTE}]",
            ["6: nobody goes this way: `c` does not come before it", "6: nobody comes to `a`"],
        ),
        (
            "[{id: a, NOTE}, {wait: {until: clicked('b'), at_most: 5 days}}, {id: b, NOTE}]",
            ["6: nothing ends this wait but its time: `b` does not come before it"],
        ),
        (
            "[{id: a, NOTE}, {wait: {id: w, until: clicked('a'), at_most: 5 days}},"
            " {id: b, NOTE, when: timed_out('w')}]",
            [],
        ),
    ],
)
def test_what_nobody_comes_to_is_told(steps: str, told: list[str]) -> None:
    assert said(f"steps: {steps}") == told


def test_a_step_for_those_who_have_left_is_told() -> None:
    text = (
        "steps: [{id: a, NOTE}, {id: b, NOTE, when: orders > 2 and tier == 'A'}]\nexit: orders > 2"
    )

    assert said(text) == ["6: nobody gets `b`: whoever it is for meets `exit`, and has left"]


def test_a_wait_beyond_the_goal_is_told_once() -> None:
    text = (
        "steps: [{id: a, NOTE}, {wait: 20 days}, {id: b, NOTE}, {wait: 20 days}, {id: c, NOTE},"
        " {wait: 20 days}, {id: d, NOTE}]\n"
        "goal: {when: \"count('order', since=entered_at) > 0\", within: 30 days}"
    )

    assert said(text) == [
        "6: after this wait the goal is measured no more: it is 30 days after who came in,"
        " and this is 40 days after it at least"
    ]
