"""A moving feast from files to messages: check, plan, explain, run."""

from pathlib import Path

import pytest
from commands import Answer, outreach_here, sample_project

CUSTOMERS = """\
key,first_name,email,timezone,country,consent.email.greetings
ann,Ann,ann@example.com,Europe/Berlin,DE,yes
el,El,el@example.com,Europe/Athens,GR,yes
li,Li,li@example.com,Asia/Shanghai,CN,yes
"""
CAMPAIGN = """\
title: Hello
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {on_holiday: {name: NAME, at: "10:00"}}
steps: [{id: one, channels: email, template: hello}]
"""
NOW = "2026-03-30T11:00+02:00"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of three people in three countries, whose own campaigns rest."""
    made = sample_project(tmp_path / "project")
    for path in (made / "campaigns").glob("*.yaml"):
        path.unlink()
    (made / "templates/hello").mkdir()
    (made / "templates/hello/subject.txt").write_text("Hello")
    (made / "templates/hello/body.txt").write_text("Hello")
    (made / "c.csv").write_text(CUSTOMERS)
    assert call(made, "customers", "import", "c.csv", "--consent-source", "form").code == 0
    write(made, "Easter Monday")
    return made


def call(project: Path, *arguments: object, now: str = NOW) -> Answer:
    return outreach_here(project, *arguments, "--now", now)


def write(project: Path, name: str) -> None:
    (project / "campaigns/hello.yaml").write_text(CAMPAIGN.replace("NAME", name))


def test_plan_asks_for_the_next_day_on_which_a_customers_country_has_the_feast(
    project: Path,
) -> None:
    first = call(project, "plan", "hello", "--json").json
    second = call(project, "plan", "hello", "--json", now="2026-04-07T11:00+02:00").json

    assert (first["occurrence"][:10], first["audience"]) == ("2026-04-06", 1)
    assert (second["occurrence"][:10], second["audience"]) == ("2026-04-13", 1)


def test_explain_says_whose_day_it_is(project: Path) -> None:
    found = call(project, "explain", "hello", "el", "--json").json

    assert (found["decision"], found["reason"]) == ("skip", "not_in_audience")
    assert found["rules"][0]["detail"] == "Easter Monday: not its day, country GR"


def test_each_country_has_its_message_on_its_own_day_once(project: Path) -> None:
    sent = []
    for day in ("2026-03-30", "2026-04-06", "2026-04-06", "2026-04-13", "2026-04-14"):
        call(project, "run", "--until-idle", now=f"{day}T12:00+02:00")
        sent.append(
            call(project, "report", "hello", "--json", now=f"{day}T13:00+02:00").json["sent"]
        )

    assert sent == [0, 1, 1, 2, 2]


def test_check_says_how_the_customers_countries_call_it(project: Path) -> None:
    write(project, "Christmas")

    found = call(project, "check")

    assert found.err == ""
    assert found.out.splitlines()[0].endswith(
        "nobody gets it; it is a feast of IN, ME; did you mean `Christmas Day` or `Christmas Eve`?"
    )


def test_check_says_where_no_customers_country_has_the_feast(project: Path) -> None:
    write(project, "Songkran Festival")

    found = call(project, "check")

    assert found.out.splitlines()[0] == (
        "campaigns/hello.yaml:6:31: warning: no customer's country has `Songkran Festival`: nobody "
        "gets it; it is a feast of TH"
    )


def test_a_message_that_is_held_past_midnight_keeps_its_day(project: Path) -> None:
    late = CAMPAIGN.replace('at: "10:00"}', 'at: "23:00"}, late: 12 hours')
    (project / "campaigns/hello.yaml").write_text(late.replace("NAME", "Easter Monday"))
    sent = []
    for at in ("2026-04-05T12:00+02:00", "2026-04-06T23:30+02:00", "2026-04-07T09:00+02:00"):
        call(project, "run", "--until-idle", now=at)
        sent.append(call(project, "report", "hello", "--json", now=at).json["sent"])

    assert sent == [0, 0, 1]
