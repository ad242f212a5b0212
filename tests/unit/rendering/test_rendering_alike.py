"""Campaigns whose messages are made alike are tried once."""

from dataclasses import replace

import pytest

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.rendering.trial import as_rendered

ONE = Campaign(
    "one", "One", "mei", "greetings", Selection(), Schedule(ScheduleKind.MANUAL),
    (Step("a", ("email",), "hello"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "text", "alike"),
    [
        ({"name": "two", "title": "Two", "priority": 90}, "{{ campaign.title }}", True),
        ({"audience": Selection(tier=("A",))}, "Hi", True),
        ({"title": "Two"}, "{% if campaign.title == 'One' %}Hi{% endif %}", False),
        ({"title": "Two"}, "{{ campaign.title[2] }}", False),
        ({"topic": "offers"}, "{{ campaign.topic }}", False),
        ({"steps": (Step("a", ("sms",), "hello"),)}, "Hi", False),
    ],
)
def test_only_what_messages_depend_on_tells_them_apart(
    change: dict[str, object], text: str, alike: bool
) -> None:
    files = {"templates/hello/body.txt": text.encode()}

    other = replace(ONE, **change)  # type: ignore[arg-type]

    assert (as_rendered(ONE, files) == as_rendered(other, files)) is alike
