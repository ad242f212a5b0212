"""Whose turn was over before a run was made: counted, told and not written to."""

from pathlib import Path

import pytest
from commands import outreach_here, sample_project
from letterbox import BEFORE

NOW = "2026-07-10T17:00"  # a Friday in New York, company time of the sample
PLACES = {"t": "Asia/Tokyo,JP", "b": "Europe/Berlin,DE", "n": "America/New_York,US"}
CAMPAIGN = """\
title: Notes
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {cron: "0 17 * * FRI", late: 3 hours}
steps: [{id: note, channels: email, template: weekly-greeting}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One customer each in Tokyo, Berlin and New York, and one campaign."""
    project = sample_project(tmp_path / "project")
    for path in (project / "campaigns").iterdir():
        path.unlink()
    (project / "campaigns/notes.yaml").write_text(CAMPAIGN)
    lines = [f"{key},Ann,{key}@example.com,{place},yes" for key, place in PLACES.items()]
    head = "key,first_name,email,timezone,country,consent.email.greetings"
    (project / "c.csv").write_text("\n".join([head, *lines]))
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words).code == 0
    return project


def test_plan_explain_run_and_report_say_the_same_of_those_whose_turn_was_over(
    project: Path,
) -> None:
    plan = outreach_here(project, "plan", "notes", "--now", NOW, "--json").json
    why = outreach_here(project, "explain", "notes", "t", "--now", NOW, "--json").json

    assert outreach_here(project, "run", "--until-idle", "--now", NOW).code == 0

    again = outreach_here(project, "plan", "notes", "--now", NOW, "--json").json
    shown = outreach_here(project, "runs", "show", 1, "--now", NOW, "--json").json
    then = outreach_here(project, "explain", "notes", "t", "--run", 1, "--now", NOW, "--json").json
    assert (plan["audience"], plan["send"], plan["skip"]) == (3, 1, {"expired": 2})
    assert again["skip"] == {"expired": 2, "capped": 1}
    assert (why["decision"], why["reason"]) == ("skip", "expired")
    assert (shown["planned"], shown["skipped"]) == (3, {"expired": 2})
    assert (then["reason"], then["said"][1:]) == (
        "expired",
        [
            "it was left out when the run was planned: expired",
            "next possible, by what was known then: 2026-07-17 17:00+09:00 Asia/Tokyo",
        ],
    )
    run = outreach_here(project, "runs", "show", 1, "--now", NOW).out
    assert "\nactive since  2026-07-10 17:00 America/New_York\n" in run
    told = outreach_here(project, "report", "notes", "--now", NOW).out
    assert "\nexpired here: their turn was over when the run was planned; above: " in told


@pytest.mark.parametrize(
    "schedule",
    [
        "{at: 2026-01-01T10:00}",
        "{at: 2026-01-01T10:00, late: 3 days}",
        "{at: 2026-01-01T10:00, timezone: Europe/Berlin}",
    ],
)
def test_without_a_time_to_come_plan_and_explain_ask_as_send_does(
    project: Path, schedule: str
) -> None:
    """By the machine's own clock, which goes on between two looks at it."""
    moved = CAMPAIGN.replace('{cron: "0 17 * * FRI", late: 3 hours}', schedule)
    (project / "campaigns/notes.yaml").write_text(moved.replace("greetings", "service"))

    plan = outreach_here(project, "plan", "notes", "--json").json
    why = outreach_here(project, "explain", "notes", "t", "--json").json
    sent = outreach_here(project, "send", "notes", "--yes", "--json").json
    again = outreach_here(project, "plan", "notes", "--json").json
    why_again = outreach_here(project, "explain", "notes", "t", "--json").json

    assert plan["over"]
    assert [each["send"] + each["hold"] for each in (plan, sent)] == [3, 3]
    assert plan["skip"] == {}
    assert again["skip"] == {"duplicate": 3}
    assert [why["decision"] != "skip", why_again["reason"]] == [True, "duplicate"]


def test_past_its_last_day_explain_names_it(project: Path) -> None:
    schedule = '{cron: "0 10 * * *", ends: 2026-01-01, timezone: Europe/Berlin}'
    moved = CAMPAIGN.replace('{cron: "0 17 * * FRI", late: 3 hours}', schedule)
    (project / "campaigns/notes.yaml").write_text(moved)

    plan = outreach_here(project, "plan", "notes", "--json").json
    why = outreach_here(project, "explain", "notes", "b", "--now", NOW, "--json").json

    detail = "2026-07-10 23:00+02:00: after the campaign's last day (`ends: 2026-01-01`)"
    assert plan["skip"] == {"outside_window": 3}
    assert detail in [each["detail"] for each in why["rules"]]
