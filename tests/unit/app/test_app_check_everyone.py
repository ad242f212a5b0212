"""The word `everyone`, which an audience alone may be: elsewhere it is a fault like any other."""

from pathlib import Path

import pytest
from makers import make_customer

from outreach.app.check import check_files
from outreach.app.context import open_context
from outreach.store.engine import writing

RULES = "brand: {name: Tea}\ntopics: {greetings: {}}\n"
CAMPAIGN = """\
owner: mei
topic: greetings
audience: everyone
schedule: {manual: true}
steps: [{id: greet, channels: sms, template: hello}]
"""
UNKNOWN = "unknown name `everyone`; "


def said(folder: Path, campaign: str, rules: str = RULES) -> list[str]:
    """The problems of a campaign beside one of an unknown topic."""
    files = {
        "outreach.yaml": rules,
        "templates/hello/sms.txt": "Hi",
        "campaigns/a.yaml": campaign,
        "campaigns/b.yaml": CAMPAIGN.replace("greetings", "nope"),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    context = open_context(folder)
    with writing(context.engine) as conn:
        make_customer(conn, "a")
    problems = check_files(context).problems
    context.close()
    return [str(each) for each in problems]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("audience: everyone", "audience: {where: everyone}", "3:19"),
        ("audience: everyone", "audience: {exclude: everyone}", "3:21"),
        ("audience: everyone", "audience: {exclude: {where: everyone}}", "3:29"),
        ("template: hello", "template: hello, when: everyone", "5:59"),
        ("schedule:", "exit: everyone\nschedule:", "4:7"),
        ("schedule:", "goal: {when: everyone, within: 3 days}\nschedule:", "4:14"),
        ("{manual: true}", "{on_event: {kind: order, where: everyone}}", "4:43"),
    ],
)
def test_everyone_is_no_expression_and_hides_no_other_problem(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    first, second = said(tmp_path, CAMPAIGN.replace(old, new))

    assert first.startswith(f"campaigns/a.yaml:{place}: {UNKNOWN}")
    assert second.startswith("campaigns/b.yaml:2:8: there is no topic `nope`")


def test_a_fault_of_a_floor_hides_no_other_problem(tmp_path: Path) -> None:
    floors = "floors: [{at_least: 1, per: 30 days, audience: {where: everyone}, by: owner}]\n"

    first, second, *_ = said(tmp_path, CAMPAIGN, RULES + floors)

    assert first.startswith("campaigns/b.yaml:2:8: there is no topic `nope`")
    assert second.startswith(f"outreach.yaml:3:56: {UNKNOWN}")


def test_an_audience_and_a_floor_of_everyone_are_in_order(tmp_path: Path) -> None:
    floors = "floors: [{at_least: 1, per: 30 days, audience: everyone, by: owner}]\n"

    assert not [each for each in said(tmp_path, CAMPAIGN, RULES + floors) if UNKNOWN in each]
