"""`explain --run`: how a customer was decided in a run, as recorded then."""

import shutil
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here, sample_project
from letterbox import BEFORE

LATER = "2026-07-03T18:00"
CUSTOMERS = """\
key,first_name,email,timezone,country,tier,consent.email.greetings
sent,Ann,sent@example.com,America/New_York,US,A,yes
mute,Bob,mute@example.com,America/New_York,US,A,
other,Cem,other@example.com,America/New_York,US,B,yes
night,Eva,night@example.com,Europe/Vienna,AT,A,yes
"""
CAMPAIGN = """\
title: Notes
owner: mei@example.com
topic: greetings
status: active
audience: {tier: [A], stage: [potential], exclude: "received('notes', days(13))"}
schedule: {manual: true}
cadence: [{at_most: 1, per: 7 days}]
steps:
  - id: note
    channels: [email]
    template: note
"""


@pytest.fixture(scope="module")
def once_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run 1 is for all of tier A and done; then the file changes, and run 2 is for one alone."""
    project = sample_project(tmp_path_factory.mktemp("explained") / "project")
    (project / "c.csv").write_text(CUSTOMERS)
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words).code == 0
    shutil.rmtree(project / "campaigns")
    (project / "campaigns").mkdir()
    (project / "campaigns/notes.yaml").write_text(CAMPAIGN)
    (project / "templates/note").mkdir()
    (project / "templates/note/subject.txt").write_text("A note")
    body = "Hello\n\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
    (project / "templates/note/body.txt").write_text(body)
    assert outreach_here(project, "send", "notes", "--yes", "--now", NOW).code == 0
    assert outreach_here(project, "run", "--until-idle", "--now", NOW).code == 0
    (project / "campaigns/notes.yaml").write_text(CAMPAIGN.replace("[A]", "[B]"))
    to = ("--to", "other", "--again")
    assert outreach_here(project, "send", "notes", "--yes", "--now", LATER, *to).code == 0
    return project


@pytest.fixture
def run_once(once_run: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(once_run, tmp_path / "run")


def test_a_message_that_went_out_is_told_with_its_attempts(once_run: Path) -> None:
    words = ("explain", "notes", "sent", "--run", 1, "--now", LATER)
    found, said = outreach(once_run, *words, "--json").json, outreach_here(once_run, *words).out

    named = {name: found[name] for name in ("decision", "reason", "channel", "state", "recorded")}
    assert named == {
        "decision": "send", "reason": None, "channel": "email", "state": "sent", "recorded": True,
    }  # fmt: skip
    assert found["as_of"] == "2026-07-03T21:00:00+00:00"
    assert [(each["answer"], each["adapter"]) for each in found["attempts"]] == [
        ("accepted", "capture")
    ]
    assert all(each["passed"] for each in found["rules"])
    assert said.startswith("notes for sent: send by email\nRun 1 of notes, revision ")
    assert "it was sent by email at 2026-07-03 17:00-04:00 America/New_York\n" in said
    assert ": accepted by capture (email" in said


def test_its_own_touch_does_not_count_against_a_message(once_run: Path) -> None:
    found = outreach_here(
        once_run, "explain", "notes", "sent", "--run", 1, "--now", LATER, "--json"
    )

    rules = {each["rule"]: each for each in found.json["rules"]}
    assert rules["capped"]["detail"].endswith("0 of 1 per 7 days (the campaign's limit)")


def test_who_was_left_out_is_told_with_the_reason_of_then(run_once: Path) -> None:
    consent = ("consent", "grant", "mute", "--channel", "email", "--topic", "greetings")
    assert outreach_here(run_once, *consent, "--source", "phone", "--now", BEFORE).code == 0

    words = ("explain", "notes", "mute", "--run", 1, "--now", LATER)
    found = outreach_here(run_once, *words, "--json").json

    assert (found["decision"], found["reason"]) == ("skip", "no_consent")
    assert found["said"][1:] == [
        "it was left out when the run was planned: no_consent",
        "asked again as of then the rules say send: what they read has changed since",
    ]


def test_a_touch_that_capped_a_message_is_named(run_once: Path) -> None:
    above = CAMPAIGN.replace("[A]", "[B]") + "priority: 60\n"
    (run_once / "campaigns/above.yaml").write_text(above)
    assert outreach_here(run_once, "send", "above", "--yes", "--now", LATER).code == 0
    claimed = "2026-07-03T18:10"
    assert outreach_here(run_once, "run", "--until-idle", "--now", claimed).code == 0

    words = ("explain", "notes", "other", "--run", 2, "--now", claimed, "--json")
    found = outreach_here(run_once, *words).json

    details = {each["rule"]: each["detail"] for each in found["rules"]}
    assert (found["reason"], found["as_of"]) == ("capped", "2026-07-03T22:10:00+00:00")
    assert found["said"][1:] == [
        "it was due at 2026-07-03 18:00-04:00 America/New_York, and left out when a worker came"
        " to it at 2026-07-03 18:10-04:00 America/New_York: capped",
        "next possible, by what was known then: 2026-07-10 08:00-04:00 America/New_York",
    ]
    assert (
        "1 of 1 per 7 days (the campaign's limit), the last 2026-07-03 18:10-04:00 by email (above)"
        in details["capped"]
    )


def test_a_stage_is_that_of_then(run_once: Path) -> None:
    (run_once / "e.csv").write_text("key,kind,at,amount\nsent,order,2026-07-03T17:30,60\n")
    assert outreach_here(run_once, "events", "import", "e.csv", "--now", LATER).code == 0

    found = outreach_here(
        run_once, "explain", "notes", "sent", "--run", 1, "--now", LATER, "--json"
    ).json

    details = {each["rule"]: each["detail"] for each in found["rules"]}
    assert details["not_in_audience"] == "stage: is potential; tier: is A"
    assert found["said"][-1].startswith("attempt 1")


def test_a_held_message_says_until_when(once_run: Path) -> None:
    found = outreach_here(
        once_run, "explain", "notes", "night", "--run", 1, "--now", LATER, "--json"
    )

    held = found.json
    assert (held["decision"], held["reason"], held["state"]) == ("hold", "quiet_hours", "held")
    assert (held["at"], held["as_of"]) == ("2026-07-03T21:00:00+00:00",) * 2
    until = "it is held by email until 2026-07-04 08:00+02:00 Europe/Vienna: quiet_hours"
    assert held["said"][1] == until


@pytest.mark.parametrize(
    ("key", "run", "why"),
    [
        ("other", 1, "the audience does not pick them, as of then by the run's own revision"),
        ("sent", 2, "the run was by hand, with `--to` for others only"),
    ],
)
def test_who_has_no_message_is_told_why(once_run: Path, key: str, run: int, why: str) -> None:
    found = outreach_here(
        once_run, "explain", "notes", key, "--run", run, "--now", LATER, "--json"
    ).json

    assert (found["recorded"], found["state"], found["reason"]) == (False, None, "not_in_audience")
    assert found["said"][1] == why


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("notes", "sent", "--run", 9), "there is no run 9"),
        (("notices", "sent", "--run", 1), "run 1 is of `notes`"),
        (("notes", "sent", "--run", 1, "--at", NOW), "`--at` and `--run` do not go together"),
        (("notes", "nobody", "--run", 1), "there is no customer `nobody`"),
    ],
)
def test_what_is_not_there_is_refused(
    once_run: Path, words: tuple[object, ...], message: str
) -> None:
    answer = outreach_here(once_run, "explain", *words)

    assert answer.code == 2
    assert message in answer.err
