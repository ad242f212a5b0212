"""Runs that are dearer or larger than their campaign allows wait for a person."""

from pathlib import Path

import pytest
from commands import outreach_here, sample_project
from letterbox import people

NOW, NEXT = "2026-07-03T17:00", "2026-07-10T17:00"
CAMPAIGN = """\
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {cron: "0 17 * * FRI", timezone: America/New_York, late: 2 hours}
steps: [{id: greet, channels: email, template: weekly-greeting}]
"""


@pytest.fixture
def peopled(tmp_path: Path) -> Path:
    """A project with ten customers."""
    project = sample_project(tmp_path / "project")
    for other in (project / "campaigns").iterdir():
        other.unlink()
    people(project, 10, ordered=False)
    return project


def write(project: Path, more: str, channel: str = "email") -> None:
    text = CAMPAIGN.replace("channels: email", f"channels: {channel}")
    (project / "campaigns" / "friday.yaml").write_text(text + more)


def run(project: Path, at: str) -> list[dict[str, object]]:
    """What runs there are once all has been done that may be."""
    outreach_here(project, "run", "--until-idle", "--now", at)
    found = outreach_here(project, "runs", "list", "--json", "--now", at).json
    return [{key: each[key] for key in ("id", "state", "reason", "planned")} for each in found]


def test_a_larger_audience_than_last_time_is_held_until_a_person_lets_it_go(
    peopled: Path,
) -> None:
    write(peopled, "brake: 50%\n")
    first = run(peopled, NOW)
    people(peopled, 16, ordered=False)
    plan = outreach_here(peopled, "plan", "friday", "--json", "--now", "2026-07-09T12:00").json
    said = outreach_here(peopled, "plan", "friday", "--now", "2026-07-09T12:00").out
    second = run(peopled, NEXT)
    resumed = outreach_here(peopled, "runs", "resume", 2, "--now", NEXT)
    third = run(peopled, NEXT)

    why = "its audience is 16, 60% more than the 10 of run 1, and `brake` is 50%"
    assert first == [{"id": 1, "state": "done", "reason": None, "planned": 10}]
    assert plan["held_back"] == [why]
    assert f"the run would be held for a person: {why}" in said
    let_go = f"{why}: let it go with `outreach runs resume 2`, or cancel it"
    assert second[0] == {"id": 2, "state": "held", "reason": let_go, "planned": 0}
    assert resumed.code == 0
    assert {"id": 2, "state": "done", "reason": None, "planned": 16} in third


def test_a_little_larger_one_goes(peopled: Path) -> None:
    write(peopled, "brake: 50%\n")
    run(peopled, NOW)
    people(peopled, 15, ordered=False)

    assert run(peopled, NEXT)[0]["state"] == "done"


def test_a_run_that_corrects_another_is_no_audience_to_compare_with(peopled: Path) -> None:
    """Nine of the ten got it, and so the correction: 10 are 11% more."""
    write(peopled, "brake: 5%\n")
    run(peopled, NOW)
    words = ("correct", 1, "--template", "service-notice", "--yes", "--now", "2026-07-03T18:00")
    assert outreach_here(peopled, *words).code == 0
    run(peopled, "2026-07-03T18:00")

    assert run(peopled, NEXT)[0] == {"id": 3, "state": "done", "reason": None, "planned": 10}


def test_a_dearer_run_than_the_budget_is_held_and_expires_with_late(peopled: Path) -> None:
    with (peopled / "t.csv").open("w") as file:
        file.write("key,phone,consent.sms.greetings\n")
        file.writelines(f"k{n},+1202555010{n},yes\n" for n in range(10))
    words = ("customers", "import", "t.csv", "--consent-source", "form", "--now", NOW)
    assert outreach_here(peopled, *words).code == 0
    write(peopled, "budget: 0.05\n", channel="sms")
    plan = outreach_here(peopled, "plan", "friday", "--json", "--at", NOW, "--now", NOW).json
    held = run(peopled, NOW)
    outreach_here(peopled, "runs", "resume", 1, "--now", "2026-07-03T19:30")
    late = outreach_here(peopled, "run", "--until-idle", "--json", "--now", "2026-07-03T19:30").json

    assert "and `budget` is 0.05" in plan["held_back"][0]
    assert held[0]["state"] == "held"
    assert str(held[0]["reason"]).startswith(plan["held_back"][0])
    assert late["sent"] == 0
