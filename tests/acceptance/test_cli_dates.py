"""Important days and interests: from files to who is written to, and out again."""

import shutil
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here, sample_project

CUSTOMERS = """\
key,first_name,email,interests,date.wedding,consent.email.greetings
a,Ann,ann@example.com,tea,2014-07-08,yes
b,Bo,bo@example.com,jazz;tea,07-30,yes
c,Cy,cy@example.com,,,yes
"""
DAYS = """\
key,name,date,note
b,child,2020-02-29,Emma
c,birthday,02-29,
"""
LIKES = """\
key,interest,source,at
c,tea,talk with Mei,2026-05-02T10:00
a,tea,form,2026-05-02
"""
CAMPAIGN = """\
title: Your day
owner: mei@example.com
topic: greetings
status: active
audience: {where: "AUDIENCE"}
schedule: {manual: true}
steps: [{id: one, channels: email, template: your-day}]
"""


@pytest.fixture(scope="module")
def once_filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose customers have dates and interests."""
    project = sample_project(tmp_path_factory.mktemp("days") / "project")
    files = {"c.csv": CUSTOMERS, "days.csv": DAYS, "likes.csv": LIKES}
    for name, content in files.items():
        (project / name).write_text(content)
    form = ("--consent-source", "form", "--interests-source", "web form")
    assert call(project, "customers", "import", "c.csv", *form).code == 0
    return project


@pytest.fixture
def filled(once_filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once_filled, tmp_path / "filled")


def call(project: Path, *arguments: object):  # type: ignore[no-untyped-def]
    return outreach_here(project, *arguments, "--now", NOW)


def campaign(project: Path, audience: str, text: str) -> None:
    """Write the campaign `your-day` for an audience, with the text of its mail."""
    (project / "campaigns/your-day.yaml").write_text(CAMPAIGN.replace("AUDIENCE", audience))
    folder = project / "templates/your-day"
    folder.mkdir()
    (folder / "subject.txt").write_text("Your day")
    (folder / "body.txt").write_text(text)


def test_a_fact_is_no_name_of_a_day(filled: Path) -> None:
    (filled / "orders.csv").write_text("key,name,date\na,orders,06-14\n")

    answer = call(filled, "dates", "import", "orders.csv", "--json")

    why = "`orders` is a fact, counted from the customers' events; choose another name"
    assert [each["message"] for each in answer.json["rejects"]] == [why]


def test_days_are_imported_and_their_names_listed(filled: Path) -> None:
    imported = outreach(filled, "dates", "import", "days.csv")
    listed = outreach(filled, "dates", "list")

    assert imported.out == (
        "created    1\n"
        "updated    0\n"
        "unchanged  0\n"
        "rejected   1\n"
        "\n"
        "line 3, name: `birthday` is a column of the customers' file; import it there\n"
        "Every refused row: days.csv.rejects.csv\n"
    )
    assert imported.code == 1
    assert listed.out == (
        "name      customers   with year\n"
        "───────────────────────────────\n"
        "child     1           1\n"
        "wedding   2           1\n"
    )


def test_a_customer_is_shown_with_days_and_where_each_interest_was_learnt(filled: Path) -> None:
    call(filled, "dates", "import", "days.csv")
    imported = outreach(filled, "interests", "import", "likes.csv", "--now", NOW)

    b, c = (call(filled, "customers", "show", key).out for key in "bc")

    assert imported.out == "learnt     1\nunchanged  1\nrejected   0\n"
    assert (
        "dates\n"
        "name      date         note\n"
        "───────────────────────────\n"
        "child     2020-02-29   Emma\n"
        "wedding   07-30\n"
        "\n"
        "interests\n"
        "interest   source     at\n"
        "──────────────────────────────────────────\n"
        "jazz       web form   2026-07-03 21:00:00Z\n"
    ) in b
    assert "tea        talk with Mei   2026-05-02 14:00:00Z\n" in c


def test_exports_are_read_again_and_change_nothing(filled: Path) -> None:
    call(filled, "dates", "import", "days.csv")
    call(filled, "customers", "export", "all.csv")
    exported = outreach(filled, "interests", "export", "interests.csv")

    customers = call(filled, "customers", "import", "all.csv", "--consent-source", "form")
    interests = call(filled, "interests", "import", "interests.csv", "--json")

    header = (filled / "all.csv").read_text().partition("\n")[0]
    assert "date.child,date.child.note,date.wedding," in header
    assert exported.out == "3 interests in interests.csv\n"
    assert (filled / "interests.csv").read_text().splitlines()[:2] == [
        "key,interest,source,at", "a,tea,web form,2026-07-03T21:00:00+00:00",
    ]  # fmt: skip
    assert "unchanged          3\n" in customers.out
    assert (interests.json["learnt"], interests.json["unchanged"]) == (0, 3)


def test_a_day_that_a_template_prints_is_needed_and_an_audience_asks_when_it_comes(
    filled: Path,
) -> None:
    campaign(filled, "'tea' in interests or days_until('wedding') is none",
             "{{ dates.wedding|date('d MMMM yyyy') }}")  # fmt: skip

    plan = call(filled, "plan", "your-day", "--json").json
    narrowed = call(
        filled, "send", "your-day", "--where", "days_until('wedding') <= 7", "--yes", "--json"
    )
    previews = call(filled, "preview", "your-day", "--json").json

    assert (plan["audience"], plan["send"], plan["skip"]) == (3, 2, {"missing_data": 1})
    assert narrowed.json["send"] == 1
    texts = {each["key"]: each["text"] for each in previews}
    assert "\r\n8 July 2014\r\n" in texts["a"]
    assert "\r\nJuly 30\r\n" in texts["b"]


def test_check_tells_days_that_nobody_has(filled: Path) -> None:
    campaign(filled, "days_until('weding') <= 7 and date('birthday') < today",
             "Hi\n{{ dates.child or dates.weding or 'you' }}")  # fmt: skip

    with (filled / "outreach.yaml").open("a") as file:
        file.write("\nlifecycles: {marriage: married}\n")
    (filled / "lifecycles").mkdir()
    (filled / "lifecycles/married.yaml").write_text(
        "stages:\n  - {id: new, when: \"date('weding') is none\"}\n  - {id: old, when: otherwise}\n"
    )

    said = call(filled, "check").out

    assert [line for line in said.splitlines() if "no customer has a date" in line] == [
        "campaigns/your-day.yaml:5:31: warning: no customer has a date `weding`; did you mean `wedding`?",
        "lifecycles/married.yaml:2:27: warning: no customer has a date `weding`; did you mean `wedding`?",
        "templates/your-day/body.txt:2:10: warning: no customer has a date `child`; there are `wedding`",
        "templates/your-day/body.txt:2:25: warning: no customer has a date `weding`; did you mean `wedding`?",
    ]  # fmt: skip
