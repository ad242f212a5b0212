"""`explain --run` tells a decision as it was made, whatever came since; on either database."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import NOW, Answer, outreach_here, sample_project
from letterbox import BEFORE

LATER = "2026-07-03T18:00"
KEYS = ("no", "one", "two", "barred", "from", "into", "staged", "none", "full")
ADDRESSES = {"one": "same", "two": "same"}
CAMPAIGN = """\
title: Notes
owner: mei@example.com
topic: greetings
status: active
audience: {stage: [potential], tier: [A]}
schedule: {manual: true}
steps: [{id: note, channels: [email], template: note}]
"""
BODY = "Hello {{ %s }}\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
Call = Callable[..., Answer]
Told = Callable[[str], Any]


@pytest.fixture
def call(tmp_path: Path, database_url: str) -> Call:
    """Commands in a project whose run 3 is over."""
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": "0123456789abcdefghijklmnopqrstuvwxyz"}

    def call(*words: object) -> Answer:
        answer = outreach_here(project, *words, **settings)
        assert answer.code == 0, answer.err
        return answer

    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("control_group: 1%\n", ""))
    shutil.rmtree(project / "campaigns")
    (project / "campaigns").mkdir()
    for name in ("notes", "more"):
        (project / f"campaigns/{name}.yaml").write_text(CAMPAIGN)
    (project / "templates/note").mkdir()
    (project / "templates/note/subject.txt").write_text("A note")
    (project / "templates/note/body.txt").write_text(BODY % "first_name")
    rows = ["key,first_name,email,timezone,country,tier,consent.email.greetings"]
    for key in KEYS:
        address, tier = ADDRESSES.get(key, key), "B" if key == "two" else "A"
        yes = "" if key == "none" else "yes"
        rows.append(f"{key},Ann,{address}@example.com,America/New_York,US,{tier},{yes}")
    (project / "c.csv").write_text("\n".join(rows))
    call("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    for at in ("2026-07-01T13:00", "2026-07-02T13:00"):
        call("send", "more", "--to", "full", "--yes", "--again", "--now", at)
        call("run", "--until-idle", "--now", at)
    call("send", "notes", "--yes", "--now", NOW)
    call("run", "--until-idle", "--now", NOW)
    _change(project, call)
    return call


def _change(project: Path, call: Call) -> None:
    """All that the rules read is another thing by now."""
    about = ("--channel", "email", "--topic", "greetings", "--source", "phone", "--now", LATER)
    for key in ("no", "two"):
        call("consent", "withdraw", key, *about)
    call("consent", "grant", "none", *about)
    call("suppressions", "add", "email", "barred@example.com", "--reason", "x", "--now", LATER)
    call("customers", "merge", "from", "into", "--yes", "--now", LATER)
    (project / "e.csv").write_text("key,kind,at,amount\nstaged,order,2026-07-03T17:30,60\n")
    call("events", "import", "e.csv", "--now", LATER)
    (project / "templates/note/body.txt").write_text(BODY % "last_name")
    rules = (project / "outreach.yaml").read_text()
    for old, new in (("at_most: 2, per: 7", "at_most: 9, per: 7"), ("21:00-08:00", "15:00-14:00")):
        rules = rules.replace(old, new)
    (project / "outreach.yaml").write_text(rules)
    call("check")


@pytest.fixture
def told(call: Call) -> Told:
    """What is told of a customer in run 3."""
    words = ("--run", 3, "--now", "2026-07-05T12:00", "--json")
    return lambda key: call("explain", "notes", key, *words).json


def failing(found: Any) -> list[str]:
    """The rules in the way."""
    return [each["rule"] for each in found["rules"] if not each["passed"]]


def test_nothing_that_came_since_stands_in_the_way_of_what_went_then(told: Told) -> None:
    for key in ("no", "one", "barred", "staged"):
        found = told(key)
        assert (key, failing(found), found["decision"]) == (key, [], "send")
        assert found["said"][-1].startswith("attempt 1"), found["said"]
    [word] = [each for each in told("no")["rules"] if each["rule"] == "consent_withdrawn"]
    assert word["detail"].startswith("granted ")


def test_what_left_somebody_out_then_does_so_still(told: Told) -> None:
    none, full = told("none"), told("full")

    assert (none["reason"], failing(none)) == ("no_consent", ["no_consent"])
    assert (full["reason"], failing(full)) == ("capped", ["capped"])
    assert "next possible, by what was known then: 2026-07-08 08:00" in full["said"][-1]


def test_who_was_merged_since_is_told_by_the_record(told: Told) -> None:
    """The rules know of them as they are now, and it is said that this differs."""
    for key, why in (("from", "erased"), ("into", "duplicate")):
        found = told(key)
        assert (key, found["decision"], found["state"]) == (key, "send", "sent")
        assert f"the rules say skip ({why}): what they read has changed since" in found["said"][-1]
    [twice] = [each for each in told("into")["rules"] if each["rule"] == "duplicate"]
    assert twice["detail"] == "stands for from too, and one of them gets it"
