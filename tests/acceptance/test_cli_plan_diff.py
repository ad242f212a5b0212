"""`outreach plan --diff REV`: whom a change of the files adds and loses, in a real repository."""

import csv
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here, sample_project
from letterbox import BEFORE

PEOPLE = """\
key,first_name,email,timezone,country,tier,consent.email.greetings,consent.email.offers
A1,Ann,a1@example.com,Europe/Berlin,DE,A,yes,
A2,Abe,a2@example.com,Europe/Berlin,DE,A,yes,
B1,Bob,b1@example.com,Europe/Berlin,DE,B,yes,
B2,Bea,b2@example.com,Europe/Berlin,DE,B,,yes
C1,Cid,c1@example.com,Europe/Berlin,DE,C,yes,
"""
CAMPAIGN = """\
title: Notes
owner: mei@example.com
topic: greetings
status: active
audience: {tier: [A, B]}
schedule: {at: "2026-07-06 10:00", timezone: Europe/Berlin}
steps: [{id: note, channels: [email], template: weekly-greeting}]
"""


def git(project: Path, *words: str) -> None:
    who = ("-c", "user.name=Mei", "-c", "user.email=mei@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *words), cwd=project, check=True, capture_output=True)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits of a project that lies in a folder of its repository: tiers A and B, then B and C."""
    top = tmp_path_factory.mktemp("repository")
    project = sample_project(top / "shop")
    (top / ".gitignore").write_text(".outreach/\n")
    (project / "campaigns/notes.yaml").write_text(CAMPAIGN)
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "for A and B")
    git(top, "tag", "first")
    (project / "campaigns/notes.yaml").write_text(CAMPAIGN.replace("[A, B]", "[B, C]"))
    git(top, "commit", "-q", "-a", "-m", "for B and C")
    (project / "c.csv").write_text(PEOPLE)
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words).code == 0
    return top


@pytest.fixture
def project(once: Path, tmp_path: Path) -> Path:
    """A copy of the project."""
    return shutil.copytree(once, tmp_path / "copy") / "shop"


def test_a_change_is_told_with_whom_it_adds_and_loses(project: Path) -> None:
    answer = outreach(project, "plan", "notes", "--diff", "first", "--now", NOW)

    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[:2] == ["notes: +1 −2", "Monday 2026-07-06 10:00 Europe/Berlin"]
    said = [" ".join(line.split()) for line in lines]
    assert "audience 4 3" in said
    assert said[-2:] == [
        "added 1 potential not in the audience send by email",
        "lost 2 potential send by email not in the audience",
    ]


def test_who_is_held_until_another_time_differs_too(project: Path) -> None:
    path = project / "campaigns/notes.yaml"
    early = CAMPAIGN.replace("10:00", "08:30").replace("}\nsteps", ", window: '%s-20:00'}\nsteps")
    path.write_text(early % "09:00")
    git(project, "commit", "-q", "-a", "-m", "from nine")
    path.write_text(early % "11:00")

    found = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW, "--json").json
    lines = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW).out.splitlines()

    assert (found["added"], found["lost"], found["moved"]) == (0, 0, 3)
    assert lines[0] == "notes: +0 −0, 3 by another way or at another time"
    held = "hold by email, held for outside_window"
    assert " ".join(lines[-1].split()) == f"moved 3 potential {held} {held}, until another time"


def test_a_repository_that_git_does_not_trust_is_told_as_such(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")

    answer = outreach_here(project, "plan", "notes", "--diff", "first", "--now", NOW)

    assert (answer.code, answer.err) == (
        2,
        f"outreach: git does not read `{project}`: it is somebody else's; "
        f"`git config --global --add safe.directory {project.parent}` trusts it\n",
    )


def test_rows_are_exactly_those_who_differ(project: Path) -> None:
    words = ("plan", "notes", "--diff", "HEAD~1", "--now", NOW, "--rows", "d.csv", "--json")
    found = outreach_here(project, *words).json

    with (project / "d.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (found["added"], found["lost"], found["moved"]) == (1, 2, 0)
    assert found["before"] == {
        "when": "Monday 2026-07-06 10:00 Europe/Berlin", "audience": 4, "send": 3, "hold": 0,
    }  # fmt: skip
    assert [(row["key"], row["change"]) for row in rows] == [
        ("A1", "lost"), ("A2", "lost"), ("C1", "added"),
    ]  # fmt: skip
    assert rows[2]["before"] == "not in the audience"


def test_what_is_not_committed_counts_and_the_tree_is_not_touched(project: Path) -> None:
    path = project / "campaigns/notes.yaml"
    edited = path.read_text().replace("topic: greetings", "topic: offers")
    path.write_text(edited)

    said = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW, "--markdown").out

    assert path.read_text() == edited
    assert said.startswith(
        "**notes: +1 −2**\n\nMonday 2026-07-06 10:00 Europe/Berlin\n\n|  | `HEAD` |"
    )
    assert "| lost | 2 | potential | send by email | no_consent |\n" in said
    assert "| added | 1 | potential | no_consent | send by email |\n" in said


def test_a_message_that_waits_by_the_change_is_moved(project: Path) -> None:
    path = project / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("2026-07-06 10:00", "2026-07-06 06:00"))

    found = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW, "--json").json

    assert (found["added"], found["lost"], found["moved"]) == (0, 0, 2)
    [group] = found["changes"]
    told = {"decision": "hold", "reason": "quiet_hours", "channel": "email", "other_time": False}
    assert group["after"] == told


def test_a_campaign_that_was_not_there_adds_everyone(project: Path) -> None:
    (project / "campaigns/new.yaml").write_text((project / "campaigns/notes.yaml").read_text())

    said = outreach_here(project, "plan", "new", "--diff", "HEAD", "--now", NOW).out

    assert said.startswith("new: +2 −0\nthere is no such campaign at HEAD; now: Monday")


def test_rules_at_fault_at_the_revision_are_told_as_its_own(project: Path) -> None:
    """Also of a campaign that was not there: the file's lines are those of then."""
    rules, sound = project / "outreach.yaml", (project / "outreach.yaml").read_text()
    rules.write_text(sound.replace("at_most: 2, per: 7 days", "at_most: two, per: 7 days"))
    git(project, "commit", "-q", "-a", "-m", "at fault")
    rules.write_text(sound)
    (project / "campaigns/new.yaml").write_text((project / "campaigns/notes.yaml").read_text())

    for name in ("notes", "new"):
        answer = outreach_here(project, "plan", name, "--diff", "HEAD", "--now", NOW)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith("outreach: at `HEAD` the files are at fault: outreach.yaml:")


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        ("nowhere", "git knows no revision `nowhere`; name a branch, a tag or a commit"),
        ("--all", "git knows no revision `--all`; name a branch, a tag or a commit"),
    ],
)
def test_a_revision_that_is_none_is_wrong_usage(project: Path, revision: str, told: str) -> None:
    answer = outreach_here(project, "plan", "notes", f"--diff={revision}", "--now", NOW)

    assert (answer.code, answer.err) == (2, f"outreach: {told}\n")


def test_without_a_repository_it_is_told(project: Path) -> None:
    shutil.rmtree(project.parent / ".git")

    answer = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW)

    assert answer.code == 2
    assert "is in no git repository" in answer.err


def test_either_database_answers_alike(project: Path, database_url: str) -> None:
    settings = {"database_url": database_url, "secret_key": "0123456789abcdefghijklmnopqrstuvwxyz"}
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words, **settings).code == 0
    rows = ("--rows", "d.csv", "--json")

    words = ("plan", "notes", "--diff", "first", "--now", NOW, *rows)
    found = outreach_here(project, *words, **settings).json
    closely = outreach_here(
        project, "plan", "notes", "--now", NOW, "--closely", "--json", **settings
    )

    assert (found["added"], found["lost"], found["after"]["audience"]) == (1, 2, 3)
    assert len((project / "d.csv").read_text().splitlines()) == 4
    assert [each["rule"] for each in closely.json["unlocks"]] == ["no_consent"]
    assert closely.json["domains"] == {"example.com": 2}


def test_another_lifecycle_is_told_with_who_would_move(project: Path) -> None:
    path = project / "outreach.yaml"
    path.write_text(path.read_text().replace("lifecycle: six-stage", "lifecycle: ours"))
    (project / "lifecycles").mkdir()
    stages = (
        "stages:\n  - {id: stranger, when: tier == 'C'}\n  - {id: potential, when: otherwise}\n"
    )
    (project / "lifecycles/ours.yaml").write_text(f"title: Ours\n{stages}")

    found = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW, "--json").json
    said = outreach_here(project, "plan", "notes", "--diff", "HEAD", "--now", NOW).out

    assert found["moves"] == [{"before": "potential", "after": "stranger", "customers": 1}]
    assert "By the next refresh as it stands: 1 more move potential → stranger\n" in said
