"""`outreach test`: campaign tests as people run and read them."""

import shutil
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
from commands import ROOT, outreach, outreach_here, sample_project

GIVEN = """\
campaign: win-back
at: 2026-07-03T10:00
given:
  customer: {stage: decline, first_name: Anna, email: anna@example.com, timezone: America/New_York}
  consents: [email/offers]
  events: [{kind: order, at: -200 days, amount: 90}, {kind: order, at: -120 days, amount: 40}]
cases:
"""
SENT = (
    "  - {name: gets it, expect: {decision: send, channel: email, text: Anna, until: 2026-07-03}}\n"
)
SENT = SENT.replace(", until: 2026-07-03", "")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample project."""
    return sample_project(tmp_path_factory.mktemp("tested") / "project")


@pytest.fixture
def project(sample: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(sample, tmp_path / "project")


def written(project: Path, cases: str, given: str = GIVEN) -> Path:
    (project / "tests").mkdir(exist_ok=True)
    path = project / "tests/win-back.yaml"
    path.write_text(given + cases)
    return path


def test_the_tests_of_the_sample_pass_in_a_new_project(tmp_path: Path) -> None:
    project = tmp_path / "new"
    assert outreach_here(tmp_path, "init", project).code == 0

    found = outreach(project, "test", "--json")

    assert {path.name for path in (project / "tests").iterdir()} == {
        path.name for path in (ROOT / "tests/campaigns").iterdir()
    }
    assert (found.code, found.json["failed"], found.err) == (0, 0, "")
    assert {each["ok"] for each in found.json["cases"]} == {True}
    assert not (project / ".outreach/outreach.db").exists()


def test_what_differs_is_told_with_what_stops_the_customer(project: Path) -> None:
    cases = SENT + (
        "  - name: wants no offers\n"
        "    customer: {tags: [no-offers]}\n"
        "    expect: {decision: send, next: 2026-07-10T10:00}\n"
        "  - {name: says goodbye, expect: {text: [Anna, Goodbye], not_text: shelf}}\n"
    )
    written(project, cases)

    answer = outreach(project, "test", "tests/win-back.yaml")

    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[:6] == [
        "tests/win-back.yaml:9: wants no offers",
        "  decision  expected  send",
        "            got       skip",
        "  next      expected  2026-07-10 10:00-04:00 America/New_York",
        "            got       never",
        "  stopped by excluded: tags: is no-offers",
    ]
    assert lines[7:9] == [
        "tests/win-back.yaml:12: says goodbye",
        "  text      expected  with `Goodbye`",
    ]
    assert "1 passed, 2 failed" in lines
    assert lines[-1].startswith("win-back: not_in_audience, no_consent, capped, holdout")


def test_json_and_junit_hold_every_case(project: Path) -> None:
    written(project, SENT + "  - {name: is held, expect: {decision: hold}}\n")

    answer = outreach_here(project, "test", "--junit", "out/junit.xml", "--json")

    found = answer.json
    assert (answer.code, found["passed"], found["failed"]) == (1, 1, 1)
    assert found["cases"][1] == {
        "file": "tests/win-back.yaml", "line": 9, "name": "is held", "ok": False,
        "expected": {"decision": "hold"}, "got": {"decision": "send"},
    }  # fmt: skip
    assert {"campaign": "birthday", "rule": "send"} in found["untested"]
    suite = parse(project / "out/junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [each.get("name") for each in suite] == ["gets it", "is held"]
    assert suite[1][0].get("message") == "decision: expected hold, got send"


def test_junit_of_refused_files_holds_an_error_for_each_fault_at_its_place(project: Path) -> None:
    written(project, "  - {name: a, expect: {decision: skip, reason: cappd}}\n")
    (project / "tests/unknown.yaml").write_text(GIVEN.replace("win-back", "win-bak") + SENT)

    answer = outreach_here(project, "test", "--junit", "out/junit.xml")

    assert answer.code == 1
    root = parse(project / "out/junit.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "0", "2")
    [unknown], [reason] = root
    assert (unknown.get("file"), unknown.get("line")) == ("tests/unknown.yaml", "1")
    assert unknown[0].get("message") == "there is no campaign `win-bak`"
    assert (reason.get("file"), reason.get("line")) == ("tests/win-back.yaml", "8")
    assert [unknown[0].text, reason[0].text] == answer.out.splitlines()


def test_all_faults_of_all_files_are_told_at_once(project: Path) -> None:
    faulty = """\
  - {name: a, customer: {stge: growth, email: anna}, expect: {decision: skip, reason: cappd}}
  - {name: b, customer: {stage: declin}, consents: [mail/offers, email/offer], expect: {decision: send}}
  - {name: c, at: tomorrow, expect: {decision: send}}
  - {name: d, events: [{kind: order, at: -3 dais}], touches: [{campaign: win-bak, at: -2 months}], expect: {channel: sms}}
"""
    written(project, faulty)
    (project / "tests/none.yaml").write_text("campaign: nobody\ncases: [{name: a, expect: {}}]\n")
    unknown = GIVEN.replace("win-back", "win-bak") + SENT
    (project / "tests/unknown.yaml").write_text(unknown)

    answer = outreach_here(project, "test")

    assert answer.code == 1
    assert answer.out.splitlines() == [
        "tests/none.yaml:2:19: nothing is expected; write for example `expect: {decision: send}`",
        "tests/unknown.yaml:1:11: there is no campaign `win-bak`; did you mean `win-back`?",
        "tests/win-back.yaml:8:87: `reason` can not be `cappd`; did you mean `capped`?",
    ]
    written(project, faulty.replace("cappd", "capped"))
    told = outreach_here(project, "test", "tests/win-back.yaml").out
    for each in (
        ":8:26: customers have no `stge`; did you mean `stage`?",
        ":8:40: `email` is no e-mail address: An email address must have an @-sign.",
        ":9:26: lifecycle `six-stage` has no stage `declin`; did you mean `decline`?",
        ":9:53: there is no channel `mail`; did you mean `email`?",
        ":9:66: there is no topic `offer`; did you mean `offers`?",
        ":10:19: `tomorrow` is no date and time; write for example `2026-07-03T17:00+02:00`",
        ":11:42: `-3 dais` is no span; write for example `-3 days`",
        ":11:74: there is no campaign `win-bak`; did you mean `win-back`?",
        ":11:87: `-2 months` is no span; write `-60 days`",
        ":11:118: the campaign has no channel `sms`; it has `email`",
    ):
        assert f"tests/win-back.yaml{each}\n" in told


def test_others_who_share_an_address_are_in_the_base_too(project: Path) -> None:
    other = "{key: a, email: anna@example.com, first_name: Bob, stage: decline}"
    bought = "[{kind: order, at: -90 days}, {kind: order, at: -80 days}]"
    theirs = bought.replace("at:", "customer: a, at:")
    cases = f"""\
  - name: the lowest key gets it
    others: [{other}]
    consents: [email/offers, {{yes: email/offers, customer: a}}]
    events: {bought[:-1]}, {theirs[1:]}
    expect: {{decision: skip, reason: duplicate}}
  - name: alone
    events: {bought}
    expect: {{decision: send}}
"""
    written(project, cases)

    assert outreach_here(project, "test", "--json").json["passed"] == 2


def test_nothing_to_test_is_wrong_usage(project: Path) -> None:
    answer = outreach_here(project, "test")

    assert (answer.code, answer.out) == (2, "")
    assert "there is no test in" in answer.err


def test_a_campaign_at_fault_stops_its_own_tests_alone(project: Path) -> None:
    written(project, SENT)
    path = project / "campaigns/birthday.yaml"
    path.write_text(path.read_text().replace("topic:", "topci:"))

    sound = outreach_here(project, "test")
    (project / "tests/birthday.yaml").write_text(
        "campaign: birthday\nat: 2026-07-03T17:00\ncases: [{name: a, expect: {decision: send}}]\n"
    )
    faulty = outreach_here(project, "test")

    assert (sound.code, sound.out.splitlines()[0]) == (0, "1 passed, 0 failed")
    told = "tests/birthday.yaml:1:11: this campaign is at fault itself; see `outreach check`\n"
    assert (faulty.code, faulty.out) == (1, told)
