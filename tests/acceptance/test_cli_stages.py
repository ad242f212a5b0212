"""`outreach stages`: where customers stand, and why one of them does."""

import shutil
from pathlib import Path

import pytest
from commands import NOW, Answer, outreach, outreach_here, sample_project

LOYALTY = """\
title: Loyalty
stages:
  - id: guest
    when: otherwise
  - id: member
    when: total('order', days(90)) >= 50 or 'vip' in tags
    least_days: 30
    unless: count('complaint', days(7)) > 0
evaluation: [member, guest]
"""
CUSTOMERS = "key,tags\na,\nb,vip\nc,\n"
EVENTS = "key,kind,at,amount\na,order,2026-06-20,60\na,reply,2026-06-20,\n"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with a second lifecycle; Ann ordered, Bob is important, Cyd is neither."""
    project = sample_project(tmp_path_factory.mktemp("stages") / "project")
    with (project / "outreach.yaml").open("a") as file:
        file.write("\nlifecycles: {loyalty: loyalty}\n")
    (project / "lifecycles").mkdir()
    (project / "lifecycles" / "loyalty.yaml").write_text(LOYALTY)
    (project / "c.csv").write_text(CUSTOMERS)
    (project / "e.csv").write_text(EVENTS)
    outreach_here(project, "customers", "import", "c.csv", "--now", NOW)
    outreach_here(project, "events", "import", "e.csv", "--now", NOW)
    return project


@pytest.fixture
def project(filled: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(filled, tmp_path / "project"))


def why(project: Path, key: str, *options: str, now: str = NOW) -> Answer:
    return outreach_here(project, "stages", "why", key, *options, "--now", now)


def test_each_lifecycle_is_shown(project: Path) -> None:
    main = outreach_here(project, "stages", "show", "--json", "--now", NOW)
    loyalty = outreach_here(project, "stages", "show", "--model", "loyalty", "--json", "--now", NOW)
    people = outreach_here(project, "stages", "show", "--now", NOW)

    assert main.json == {
        "potential": 2, "development": 1, "growth": 0, "maturity": 0, "decline": 0,
        "termination": 0,
    }  # fmt: skip
    assert loyalty.json == {"guest": 1, "member": 2}
    assert "lifecycles: loyalty\nguest   1  " in people.out
    assert (
        "\nmember  total('order', days(90)) >= 50 or 'vip' in tags; "
        "least_days: 30 unless count('complaint', days(7)) > 0\nguest   otherwise\n"
        "in the order in which they are asked; of life: guest member\n"
    ) in people.out


def test_what_binds_a_lifecycle_besides_its_rules_is_shown(project: Path) -> None:
    bound = LOYALTY + "moves: {guest: [member], member: [guest]}\nhigh_water: true\n"
    (project / "lifecycles" / "loyalty.yaml").write_text(bound)

    said = outreach_here(project, "stages", "show", "--model", "loyalty", "--now", NOW).out

    assert "moves: from guest only to member\nmoves: from member only to guest\n" in said
    assert "high_water: nobody goes back to an earlier stage\n" in said


def test_a_lifecycle_that_is_not_there_is_refused(project: Path) -> None:
    answer = outreach_here(project, "stages", "show", "--model", "loyal")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "outreach: there is no `loyal` under `lifecycles`; did you mean `loyalty`?\n"
    )


def test_why_tells_each_rule_with_what_it_looked_at(project: Path) -> None:
    answer = outreach(project, "stages", "why", "a", "--model", "loyalty", "--now", NOW)

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "a in loyalty: member since 2026-07-03 21:00:00Z\n"
        "The rules say member.\n"
        "\n"
        "yes  member  total('order', days(90)) >= 50 or 'vip' in tags\n"
        "             total('order', days(90)) = 60; tags = ; count('complaint', days(7)) = 0; "
        "stays 30 days unless count('complaint', days(7)) > 0\n"
        "yes  guest   otherwise\n"
        "\n"
        "moved at               from    to\n"
        "─────────────────────────────────────\n"
        "2026-07-03 21:00:00Z   guest   member\n"
        "2026-07-03 21:00:00Z           guest\n"
    )


def test_why_tells_what_a_refresh_would_do_and_does_nothing(project: Path) -> None:
    before = why(project, "a", now="2027-01-01T17:00")
    again = why(project, "a", "--json", now="2027-01-01T17:00")

    assert "a in six-stage: development since 2026-07-03 21:00:00Z" in before.out
    assert "The rules say decline. The next refresh moves to decline.\n" in before.out
    assert (again.json["stage"], again.json["next"]) == ("development", "decline")


def test_why_tells_what_keeps_a_customer(project: Path) -> None:
    (project / "c.csv").write_text("key,tags\nb,none\n")
    outreach_here(project, "customers", "import", "c.csv", "--now", NOW)

    found = why(project, "b", "--model", "loyalty", "--json").json
    people = why(project, "b", "--model", "loyalty").out

    assert {name: found[name] for name in ("stage", "said", "next", "kept_by", "kept_until")} == {
        "stage": "member",
        "said": "guest",
        "next": "member",
        "kept_by": "least_days",
        "kept_until": "2026-08-02T21:00:00+00:00",
    }
    assert found["rules"][0] == {
        "stage": "member",
        "when": "total('order', days(90)) >= 50 or 'vip' in tags",
        "holds": False,
        "facts": {
            "total('order', days(90))": 0, "tags": ["none"], "count('complaint', days(7))": 0,
        },
        "least_days": 30,
        "unless": "count('complaint', days(7)) > 0",
        "unless_holds": False,
    }  # fmt: skip
    assert "The rules say guest, but who came to member stays until 2026-08-02 21:00" in people


def test_why_of_nobody_is_refused(project: Path) -> None:
    answer = why(project, "z")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("outreach: there is no customer `z`; ")


def test_why_knows_of_no_rules_where_stages_are_given(project: Path) -> None:
    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("lifecycle: six-stage", "lifecycle: given"))
    (project / "g.csv").write_text("key,stage\nc,gold\n")
    outreach_here(project, "customers", "import", "g.csv", "--now", NOW)

    answer = why(project, "c")

    assert answer.out.splitlines()[:2] == [
        "c in given: gold since 2026-07-03 21:00:00Z",
        "The customers' file gives the stages; there are no rules.",
    ]


CAMPAIGN = """\
owner: mei@example.com
topic: service
status: active
audience: {where: "stage_in('loyalty') == 'member' and stage == 'potential'"}
schedule: {manual: true}
steps: [{id: one, channels: email, template: service-notice}]
"""


def test_a_campaign_is_for_a_stage_of_a_further_lifecycle(project: Path) -> None:
    (project / "campaigns" / "members.yaml").write_text(CAMPAIGN)
    outreach_here(project, "stages", "refresh", "--now", NOW)

    plan = outreach_here(project, "plan", "members", "--json", "--now", NOW)
    told = outreach_here(project, "explain", "members", "c", "--json", "--now", NOW)
    earlier = outreach_here(project, "plan", "members", "--json", "--now", "2026-07-02T17:00")

    assert (plan.code, plan.json["audience"], plan.json["skip"]) == (0, 1, {"no_address": 1})
    assert told.json["reason"] == "not_in_audience"
    assert earlier.json["audience"] == 0  # nobody was in a stage then
