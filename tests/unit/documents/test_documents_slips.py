"""Slips in how YAML is typed: the whole line that is told."""

import pytest

from outreach.campaign.load import load_campaign
from outreach.settings.company import Brand, Company, Topic

HEAD = "owner: mei\ntopic: a\nschedule: {manual: true}\n"
STEPS = "steps: [{id: m, channels: sms, template: t}]\n"
AUDIENCE = "audience: everyone\n"
COMPANY = Company(brand=Brand(name="Tea"), topics={"a": Topic()})
ON = "the text goes on after the closing quote; put the whole in"


def said(text: str) -> list[str]:
    problems = load_campaign("c", "c.yaml", text.encode(), COMPANY)[1]
    return [str(each).removeprefix("c.yaml:") for each in problems]


@pytest.mark.parametrize(
    ("audience", "line"),
    [
        (
            "audience:\n  where: 'vip' in tags",
            f"6:16: {ON} double quotes: `where: \"'vip' in tags\"`",
        ),
        (
            'audience:\n  where: "vip" in tags',
            f"6:16: {ON} single quotes: `where: '\"vip\" in tags'`",
        ),
        (
            "audience: {where: 'vip' in tags}",
            f"5:25: {ON} double quotes: `where: \"'vip' in tags\"`",
        ),
        (
            "audience:\n  where: 'vip' in tags and city == \"x\"",
            "6:16: the text goes on after the closing quote; write `where: >-` and the rest in "
            "the next line, indented",
        ),
        (
            "audience:\n  stage:maturity\n  tier: A",
            "6:3: there is no space after `stage:`; write a space after `:`",
        ),
        (
            "audience:\n  tier: A\n  stage:maturity",
            "7:3: there is no space after `stage:`; write a space after `:`",
        ),
        (
            "audience: {stage:maturity}",
            "5:12: unknown key `stage:maturity`; write a space after `:`, as in `stage: maturity`",
        ),
        (
            "audience:\u00a0everyone",
            "5:10: this is a hard space (U+00A0), not a space; type it anew",
        ),
        (
            "audience:\n\u00a0 stage: growth\n  tier: A",
            "6:1: this is a hard space (U+00A0), not a space; type it anew",
        ),
        (
            "audience:\n  stage: growth\n   tier: A",
            "7:4: this line is indented further than line 6; begin both in the same column, "
            "after 2 spaces",
        ),
        (
            "audience:\n  stage: 'maturity', 'growth'",
            "6:10: several values need brackets; write `stage: [maturity, growth]`",
        ),
        (
            'audience:\n  country: "DE", "AT"  # home\n  tier: A',
            "6:12: several values need brackets; write `country: [DE, AT]`",
        ),
        (
            "audience:\n  tags: 'tea room', vip",
            "6:9: several values need brackets; write `tags: ['tea room', vip]`",
        ),
        (
            'audience:\n  tier: "A\n  stage: growth\n  where: "orders > 1"',
            '6:9: a quote is opened and not closed; close it with `"` in its line',
        ),
        (
            "audience:\n  tier: 'A\n  where: 'vip' in tags",
            "6:9: a quote is opened and not closed; close it with `'` in its line",
        ),
        (
            "audience:\nstage: growth",
            "6:1: unknown key `stage`; it belongs under `audience`; indent it by two spaces",
        ),
    ],
)  # fmt: skip
def test_a_slip_is_one_problem_with_what_to_write(audience: str, line: str) -> None:
    assert said(f"{HEAD}{STEPS}{audience}\n") == [line]


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (
            "steps:\n  - id: m\n  - channels: sms\n  - template: t",
            "7:5: the step has a `-` before more than one of its lines; write `- ` only before "
            "`id`, and two spaces before the others",
        ),
        (
            "steps:\n  -id: m\n   channels: sms\n   template: t",
            "6:3: there is no space after `-`; write a space after `-`, as in `- id:`",
        ),
        (
            "steps:\n  id: m\n  channels: sms\n  template: t",
            "5:1: `steps` must be a list; write `- ` before `id`",
        ),
        (
            "steps:\n  - id: m\n    channels: sms\n     template: t",
            "8:6: this line is indented further than line 7; begin both in the same column, "
            "after 4 spaces",
        ),
        (
            "cadence: [{at_most:1, per: 14 days}]\nsteps: [{id: m, channels: sms, template: t}]",
            "5:12: unknown key `at_most:1`; write a space after `:`, as in `at_most: 1`",
        ),
    ],
)
def test_a_slip_in_a_step_is_one_problem_too(steps: str, line: str) -> None:
    assert said(f"{HEAD}{AUDIENCE}{steps}\n") == [line]


def test_a_schedule_without_a_space_is_told() -> None:
    text = f"{HEAD}{STEPS}{AUDIENCE}".replace("{manual: true}", "\n  manual:true")

    assert said(text) == [
        "4:3: there is no space after `manual:`; write a space after `:`, as in `manual: true`"
    ]
