"""Variants of a message: planned, explained, previewed, sent and reported alike."""

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest
from commands import NOW, outreach_here, sample_project
from letterbox import BEFORE, letterbox, people

PEOPLE = 60  # six of whom agreed to nothing
CAMPAIGN = """\
title: Two subjects
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {at: 2026-07-03T17:00, timezone: America/New_York, late: 6 hours}
steps: [{id: greet, channels: email, template: two-subjects}]
experiment:
  variants: {plain: 1, warm: 2}
  holdout: 10%
"""
BODY = "Hello, {{ brand.name }}. {{ unsubscribe_url }} {{ brand.postal_address }}"


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that compares two subjects, with its customers."""
    project = sample_project(tmp_path_factory.mktemp("peopled") / "project")
    for other in (project / "campaigns").iterdir():
        other.unlink()
    compare(project)
    people(project, PEOPLE, ordered=False)
    return project


def compare(project: Path, campaign: str = CAMPAIGN, body: str = BODY) -> None:
    """Write a campaign of two subjects."""
    folder = project / "templates" / "two-subjects"
    (folder / "warm").mkdir(parents=True, exist_ok=True)
    (project / "campaigns" / "two-subjects.yaml").write_text(campaign)
    (folder / "body.txt").write_text(body)
    (folder / "subject.txt").write_text("Plain")
    (folder / "warm" / "subject.txt").write_text("Warm")


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(once_peopled, tmp_path / "peopled")


def variants(project: Path, *command: str) -> dict[str, str]:
    """By key the variant of whoever gets a message."""
    answer = outreach_here(project, *command, "two-subjects", "--rows", "rows.csv", "--now", NOW)
    assert answer.code == 0, answer.err
    with (project / "rows.csv").open(newline="") as file:
        return {r["key"]: r["variant"] for r in csv.DictReader(file) if r["decision"] == "send"}


def test_who_gets_which_variant_is_the_same_in_plan_run_report_and_explain(peopled: Path) -> None:
    planned = variants(peopled, "plan")
    plan = outreach_here(peopled, "plan", "two-subjects", "--json", "--now", NOW).json
    with letterbox() as box:
        outreach_here(peopled, "run", "--until-idle", "--now", NOW, smtp_url=box.url)
    explained = {
        key: outreach_here(
            peopled, "explain", "two-subjects", key, "--run", 1, "--json", "--now", NOW
        ).json["variant"]
        for key in list(planned)[:3]
    }

    assert set(planned.values()) == {"plain", "warm"}
    assert plan["variants"] == Counter(planned.values())
    assert sum(plan["variants"].values()) == plan["send"] < PEOPLE * 9 // 10
    assert variants(peopled, "report") == planned
    assert Counter(box.subjects) == {
        "Plain": plan["variants"]["plain"], "Warm": plan["variants"]["warm"],
    }  # fmt: skip
    assert explained.items() <= planned.items()


def test_a_customer_keeps_the_variant_whoever_else_comes_and_whatever_is_held_out(
    peopled: Path,
) -> None:
    before = variants(peopled, "plan")
    people(peopled, PEOPLE + 20, ordered=False)
    compare(peopled, CAMPAIGN.replace("holdout: 10%", "holdout: 0.5%"))

    after = variants(peopled, "plan")

    assert len(after) > len(before)
    assert before.items() <= after.items()


def test_who_lacks_what_their_variant_prints_is_left_out(peopled: Path) -> None:
    before = variants(peopled, "plan")
    warm = peopled / "templates" / "two-subjects" / "warm" / "body.txt"
    warm.write_text(f"Dear {{{{ nickname }}}}. {BODY}")

    after = variants(peopled, "plan")
    plan = outreach_here(peopled, "plan", "two-subjects", "--json", "--now", NOW).json
    lacks = next(key for key, variant in before.items() if variant == "warm")
    said = outreach_here(peopled, "explain", "two-subjects", lacks, "--now", NOW).out

    assert after == {key: variant for key, variant in before.items() if variant == "plain"}
    held_out = PEOPLE * 9 // 10 - len(before)  # lacking it is asked before that
    assert len(before) - len(after) <= plan["skip"]["missing_data"]
    assert plan["skip"]["missing_data"] <= len(before) - len(after) + held_out
    assert "lacks nickname, which the template prints" in said


def test_preview_and_test_messages_show_the_variants(peopled: Path) -> None:
    key, variant = next(iter(variants(peopled, "plan").items()))
    shown = outreach_here(peopled, "preview", "two-subjects", "--json", "--now", BEFORE).json
    own = ("preview", "two-subjects", "--customer", key, "--json", "--now", BEFORE)
    send = ("send", "two-subjects", "--test", "mei@example.com", "--now", NOW, "--json")
    with letterbox() as box:
        tested = outreach_here(peopled, *send, smtp_url=box.url).json
        outreach_here(peopled, *send, "--as", key, smtp_url=box.url)

    assert {(each["variant"], each["subject"]) for each in shown} == {
        ("plain", "Plain"), ("warm", "Warm"),
    }  # fmt: skip
    assert [each["variant"] for each in outreach_here(peopled, *own).json] == [variant]
    assert tested == {"sent": 2}
    assert sorted(box.subjects[:2]) == ["[TEST] (plain) Plain", "[TEST] (warm) Warm"]
    assert box.subjects[2] == f"[TEST] ({variant}) {variant.title()}"
