"""Public holidays from files to messages: plan, explain, run."""

from pathlib import Path

import pytest
from commands import Answer, outreach_here, sample_project

CUSTOMERS = """\
key,first_name,email,timezone,country,consent.email.greetings
ann,Ann,ann@example.com,Europe/Berlin,DE,yes
bo,Bo,bo@example.com,Europe/Copenhagen,DK,yes
li,Li,li@example.com,Asia/Shanghai,CN,yes
"""
CAMPAIGN = """\
title: Hello
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {at: 2026-05-01T10:00, holidays: MODE, late: 6 days}
steps: [{id: one, channels: email, template: hello}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of three people in three countries, whose own campaigns rest."""
    made = sample_project(tmp_path / "project")
    for path in (made / "campaigns").glob("*.yaml"):
        path.unlink()
    (made / "templates/hello").mkdir()
    (made / "templates/hello/subject.txt").write_text("Hello")
    (made / "templates/hello/body.txt").write_text("Hello")
    (made / "c.csv").write_text(CUSTOMERS)
    assert call(made, "customers", "import", "c.csv", "--consent-source", "form").code == 0
    return made


def call(project: Path, *arguments: object, now: str = "2026-04-29T11:00+02:00") -> Answer:
    return outreach_here(project, *arguments, "--now", now)


def write(project: Path, mode: str) -> None:
    (project / "campaigns/hello.yaml").write_text(CAMPAIGN.replace("MODE", mode))


def test_who_has_a_holiday_is_left_out_or_waits_for_the_next_workday(project: Path) -> None:
    write(project, "skip")
    skipped = call(project, "plan", "hello", "--json").json

    write(project, "next_workday")
    held = call(project, "plan", "hello", "--json").json

    assert (skipped["send"], skipped["skip"]) == (1, {"holiday": 2})
    assert (held["send"], held["held"]) == (1, {"holiday": 2})


def test_explain_names_the_holiday_and_the_next_workday(project: Path) -> None:
    write(project, "next_workday")

    found = call(project, "explain", "hello", "li", "--json").json

    assert (found["decision"], found["reason"]) == ("hold", "holiday")
    assert found["until"] == "2026-05-06T00:00:00+00:00"
    assert next(rule["detail"] for rule in found["rules"] if rule["rule"] == "holiday") == (
        "2026-05-01 10:00+08:00: Labor Day in CN; moved to 2026-05-06 08:00+08:00"
    )


def test_what_a_holiday_put_off_goes_out_on_the_next_workday(project: Path) -> None:
    write(project, "next_workday")
    call(project, "run", "--until-idle")
    call(project, "run", "--until-idle", now="2026-05-01T16:00+02:00")
    early = call(project, "report", "hello", "--json", now="2026-05-01T16:00+02:00").json

    call(project, "run", "--until-idle", now="2026-05-06T09:00+02:00")
    late = call(project, "report", "hello", "--json", now="2026-05-06T09:00+02:00").json

    assert (early["sent"], early["held"]) == (1, 2)
    assert (late["sent"], late["held"]) == (3, 0)
