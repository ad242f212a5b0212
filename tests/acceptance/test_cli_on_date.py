"""A day of the customer's own from files to messages: check, plan, explain, send, run."""

import shutil
from pathlib import Path

import pytest
from commands import Answer, outreach_here, sample_project

NOW = "2026-07-03T11:00+02:00"
CUSTOMERS = """\
key,first_name,email,timezone,birthday,date.wedding,renews_on,consent.email.greetings
ann,Ann,ann@example.com,Europe/Berlin,1990-07-03,2014-07-06,2026-07-08,yes
bo,Bo,bo@example.com,America/New_York,07-03,,2025-07-08,yes
cy,Cy,cy@example.com,Europe/Berlin,1991-07-04,,,yes
"""
CAMPAIGN = """\
title: Your day
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {SCHEDULE}
steps: [{id: one, channels: email, template: your-day}]
"""
BIRTHDAY = 'on_date: {field: birthday, at: "12:00"}'


@pytest.fixture(scope="module")
def once_filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose customers have days, and whose own campaigns rest."""
    project = sample_project(tmp_path_factory.mktemp("days") / "project")
    for path in (project / "campaigns").glob("*.yaml"):
        path.unlink()
    with (project / "outreach.yaml").open("a") as file:
        file.write("\n  renews_on: date\n")
    (project / "templates/your-day").mkdir()
    (project / "templates/your-day/subject.txt").write_text("Your day")
    (project / "templates/your-day/body.txt").write_text("Hello")
    (project / "c.csv").write_text(CUSTOMERS)
    assert call(project, "customers", "import", "c.csv", "--consent-source", "form").code == 0
    return project


@pytest.fixture
def filled(once_filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once_filled, tmp_path / "filled")


def call(project: Path, *arguments: object, now: str = NOW):  # type: ignore[no-untyped-def]
    return outreach_here(project, *arguments, "--now", now)


def run(project: Path, now: str = NOW) -> Answer:
    """A scheduler and a worker of their own, until nothing is due."""
    return outreach_here(project, "run", "--until-idle", "--json", "--now", now)


def campaign(project: Path, schedule: str = BIRTHDAY) -> None:
    text = CAMPAIGN.replace("SCHEDULE", schedule)
    (project / "campaigns/your-day.yaml").write_text(text)


def test_plan_names_the_next_day_and_asks_for_another_by_at(filled: Path) -> None:
    campaign(filled)

    today = call(filled, "plan", "your-day", "--json").json
    tomorrow = call(filled, "plan", "your-day", "--at", "2026-07-04T12:00", "--json").json

    assert (today["occurrence"], today["audience"], today["send"]) == ("2026-07-03T12:00:00", 2, 2)
    assert (tomorrow["audience"], tomorrow["send"]) == (1, 1)


def test_explain_says_whose_day_it_is(filled: Path) -> None:
    campaign(filled)

    hers = call(filled, "explain", "your-day", "ann", "--json").json
    not_his = call(filled, "explain", "your-day", "cy", "--json").json

    assert (hers["decision"], hers["reason"]) == ("send", None)
    assert (not_his["decision"], not_his["reason"]) == ("skip", "not_in_audience")
    assert not_his["rules"][0]["detail"] == "birthday: is 1991-07-04, wanted 07-03"


@pytest.mark.parametrize(
    ("schedule", "at", "send"),
    [
        ("on_date: {field: wedding, repeat: yearly, offset: -3 days}", "2026-07-03T09:00", 1),
        ("on_date: {field: wedding}", "2026-07-06T09:00", 0),
        ("on_date: {field: renews_on}", "2026-07-08T09:00", 1),
        ("on_date: {field: renews_on, repeat: yearly}", "2026-07-08T09:00", 2),
    ],
)
def test_named_dates_and_attributes_have_their_days(
    filled: Path, schedule: str, at: str, send: int
) -> None:
    campaign(filled, schedule)

    assert call(filled, "plan", "your-day", "--at", at, "--json").json["send"] == send


def test_a_run_writes_to_each_on_their_own_day_and_never_twice(filled: Path) -> None:
    campaign(filled)
    sent = {}

    for now in ("03T11:00", "03T12:00", "03T12:30", "03T18:00", "03T18:30", "04T12:00"):
        answer = run(filled, f"2026-07-{now}+02:00")
        sent[now] = answer.json["sent"]

    assert sent == {
        "03T11:00": 0, "03T12:00": 1, "03T12:30": 0, "03T18:00": 1, "03T18:30": 0, "04T12:00": 1,
    }  # fmt: skip


def test_explain_run_says_how_a_day_was_decided(filled: Path) -> None:
    campaign(filled)
    for now in ("2026-07-03T11:00+02:00", "2026-07-03T12:00+02:00"):
        run(filled, now)

    later = "2026-07-05T09:00+02:00"
    runs = call(filled, "runs", "list", "your-day", "--json", now=later).json
    first = min(each["id"] for each in runs)
    hers = call(filled, "explain", "your-day", "ann", "--run", first, "--json", now=later).json
    not_his = call(filled, "explain", "your-day", "cy", "--run", first, "--json", now=later).json

    assert (hers["decision"], hers["state"]) == ("send", "sent")
    assert not_his["reason"] == "not_in_audience"


def test_by_hand_it_goes_to_those_whose_day_it_is(filled: Path) -> None:
    campaign(filled)

    everyone = call(filled, "send", "your-day", "--yes", "--json").json
    not_his_day = call(filled, "send", "your-day", "--to", "cy", "--yes", "--json").json

    assert (everyone["send"], everyone["hold"], not_his_day["send"]) == (1, 1, 0)


def test_every_second_friday_is_planned_and_sent(filled: Path) -> None:
    campaign(filled, "every: 2 weeks on friday at 12:00 from 2026-07-03, timezone: Europe/Berlin")

    plan = call(filled, "plan", "your-day", "--json").json
    run(filled)
    sent = run(filled, "2026-07-03T12:00+02:00").json["sent"]
    after = call(filled, "plan", "your-day", "--json", now="2026-07-03T13:00+02:00").json

    assert (plan["occurrence"], plan["audience"]) == ("2026-07-03T10:00:00+00:00", 3)
    assert sent == 2  # it is 06:00 in New York
    assert after["occurrence"] == "2026-07-17T10:00:00+00:00"


@pytest.mark.parametrize(
    ("schedule", "warned"),
    [
        ("on_date: {field: birthday}", []),
        (
            "on_date: {field: weding, repeat: yearly}",
            ["6:29: warning: no customer has a date `weding`: nobody gets it; did you mean `wedding`?"],
        ),
        (
            "on_date: {field: wedding}",
            ["6:29: warning: nobody's `wedding` with a year is yet to come, and it comes `once`; for a "
             "day that comes back each year write `repeat: yearly`"],
        ),
        ("on_date: {field: renews_on, offset: 1 week}", []),
    ],
)  # fmt: skip
def test_check_tells_a_day_that_nobody_has(filled: Path, schedule: str, warned: list[str]) -> None:
    campaign(filled, schedule)

    said = call(filled, "check").out.splitlines()

    assert [
        line.removeprefix("campaigns/your-day.yaml:") for line in said if "your-day.yaml" in line
    ] == warned


def test_check_tells_a_column_that_is_empty(filled: Path) -> None:
    campaign(filled)
    call(filled, "customers", "import", "c.csv", "--consent-source", "form")
    empty = CUSTOMERS.replace("1990-07-03", "").replace("07-03", "").replace("1991-07-04", "")
    (filled / "e.csv").write_text(empty)
    call(filled, "customers", "import", "e.csv", "--consent-source", "form", "--blank-clears")

    said = call(filled, "check").out

    assert "6:29: warning: no customer has `birthday`: nobody gets it; import a column" in said
