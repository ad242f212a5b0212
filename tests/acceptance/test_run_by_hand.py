"""Campaigns sent by hand."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import NOW, outreach, outreach_here, sample_project
from letterbox import letterbox, people

BY_HAND = ("send", "service-notice", "--now", NOW)


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with five customers."""
    project = sample_project(tmp_path_factory.mktemp("peopled") / "project")
    people(project, 5, ordered=False)
    return project


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(once_peopled, tmp_path / "peopled")


def test_nothing_is_sent_where_nobody_can_be_asked(peopled: Path) -> None:
    answer = outreach(peopled, *BY_HAND)

    assert answer.code == 2
    assert answer.err == "outreach: nobody can be asked whether to send; add `--yes`\n"
    assert answer.out == "audience  5\nsend      5\nhold      0\n"  # what `--yes` would do
    assert outreach(peopled, "runs", "list", "--json").json == []


def test_who_got_it_within_a_day_gets_it_again_only_on_request(peopled: Path) -> None:
    first = outreach_here(peopled, *BY_HAND, "--yes", "--json", "--to", "k1", "--to", "k2")
    second = outreach_here(peopled, *BY_HAND, "--yes", "--json", "--to", "k2", "--to", "k3")
    third = outreach_here(peopled, *BY_HAND, "--yes", "--json", "--again", "--where", "key == 'k2'")
    done = outreach(peopled, "run", "--until-idle", "--json", "--now", NOW)

    assert first.json == {"run": 1, "send": 2, "hold": 0, "skip": {}}
    assert "no worker is alive: run `outreach run`" in first.err
    assert second.json == {"run": 2, "send": 1, "hold": 0, "skip": {"duplicate": 1}}
    assert third.json == {"run": 3, "send": 1, "hold": 0, "skip": {}}
    assert done.json["sent"] == 4


def test_who_waits_for_it_is_told_apart_from_who_got_it(peopled: Path) -> None:
    outreach_here(peopled, *BY_HAND, "--yes", "--to", "k1", "--to", "k2")
    waiting = outreach_here(peopled, *BY_HAND, "--yes", "--to", "k2", "--to", "k3").out
    explained = ("explain", "service-notice", "k2", "--run", 2, "--now", NOW, "--json")
    waits = outreach_here(peopled, *explained).json
    outreach_here(peopled, "run", "--until-idle", "--now", NOW)
    got = outreach_here(peopled, *BY_HAND, "--yes", "--to", "k1", "--to", "k4").out
    has = outreach_here(peopled, *explained).json

    assert waiting.splitlines()[-1] == "duplicate: for 1 it waits in run 1"
    assert got.splitlines()[-1] == "duplicate: 1 got it within 24 hours"
    assert (waits["decision"], waits["reason"]) == ("skip", "duplicate")
    details = [
        each["detail"] for found in (waits, has) for each in found["rules"]
        if each["rule"] == "duplicate" and not each["passed"]
    ]  # fmt: skip
    assert details[0] == "has it waiting in run 1, for 2026-07-03 17:00-04:00"
    assert details[-1] == "got it in run 1, at 2026-07-03 17:00-04:00"


def test_in_the_night_it_says_what_it_waits_for_and_until_when(peopled: Path) -> None:
    night = ("--now", "2026-07-03T22:00")

    asked = outreach_here(peopled, "send", "service-notice", *night).out
    sent = outreach_here(peopled, "send", "service-notice", *night, "--yes").out
    shown = outreach_here(peopled, "runs", "show", 1).out
    found = outreach_here(peopled, "runs", "show", 1, "--json").json

    waits = f"\nHeld for\nquiet_hours  5  {'█' * 40}\nuntil 2026-07-04 08:00 America/New_York\n"
    assert [waits in each for each in (asked, sent, shown)] == [True, True, True]
    begins = "Run 1 of service-notice for 2026-07-03 22:00 America/New_York\n"
    assert shown.startswith(begins)
    assert begins[-34:-1] in outreach_here(peopled, "runs").out
    assert (found["held"], found["held_until"][0]) == (
        {"quiet_hours": 5}, "2026-07-04T08:00:00-04:00",
    )  # fmt: skip


def test_where_the_audience_is_nobody_no_run_is_made(peopled: Path) -> None:
    nobody = (*BY_HAND, "--where", "key == 'k9'")

    asked = outreach_here(peopled, *nobody)
    sent = outreach_here(peopled, *nobody, "--yes")
    document = outreach_here(peopled, *nobody, "--yes", "--json").json

    assert asked.out.splitlines()[-1] == "the audience picks nobody: no run is made"
    assert sent.out == asked.out
    assert (asked.code, sent.code) == (0, 0)
    assert document == {"run": None, "send": 0, "hold": 0, "skip": {}}
    assert outreach_here(peopled, "runs", "list", "--json").json == []


def test_where_nobody_would_get_it_no_run_is_made_with_yes_either(peopled: Path) -> None:
    assert outreach_here(peopled, *BY_HAND, "--yes", "--to", "k1").code == 0
    once_more = (*BY_HAND, "--to", "k1")

    asked = outreach_here(peopled, *once_more)
    sent = outreach_here(peopled, *once_more, "--yes")
    document = outreach_here(peopled, *once_more, "--yes", "--json").json

    assert asked.out.splitlines()[-1] == "nobody would get it: no run is made"
    assert (sent.code, sent.out, sent.err) == (0, asked.out, "")
    assert document == {"run": None, "send": 0, "hold": 0, "skip": {"duplicate": 1}}
    assert len(outreach_here(peopled, "runs", "list", "--json").json) == 1


def test_who_shares_an_address_is_told_apart_from_who_got_it(peopled: Path) -> None:
    (peopled / "more.csv").write_text("key,email\nk9,k1@example.com\n")
    outreach_here(peopled, "customers", "import", "more.csv", "--now", NOW)
    outreach_here(peopled, *BY_HAND, "--yes", "--to", "k2")

    asked = outreach_here(peopled, *BY_HAND).out.splitlines()

    assert asked[-2:] == [
        "duplicate: for 1 it waits in run 1",
        "duplicate: 1 shares an address with somebody who has it or gets it",
    ]


def test_what_can_not_be_meant_is_refused_before_anything_is_planned(peopled: Path) -> None:
    unknown = outreach_here(peopled, *BY_HAND, "--yes", "--to", "nobody")
    unread = outreach_here(peopled, *BY_HAND, "--yes", "--where", "fone is none")
    path = peopled / "campaigns/service-notice.yaml"
    path.write_text(path.read_text().replace("status: active", "status: draft"))
    draft = outreach_here(peopled, *BY_HAND, "--yes")

    assert [unknown.code, unread.code, draft.code] == [2, 2, 2]
    assert "there is no customer `nobody`" in unknown.err
    assert "--where: unknown name `fone`; did you mean `phone`" in unread.err
    assert "its status is `draft`; write `status: active`" in draft.err
    assert outreach_here(peopled, "runs", "list", "--json").json == []


def test_a_test_goes_to_staff_alone_and_is_no_touch(peopled: Path) -> None:
    path = peopled / "campaigns/weekly-greeting.yaml"
    path.write_text(path.read_text().replace("status: active", "status: draft"))
    words = ("send", "weekly-greeting", "--now", NOW)
    with letterbox() as box:
        sent = outreach_here(
            peopled, *words, "--test", "mei@example.com", "--as", "k3", "--json", smtp_url=box.url
        )
        refused = outreach_here(peopled, *words, "--test", "k3@example.com", smtp_url=box.url)
    down = outreach_here(peopled, *BY_HAND, "--test", "mei@example.com", smtp_url=box.url)
    history = outreach_here(peopled, "customers", "show", "k3", "--json").json

    assert (sent.code, sent.json) == (0, {"sent": 1})
    assert box.recipients == {"mei@example.com": 1}
    assert box.subjects == ["[TEST] Have a good weekend"]
    assert refused.code == 2
    assert "`k3@example.com` is not among `testers`" in refused.err
    assert down.code == 1
    assert "not sent: mei@example.com: connect" in down.err
    assert history["deliveries"] == []


def test_a_run_can_be_paused_resumed_and_cancelled(peopled: Path) -> None:
    sent = outreach_here(peopled, "send", "service-notice", "--yes", "--now", NOW, "--json").json

    paused = outreach_here(peopled, "runs", "pause", sent["run"], "--json").json
    rested = outreach_here(peopled, "run", "--until-idle", "--now", NOW, "--json").json
    resumed = outreach_here(peopled, "runs", "resume", sent["run"], "--json").json
    cancelled = outreach_here(peopled, "runs", "cancel", sent["run"], "--json").json
    again = outreach_here(peopled, "runs", "resume", sent["run"], "--json")
    twice = outreach_here(peopled, "runs", "cancel", sent["run"])

    assert [each["state"] for each in (paused, resumed, cancelled)] == [
        "paused", "planning", "cancelled",
    ]  # fmt: skip
    assert cancelled["states"] == {"cancelled": sent["send"], **_skipped(sent)}
    assert rested == {"sent": 0, "failed": 0, "unknown": 0}
    assert again.code == 2
    assert (twice.code, twice.err) == (0, f"run {sent['run']} is cancelled already\n")
    assert outreach_here(peopled, "report").out.splitlines() == [
        "planned       5", "sent          0", "  delivered   0", "  bounced     0",
        "  complained  0", "failed        0", "unknown       0", "expired       0",
        "cancelled     5", "held          0", "left out      0",
    ]  # fmt: skip


def _skipped(sent: dict[str, Any]) -> dict[str, int]:
    skipped = sum(sent["skip"].values())
    return {"skipped": skipped} if skipped else {}


def test_a_template_that_never_ends_makes_no_run(peopled: Path) -> None:
    template = peopled / "templates" / "service-notice" / "body.txt"
    template.write_text(
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}x"
    )

    answer = outreach_here(peopled, "send", "service-notice", "--yes", "--now", NOW, "--json")

    assert answer.code == 1
    assert answer.json[0]["file"] == "templates/service-notice/body.txt"
