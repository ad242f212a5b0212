"""Stages of the lifecycle in a campaign's expressions."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context

FILES = {
    "outreach.yaml": "brand: {name: Tea}\ntopics: {greetings: {}}\nlifecycles: {again: six-stage}\n",
    "templates/hello/sms.txt": "Hi",
}
CAMPAIGN = """\
owner: mei
topic: greetings
schedule: {manual: true}
steps: [{id: greet, channels: sms, template: hello}]
"""


@pytest.mark.parametrize(
    ("audience", "line"),
    [
        ("maturity", "5:11: unknown name `maturity`; write `stage: maturity`"),
        (
            "stage == 'maturty'",
            "5:20: lifecycle `six-stage` has no stage `maturty`; did you mean `maturity`?",
        ),
        (
            "stage == 'active'",
            "5:20: lifecycle `six-stage` has no stage `active`; there are `decline`, "
            "`development`, `growth`, `maturity`, `potential`, `termination`; or write stages of your own: "
            "docs/lifecycle.md",
        ),
        (
            "stage in ['growth', 'maturty']",
            "5:31: lifecycle `six-stage` has no stage `maturty`; did you mean `maturity`?",
        ),
        (
            "stage_in('again') == 'maturty'",
            "5:32: lifecycle `six-stage` has no stage `maturty`; did you mean `maturity`?",
        ),
        (
            "stage_in('agin') == 'maturity'",
            "5:11: there is no `agin` under `lifecycles`; did you mean `again`?",
        ),
    ],
)
def test_a_stage_in_an_expression_is_one_of_the_lifecycle(
    tmp_path: Path, audience: str, line: str
) -> None:
    for path, text in {**FILES, "campaigns/a.yaml": f"{CAMPAIGN}audience: {audience}\n"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    problems = check_files(open_context(tmp_path)).problems

    assert [str(each) for each in problems] == [f"campaigns/a.yaml:{line}"]


def test_a_lifecycle_that_is_not_there_is_told_beside_other_faults(tmp_path: Path) -> None:
    (tmp_path / "outreach.yaml").write_text(
        "brand: {nam: Tea}\nlifecycle: six-stag\nlifecycles: {value: rfmm}\n"
    )

    problems = check_files(open_context(tmp_path)).problems

    assert [f"{each.line}:{each.column}" for each in problems] == ["1:9", "2:12", "3:21"]
    assert [each.code for each in problems][1:] == ["unknown-lifecycle"] * 2
