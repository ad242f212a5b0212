"""`outreach check`: every fault of every file in one call."""

from pathlib import Path

import pytest
from commands import outreach, outreach_here

CAMPAIGN = """\
title: Test
owner: mei@example.com
topic: greetings
status: active
audience: {stage: [growth], where: orders >= 2}
schedule: {cron: "0 17 * * FRI", timezone: customer}
steps:
  - id: greet
    channels: [email]
    template: win-back
"""
FAULTS = {  # file → (what of a sound campaign, becomes)
    "a-key": ("title: Test", "title: Test\ncadance: none"),
    "b-topic": ("greetings", "greeting"),
    "c-name": ("orders >= 2", "ordrs >= 2"),
    "d-types": ("orders >= 2", "orders >= 'two'"),
    "e-template": ("win-back", "win-bak"),
    "f-duplicate": ("status: active", "status: active\nstatus: draft"),
    "g-cron": ("0 17 * * FRI", "0 25 * * FRI"),
    "h-stage": ("[growth]", "[growth, grwth]"),
}


@pytest.fixture
def broken(project: Path) -> Path:
    """A project with twelve faults in as many files."""
    for name, (sound, broken) in FAULTS.items():
        (project / f"campaigns/{name}.yaml").write_text(CAMPAIGN.replace(sound, broken))
    (project / "campaigns/i-empty.yaml").write_text("")
    (project / "campaigns/j-latin.yaml").write_bytes(b"title: Gr\xfc\xdfe\n")
    (project / "templates/win-back/subject.txt").write_text("Hello {{ frist_name }}\n")
    (project / "lifecycles").mkdir()
    (project / "lifecycles/own.yaml").write_text(
        "title: Own\nstages:\n  - {id: one, when: ordes > 1}\n"
    )
    return project


SAID = """\
campaigns/a-key.yaml:2:1: unknown key `cadance`; did you mean `cadence`?
campaigns/b-topic.yaml:3:8: there is no topic `greeting`; did you mean `greetings`?
campaigns/c-name.yaml:5:36: unknown name `ordrs`; did you mean `orders`?
campaigns/d-types.yaml:5:36: a number is compared with a text; compare it with a number
campaigns/e-template.yaml:10:15: there is no folder `templates/win-bak`; did you mean `win-back`?
campaigns/f-duplicate.yaml:5:1: `status` is written twice, first in line 4; keep one of them
campaigns/g-cron.yaml:6:18: `25` is no hour of cron; write for example "0 17 * * FRI" for Fridays \
at 17:00
campaigns/h-stage.yaml:5:28: lifecycle `six-stage` has no stage `grwth`; did you mean `growth`?
campaigns/i-empty.yaml:1:1: the file is empty; write something
campaigns/j-latin.yaml:1:10: this is not UTF-8; save the file as UTF-8
lifecycles/own.yaml:3:21: unknown name `ordes`; did you mean `orders`?
templates/win-back/subject.txt:1:10: customer has no `frist_name`; did you mean `first_name`?
"""


def test_the_sample_has_no_problems(project: Path) -> None:
    answer = outreach(project, "check")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith(" files, no problems\n")
    assert len(answer.out.splitlines()) == 1


def test_every_fault_of_every_file_is_named_at_its_place(broken: Path) -> None:
    answer = outreach(broken, "check")

    assert answer.code == 1
    assert answer.out == SAID
    assert answer.err == "outreach: problems: 12, in files: 12\n"


def test_a_fault_of_the_company_hides_no_other(broken: Path) -> None:
    rules = broken / "outreach.yaml"
    rules.write_text(rules.read_text().replace("America/New_York", "America/New_Yrk"))

    answer = outreach_here(broken, "check")

    lines = [line for line in SAID.splitlines() if "h-stage" not in line]
    place = "outreach.yaml:9:13: there is no time zone `America/New_Yrk`"
    lines.insert(-1, f"{place}; did you mean `America/New_York`?")
    assert answer.out.splitlines() == lines


def test_problems_as_json_have_every_part(broken: Path) -> None:
    answer = outreach_here(broken, "check", "--json")

    assert (answer.code, answer.err) == (1, "")
    assert len(answer.json) == 12
    assert answer.json[0] == {
        "file": "campaigns/a-key.yaml",
        "line": 2,
        "column": 1,
        "code": "unknown-key",
        "message": "unknown key `cadance`",
        "hint": "did you mean `cadence`?",
    }


def test_several_faults_of_one_campaign_are_all_named(project: Path) -> None:
    text = CAMPAIGN.replace("orders >= 2", "ordrs >= 2").replace("title: Test", "titel: Test")
    (project / "campaigns/worst.yaml").write_text(text.replace("[growth]", "[grwth]"))

    answer = outreach_here(project, "check")

    assert answer.out.splitlines() == [
        "campaigns/worst.yaml:1:1: unknown key `titel`; did you mean `title`?",
        "campaigns/worst.yaml:5:20: lifecycle `six-stage` has no stage `grwth`;"
        " did you mean `growth`?",
        "campaigns/worst.yaml:5:35: unknown name `ordrs`; did you mean `orders`?",
    ]


def test_what_finds_nobody_in_the_database_is_a_warning(project: Path) -> None:
    people = project / "people.csv"
    people.write_text("key,city,email\na,Paris,a@example.com\nb,Paris,b@example.com\n")
    outreach_here(project, "customers", "import", people)
    text = CAMPAIGN.replace("{stage: [growth], where: orders >= 2}", "city == 'paris'")
    (project / "campaigns/city.yaml").write_text(text)

    answer = outreach_here(project, "check")

    assert answer.code == 0
    warned = "campaigns/city.yaml:5:19: warning: no customer has city 'paris', 2 have 'Paris'; write `'Paris'`"
    assert warned in answer.out.splitlines()
    assert answer.out.splitlines()[-1].endswith(" files, no problems")


def test_a_kind_of_event_that_nobody_has_is_told_where_another_is_meant(project: Path) -> None:
    (project / "people.csv").write_text("key,email\na,a@example.com\n")
    outreach_here(project, "customers", "import", "people.csv")
    (project / "events.csv").write_text(
        "key,kind,at\na,web_visit,2026-05-01\na,tasting,2026-05-01\n"
    )
    outreach_here(project, "events", "import", "events.csv")
    where = [
        "count('complaints', days(30)) == 0",
        "count('complaint') == 0",
        "count('web_visit') == 0",
        "last('tastings') is none",
        "count('parade') == 0",
        "count('stop') == 0",
    ]
    asked = f'{{exclude: "{" and ".join(where)}"}}'
    text = CAMPAIGN.replace("{stage: [growth], where: orders >= 2}", asked)
    (project / "campaigns/kinds.yaml").write_text(text)

    answer = outreach_here(project, "check")

    assert answer.code == 0
    kinds = [line.partition("warning: ")[2] for line in answer.out.splitlines() if "event" in line]
    assert kinds == [
        "no customer has an event `complaints`; did you mean `complaint`?",
        "no customer has an event `tastings`; did you mean `tasting`?",
        "no customer has an event `stop`; every message asks for consent and suppressions by "
        "itself: leave it out; `opted_out` is who took a consent back",
    ]


def test_a_kind_that_a_template_lists_is_told_too(project: Path) -> None:
    (project / "people.csv").write_text("key,email\na,a@example.com\n")
    outreach_here(project, "customers", "import", "people.csv")
    page = project / "templates/win-back/body.html"
    page.write_text(
        page.read_text() + "{% for each in last('ordr', 3) %}{{ each.at|date }}{% endfor %}"
    )

    answer = outreach_here(project, "check")

    said = "templates/win-back: warning: no customer has an event `ordr`; did you mean `order`?"
    assert said in answer.out.splitlines()


def test_data_that_the_audience_lacks_is_counted(project: Path) -> None:
    (project / "people.csv").write_text("key,first_name,tags\na,Ann,\nb,,\nc,,\nd,,staff\n")
    outreach_here(project, "customers", "import", "people.csv")
    text = CAMPAIGN.replace("{stage: [growth], where: orders >= 2}", "{exclude: {tags: staff}}")
    (project / "campaigns/all.yaml").write_text(text.replace("win-back", "all"))
    (project / "templates/all").mkdir()
    (project / "templates/all/subject.txt").write_text("{{ first_name }}\n")
    (project / "templates/all/body.txt").write_text("{{ first_name }}\n")

    answer = outreach_here(project, "check", "--json")

    assert answer.code == 0
    assert {
        "file": "campaigns/all.yaml",
        "line": 5,
        "column": 1,
        "code": "warning-missing-data",
        "message": "2 of the 4 in the audience lack `first_name`",
        "hint": "the template for email prints it: give it a default there",
    } in answer.json


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Ring {{ first_name or 'them' }}", True),
        ("call: {{ key }}", True),
        ("visit: {{ key }}", False),
    ],
)
def test_who_is_to_be_called_without_a_number_is_counted(
    project: Path, title: str, said: bool
) -> None:
    (project / "people.csv").write_text("key,phone\na,+16502530000\nb,\nc,\n")
    outreach_here(project, "customers", "import", "people.csv")
    text = CAMPAIGN.replace("{stage: [growth], where: orders >= 2}", "everyone")
    text = text.replace("[email]", "[task]").replace("win-back", "ring")
    (project / "campaigns/ring.yaml").write_text(text)
    (project / "templates/ring").mkdir()
    (project / "templates/ring/task.txt").write_text(f"{title}\n\nTalk.\n")

    answer = outreach_here(project, "check")

    assert answer.code == 0, answer.out
    warned = "the task is a call, and 2 of the 3 in the audience have no phone number"
    assert (f"campaigns/ring.yaml:5:1: warning: {warned}" in answer.out) == said


def test_who_has_no_owner_is_told_to_get_no_task(project: Path) -> None:
    (project / "people.csv").write_text("key\na\n")
    outreach_here(project, "customers", "import", "people.csv")
    text = CAMPAIGN.replace("{stage: [growth], where: orders >= 2}", "everyone")
    text = text.replace("[email]", "[task]").replace("win-back", "ring")
    (project / "campaigns/ring.yaml").write_text(text)
    (project / "templates/ring").mkdir()
    (project / "templates/ring/task.txt").write_text("visit: {{ key }}\n\nFor {{ owner.name }}.\n")

    answer = outreach_here(project, "check", "--json")

    hint = "they get no task (`no_address`), whatever the template: import `owner`"
    lacking = [each for each in answer.json if each["code"] == "warning-missing-data"]
    assert [each["hint"] for each in lacking] == [hint]


def test_warnings_of_files_in_order_come_beside_problems_of_others(project: Path) -> None:
    (project / "people.csv").write_text("key,city\na,Berlin\n")
    outreach_here(project, "customers", "import", "people.csv")
    past = CAMPAIGN.replace('cron: "0 17 * * FRI"', "at: 2026-01-01T10:00")
    past = past.replace("{stage: [growth], where: orders >= 2}", "city == 'berlin'")
    (project / "campaigns/past.yaml").write_text(past)
    (project / "campaigns/wrong.yaml").write_text(past.replace("owner:", "ownr:"))
    rules = (project / "outreach.yaml").read_text().replace("six-stage", "six-stag")
    (project / "outreach.yaml").write_text(rules.replace("currency: USD", "currency: EUR"))

    answer = outreach_here(project, "check", "--json", "--now", "2026-07-03T17:00")

    agreed = [each for each in answer.json if each["code"] != "warning-no-consent"]  # nobody did
    said = [f"{each['file']}:{each['line']} {each['code']}" for each in agreed]
    assert answer.code == 1
    assert said == [
        "campaigns/past.yaml:5 warning-unfound",
        "campaigns/past.yaml:6 warning-past",
        "campaigns/wrong.yaml:2 unknown-key",
        "outreach.yaml:55 unknown-lifecycle",
    ]


def test_a_database_that_is_away_hides_no_problem(broken: Path) -> None:
    url = "postgresql://u:hidden@127.0.0.1:1/x"

    answer = outreach_here(broken, "check", database_url=url)

    assert (answer.code, answer.out) == (1, outreach_here(broken, "check").out)
    assert answer.err.startswith(
        "outreach: what is in the database is not asked: the database can not be used: "
    )
    assert "hidden" not in answer.err
