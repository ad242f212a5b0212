"""What nobody knows of a message, a person may settle."""

import sqlite3
from pathlib import Path

import pytest
from commands import NOW, outreach_here, sample_project
from letterbox import people


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    """A project whose run 1 has two messages that may have gone out."""
    project = sample_project(tmp_path / "project")
    people(project, 2, ordered=False)
    outreach_here(project, "send", "service-notice", "--yes", "--now", NOW)
    outreach_here(project, "run", "--until-idle", "--now", NOW)
    with sqlite3.connect(project / ".outreach/outreach.db") as conn:
        conn.execute("UPDATE deliveries SET state = 'unknown', sent_at = NULL, reason = 'lapsed'")
    return project


def test_they_are_sent_where_a_person_says_so(unknown: Path) -> None:
    settled = outreach_here(unknown, "runs", "settle", 1, "--sent", "--json")
    rest = outreach_here(unknown, "run", "--until-idle", "--now", NOW, "--json")

    assert settled.json["states"] == {"sent": 2}
    assert rest.json == {"sent": 0, "failed": 0, "unknown": 0}


def test_they_go_out_again_where_a_person_says_so(unknown: Path) -> None:
    settled = outreach_here(unknown, "runs", "settle", 1, "--again", "--json")
    rest = outreach_here(unknown, "run", "--until-idle", "--now", NOW, "--json")

    assert (settled.json["state"], settled.json["states"]) == ("running", {"due": 2})
    assert rest.json["sent"] == 2
    assert outreach_here(unknown, "runs", "show", 1, "--json").json["state"] == "done"


def test_one_of_both_must_be_said(unknown: Path) -> None:
    neither = outreach_here(unknown, "runs", "settle", 1)
    both = outreach_here(unknown, "runs", "settle", 1, "--sent", "--again")

    assert neither.code == both.code == 2
    assert (
        neither.err == "outreach: `--sent` or `--again` is needed, and one of them; see `--help`\n"
    )


def test_where_nothing_is_unknown_nothing_is_settled(unknown: Path) -> None:
    outreach_here(unknown, "runs", "settle", 1, "--sent")

    again = outreach_here(unknown, "runs", "settle", 1, "--again")

    assert again.code == 2
    assert again.err == ("outreach: run 1 has no unknown messages; see `outreach runs show 1`\n")


def test_of_a_cancelled_run_nothing_goes_out_again(unknown: Path) -> None:
    with sqlite3.connect(unknown / ".outreach/outreach.db") as conn:
        conn.execute("UPDATE runs SET state = 'cancelled'")

    again = outreach_here(unknown, "runs", "settle", 1, "--again")

    assert again.code == 2
    assert again.err == "outreach: run 1 is cancelled; nothing of it is sent any more\n"
    assert outreach_here(unknown, "runs", "show", 1, "--json").json["states"] == {"unknown": 2}
