"""Floors on the command line: what `check` says of them, and the tasks that come of them."""

from pathlib import Path

import pytest
from commands import Answer, outreach_here

MEI = "mei@example.com"
COMPANY = f"""\
brand: {{name: Harbour Tea, postal_address: "1 Quay", timezone: Europe/Berlin, country: DE}}
owners: {{{MEI}: {{name: Mei Lin}}}}
topics: {{service: {{title: Service}}}}
channels: {{task: {{adapter: task}}}}
floors:
  - {{at_least: 1, per: 30 days, audience: {{tier: A}}, by: owner}}
"""
CUSTOMERS = f"""\
key,first_name,owner,tier,timezone,created_at
a,Ann,{MEI},A,Europe/Berlin,2025-01-01
b,Bob,{MEI},B,Europe/Berlin,2025-01-01
c,Cy,,A,Europe/Berlin,2025-01-01
"""
FRIDAY, SATURDAY = "2026-07-03T11:00", "2026-07-04T11:00"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "outreach.yaml").write_text(COMPANY)
    (tmp_path / "c.csv").write_text(CUSTOMERS)
    return tmp_path


def at(now: str, project: Path, *arguments: object) -> Answer:
    return outreach_here(project, *arguments, "--now", now)


def test_from_the_file_to_the_task_and_its_end(project: Path) -> None:
    assert at("2026-05-01T11:00", project, "customers", "import", "c.csv").code == 0
    at(FRIDAY, project, "run", "--until-idle")

    mine = at(FRIDAY, project, "tasks", "list", "--owner", MEI, "--json").json
    nobodys = at(FRIDAY, project, "tasks", "list", "--owner", "none", "--json").json
    assert [each["task"]["customer"] for each in (*mine, *nobodys)] == ["a", "c"]
    assert mine[0]["reason"] == "floor of 2026-07-03"
    assert mine[0]["task"]["title"] == "nobody has been in touch for 30 days"
    assert mine[0]["task"]["due_at"] == "2026-07-09T22:05:00+00:00"

    id_ = mine[0]["task"]["id"]
    assert at(FRIDAY, project, "tasks", "done", id_, "--note", "a nice talk").out == (
        f"task {id_} done: event `call` added\n"
    )
    at(SATURDAY, project, "run", "--until-idle")
    assert at(SATURDAY, project, "tasks", "list", "--owner", MEI, "--json").json == []


def test_check_reads_the_audience(project: Path) -> None:
    wrong = COMPANY.replace("{tier: A}", "{stage: maturty, where: ordrs > 2}")
    (project / "outreach.yaml").write_text(wrong)

    found = outreach_here(project, "check")

    assert found.code != 0
    assert "outreach.yaml:6:51: lifecycle `six-stage` has no stage `maturty`" in found.out
    assert "outreach.yaml:6:67: unknown name `ordrs`; did you mean `orders`?" in found.out


def test_check_knows_which_campaigns_are_asked_for(project: Path) -> None:
    wrong = COMPANY.replace("{tier: A}", "\"not received('greting', days(30))\"")
    (project / "outreach.yaml").write_text(wrong)

    assert "there is no campaign `greting`" in outreach_here(project, "check").out


def test_check_reads_who_is_to_be_in_touch(project: Path) -> None:
    (project / "outreach.yaml").write_text(COMPANY.replace("by: owner", "by: rin"))
    write_ring(project, "")
    unknown = outreach_here(project, "check")
    (project / "outreach.yaml").write_text(COMPANY.replace("by: owner", "by: ring"))
    at_once = outreach_here(project, "check")
    write_ring(project, "reentry: after 30 days\n")
    sound = outreach_here(project, "check")

    assert unknown.out.startswith(
        "outreach.yaml:6:58: there is no campaign `rin`; did you mean `ring`?\n"
    )
    assert at_once.out.startswith(
        "outreach.yaml:6:58: `ring` goes to its whole audience at once, not to one after the other; "
        "write `reentry: after 30 days` in it, or give it several steps\n"
    )
    assert (unknown.code, at_once.code, sound.code) == (1, 1, 0), sound.out


def test_check_warns_of_a_floor_in_vain(project: Path) -> None:
    rules = COMPANY.replace("by: owner", "by: ring") + "cadence: [{at_most: 2, per: 90 days}]\n"
    (project / "outreach.yaml").write_text(rules)
    write_ring(project, "reentry: after 30 days\n", "draft")

    said = outreach_here(project, "check").out

    assert (
        "6:58: warning: `ring` is not active: nobody is given to it; write `status: active`" in said
    )
    assert (
        "6:24: warning: a touch each 30 days can not be kept: a limit lets 2 through per 90 days; "
        "write a `per` of 45 days or more, or a wider limit" in said
    )


def test_check_warns_of_a_floor_about_nobody(project: Path) -> None:
    assert at("2026-05-01T11:00", project, "customers", "import", "c.csv").code == 0
    (project / "outreach.yaml").write_text(COMPANY.replace("{tier: A}", "{tier: B, country: FR}"))

    said = outreach_here(project, "check").out

    assert "outreach.yaml:6:43: warning: the floor is about none of the customers there are" in said


def write_ring(project: Path, more: str, status: str = "active") -> None:
    """A campaign whose only channel is a task."""
    (project / "campaigns").mkdir(exist_ok=True)
    (project / "templates/ring").mkdir(parents=True, exist_ok=True)
    (project / "templates/ring/task.txt").write_text("Ring up\n\nAsk how things are.\n")
    (project / "campaigns/ring.yaml").write_text(
        f"title: Ring\nowner: {MEI}\ntopic: service\nstatus: {status}\naudience: everyone\n{more}"
        "schedule: {manual: true}\nsteps: [{id: ring, channels: [task], template: ring}]\n"
    )
