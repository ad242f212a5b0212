"""Campaigns that want the same slots of the same customers are told which of them loses."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context

COMPANY = "brand: {name: Tea}\ntopics: {greetings: {}, orders: {transactional: true}}\ncadence: [{at_most: N, per: 7 days}]\n"
CAMPAIGN = """\
owner: mei
topic: TOPIC
schedule: {cron: "0 17 * * FRI"}
status: active
priority: PRIORITY
audience: {tier: A}
steps: [{id: a, channels: sms, template: hello}]
"""


def said(folder: Path, at_most: int = 1, topic: str = "greetings", **priorities: int) -> list[str]:
    files = {"outreach.yaml": COMPANY.replace("N", str(at_most)), "templates/hello/sms.txt": "Hi"}
    for name, priority in priorities.items():
        text = CAMPAIGN.replace("PRIORITY", str(priority)).replace("TOPIC", topic)
        files[f"campaigns/{name}.yaml"] = text
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    return [
        str(each) for each in check_files(open_context(folder, "2026-06-01T12:00+00:00")).problems
    ]


def test_the_lower_of_two_that_are_alike_is_told_so(tmp_path: Path) -> None:
    assert said(tmp_path, offer=60, greeting=40) == [
        "campaigns/greeting.yaml:5:11: `offer` comes to the same customers at the same time and goes "
        "first: with at most 1 per 7 days whoever gets that does not get this one; let it come at "
        "another time, or to others; or let its `priority` be higher"
    ]


def test_of_equals_the_one_whose_name_comes_first_goes_first(tmp_path: Path) -> None:
    assert [line.split(":")[0] for line in said(tmp_path, b=50, a=50)] == ["campaigns/b.yaml"]


def test_the_third_of_three_loses_where_two_may_go(tmp_path: Path) -> None:
    found = said(tmp_path, 2, a=90, b=80, c=70)

    assert [line.split(" come ")[0] for line in found] == ["campaigns/c.yaml:5:11: `a`, `b`"]


@pytest.mark.parametrize(("at_most", "topic"), [(2, "greetings"), (1, "orders")])
def test_none_loses_where_there_is_room(tmp_path: Path, at_most: int, topic: str) -> None:
    assert said(tmp_path, at_most, topic, a=90, b=80) == []
