"""What leaves out, of a journey's later messages, whoever got one before: told from the file alone."""

import pytest

from outreach.audience.names import names_in
from outreach.audience.own_message import cut_off
from outreach.campaign.load import load_campaign
from outreach.settings.company import Brand, Company, Topic

COMPANY = Company(brand=Brand(name="Muster"), topics={"greetings": Topic()})
HEAD = """\
title: A way
owner: mei@example.com
topic: greetings
schedule: {manual: true}
"""
A, B, C = (f"{{id: {name}, channels: email, template: note}}" for name in "abc")
LONG_AGO = "last_contact_at is none or last_contact_at < now - days(60)"
AB = f"[{A}, {{wait: 3 days}}, {B}]"


def said(audience: str, steps: str = AB, more: str = "") -> list[str]:
    """What is told of a campaign."""
    written = f"{HEAD}audience: {audience}\nsteps: {steps}\n{more}".encode()
    campaign, problems = load_campaign("way", "campaigns/way.yaml", written, COMPANY)
    assert campaign is not None, problems
    return [str(each) for each in cut_off(campaign, names_in(COMPANY, campaign))]


@pytest.mark.parametrize(
    "audience",
    [
        LONG_AGO,
        "tier == 'A' and (last_contact_at < now - days(60) or last_contact_at is none)",
        "now - last_contact_at > days(60)",
        "now - days(60) >= last_contact_at",
        "last_contact_at < now - months(2)",
        "not (last_contact_at > now - days(60))",
        "last_contact_at < entered_at - days(60)",
        "last_contact_at < entered_at",
        "not received('way')",
        "not received('way', days(60)) and orders > 1",
    ],
)
def test_an_audience_that_a_message_of_ours_changes(audience: str) -> None:
    [line] = said(f'"{audience}"')

    assert line.startswith("campaigns/way.yaml:5:")
    assert "who got a message of this journey does not get `b`: the audience is asked again" in line


@pytest.mark.parametrize(
    "audience",
    [
        "everyone",
        f"tier == 'A' or {LONG_AGO}",
        f"{LONG_AGO} or last_contact_at >= entered_at",
        "last_contact_at < now - days(2)",
        "last_contact_at < now - months(1) or orders > 3",
        "last_engaged_at < now - days(60)",
        "last_contact_at is defined",
        "not received('other', days(60))",
        "not received('way', days(3))",
        "now - last_contact_at > typical_gap * 2",
    ],
)
def test_an_audience_that_others_decide_or_that_the_wait_outlasts(audience: str) -> None:
    assert said(audience if audience == "everyone" else f'"{audience}"') == []


@pytest.mark.parametrize(
    ("steps", "cut"),
    [
        (f"[{A}]", ""),
        (f"[{A}, {{wait: 60 days}}, {B}]", ""),
        (f"[{A}, {{wait: 59 days}}, {B}, {{wait: 70 days}}, {C}]", "`b`"),
        (f"[{A}, {{wait: {{until: orders > 1, at_most: 70 days}}}}, {B}, {C}]", "`b` and `c`"),
        (f"[{{branch: [{{when: tier == 'A', steps: [{A}]}}, {{otherwise: [{B}]}}]}}]", ""),
        (f"[{{branch: [{{when: tier == 'A', steps: [{A}]}}]}}, {B}]", "`b`"),
        (f"[{{branch: [{{when: tier == 'A', steps: [{A}]}}, {{otherwise: [{{wait: 1 day}}]}}]}}, {B}]", "`b`"),
    ],
)  # fmt: skip
def test_only_messages_so_soon_behind_another(steps: str, cut: str) -> None:
    lines = said(f'"{LONG_AGO}"', steps)

    assert [line.partition("get ")[2].partition(":")[0] for line in lines] == ([cut] if cut else [])


@pytest.mark.parametrize(
    ("audience", "more", "told"),
    [
        (
            "{exclude: last_contact_at > now - days(60)}",
            "",
            "`exclude` is asked again then, and our own message before it is a contact; add `and last_contact_at < entered_at`",
        ),
        (
            "{exclude: \"'staff' in tags or received('way', days(60))\"}",
            "",
            "and the message before it was received; take it out and write `reentry: after …`",
        ),
        ("everyone", "exit: last_contact_at > now - days(5)", "`exit` is asked before it"),
        ("{exclude: {tier: A, where: last_contact_at > now - days(60)}}", "", None),
        ("{exclude: last_contact_at > now - days(60) and last_contact_at < entered_at}", "", None),
    ],
)
def test_what_is_left_out_or_over_by_a_message_of_ours(
    audience: str, more: str, told: str | None
) -> None:
    lines = said(audience, more=more)

    assert len(lines) == (told is not None)
    assert all(told in line for line in lines if told)


def test_a_when_of_a_later_message() -> None:
    when = B.replace("}", ", when: last_contact_at < now - days(5)}")

    [line] = said("everyone", f"[{A}, {{wait: 3 days}}, {when}]")

    assert "does not get `b`: its `when` is asked then" in line
    assert said("everyone", f"[{A}, {{wait: 6 days}}, {when}]") == []
