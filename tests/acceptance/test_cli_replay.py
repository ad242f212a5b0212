"""`outreach replay`: a campaign over past days, and what came without it."""

import csv
from pathlib import Path

import pytest
from commands import outreach, outreach_here, sample_project
from sqlalchemy import Engine
from test_cli_simulate import checksums

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
TODAY = "2026-07-03T12:00"
QUIET = """\
title: We have not heard from you
owner: mei@example.com
topic: offers
status: draft
audience: {where: "orders >= 1 and last_order_at < now - days(30)"}
schedule: {cron: "0 10 * * MON", timezone: America/New_York}
cadence: [{at_most: 1, per: 60 days, topic: offers}]
steps: [{id: ask, channels: [email], template: win-back}]
"""
PEOPLE, BACK = 40, 10  # the first ten order again
SPAN = ("--from", "2026-03-01", "--to", "2026-04-01", "--now", TODAY)


@pytest.fixture
def project(tmp_path: Path, database_url: str) -> Path:
    """Forty customers who ordered on 20 January; a quarter again on 20 March, by themselves."""
    made = sample_project(tmp_path / "project")
    (made / "campaigns/quiet.yaml").write_text(QUIET)
    with (made / "c.csv").open("w") as file:
        file.write("key,first_name,last_name,email,timezone,country,consent.email.offers\n")
        for n in range(PEOPLE):
            file.write(f"k{n},Ann,Li,k{n}@example.com,America/New_York,US,yes\n")
    with (made / "e.csv").open("w") as file:
        file.write("key,kind,at,amount,id\n")
        for n in range(PEOPLE):
            file.write(f"k{n},order,2026-01-20T10:00,25.00,o-{n}\n")
        for n in range(BACK):
            file.write(f"k{n},order,2026-03-20T10:00,25.00,again-{n}\n")
    for words in (
        ("customers", "import", "c.csv", "--consent-source", "form"),
        ("events", "import", "e.csv"),
    ):
        assert outreach_here(made, *words, "--now", TODAY, **settings(database_url)).code == 0
    return made


def settings(database_url: str) -> dict[str, str]:
    return {"database_url": database_url, "secret_key": KEY}


def test_a_draft_is_replayed_and_who_came_back_anyway_is_the_baseline(
    project: Path, database_url: str, engine: Engine
) -> None:
    before = checksums(engine)

    found = outreach_here(
        project, "replay", "quiet", *SPAN, "--rows", "r.csv", "--json", **settings(database_url)
    ).json

    assert checksums(engine) == before
    assert (found["customers"], found["channels"]) == (
        39,
        {"email": 39},
    )  # one is in the control group
    # On four more Mondays they were asked already; who ordered on the 20th is quiet no more.
    assert found["skip"] == {"capped": 39 + 39 + 29 + 29, "control_group": 5}
    base = found["baseline"]
    assert (base["came_back"], base["customers"], base["share"]) == (10, 39, 10 / 39)
    assert base["likely"][0] < base["share"] < base["likely"][1]
    assert [each["lift"] for each in found["samples"]] == [0.1, 0.2, 0.5]
    first = (project / "r.csv").read_text().splitlines()[1]
    assert "2026-03-02T15:00:00+00:00" in first


def test_facts_are_those_of_the_day(project: Path, database_url: str) -> None:
    """At the end of April all are quiet, also who came back; nobody comes any more."""
    again = outreach_here(
        project, "replay", "quiet", "--from", "2026-04-27", "--to", "2026-05-01", "--now", TODAY,
        "--json", **settings(database_url),
    ).json  # fmt: skip
    assert (again["customers"], again["baseline"]["came_back"]) == (39, 0)


@pytest.mark.parametrize(
    ("schedule", "customers"),
    [
        ("{on_event: {kind: order}}", BACK),
        ("{on_stage: {enter: growth}}", BACK),
        ("{idle: {for: 45 days, since: last_order_at}}", PEOPLE),
    ],
)
def test_what_happened_starts_a_campaign_again(
    project: Path, database_url: str, schedule: str, customers: int
) -> None:
    """All are silent from 20 January on; ten order again in the span."""
    then = QUIET.replace('{where: "orders >= 1 and last_order_at < now - days(30)"}', "everyone")
    written = then.replace('{cron: "0 10 * * MON", timezone: America/New_York}', schedule)
    (project / "campaigns/quiet.yaml").write_text(written)

    found = outreach_here(
        project, "replay", "quiet", *SPAN, "--json", **settings(database_url)
    ).json  # fmt: skip

    assert found["customers"] + found["skip"].get("control_group", 0) == customers
    assert found["baseline"]["customers"] == found["customers"]


GOAL = "goal: {when: \"count('visit', since=entered_at) > 0\", within: 10 days}\n"
ORDERED = """\
schedule: {on_event: {kind: order}}
steps: [{wait: 2 days}, {id: ask, channels: [email], template: win-back}]
"""


@pytest.mark.parametrize("is_journey", [False, True])
def test_a_campaigns_own_goal_is_what_counts_unless_another_is_asked_for(
    project: Path, database_url: str, is_journey: bool
) -> None:
    """Five came by: on 25 March those who had ordered on the 20th, the others on the 5th."""
    campaign, came_at, days = QUIET, "2026-03-05T10:00", ("2026-03-02", "2026-03-03")
    if is_journey:
        began = QUIET.partition("audience")[0] + "audience: everyone\n"
        campaign, came_at, days = began + ORDERED, "2026-03-25T10:00", ("2026-03-20", "2026-03-23")
    (project / "campaigns/quiet.yaml").write_text(campaign + GOAL)
    rows = "".join(f"k{n},visit,{came_at},v-{n}\n" for n in range(5))
    (project / "v.csv").write_text("key,kind,at,id\n" + rows)
    words = ("events", "import", "v.csv", "--now", TODAY)
    assert outreach_here(project, *words, **settings(database_url)).code == 0
    ask = ("replay", "quiet", "--from", days[0], "--to", days[1], "--now", TODAY, "--json")

    own = outreach_here(project, *ask, "--rows", "r.csv", **settings(database_url)).json
    sooner = outreach_here(project, *ask, "--within", "1 day", **settings(database_url)).json
    other = outreach_here(project, *ask, "--goal", "order", **settings(database_url)).json

    with (project / "r.csv").open(newline="") as file:
        wrote = {row["key"] for row in csv.DictReader(file) if row["decision"] == "send"}
    came = len(wrote & {f"k{n}" for n in range(5)})
    base = own["baseline"]
    assert (base["kind"], base["goal"]) == (None, "count('visit', since=entered_at) > 0")
    assert (base["came_back"], base["customers"]) == (came, len(wrote))
    assert base["within"] == 10 * 86_400
    assert came >= 4
    assert (sooner["baseline"]["came_back"], sooner["baseline"]["customers"]) == (0, len(wrote))
    assert (other["baseline"]["kind"], other["baseline"]["goal"]) == ("order", None)
    assert other["baseline"]["came_back"] == (0 if is_journey else BACK)


def test_days_are_told_by_company_time_and_spans_as_they_are(
    project: Path, database_url: str
) -> None:
    rules = (project / "outreach.yaml").read_text("utf-8")
    moved = rules.replace("timezone: America/New_York      #", "timezone: Asia/Shanghai      #")
    (project / "outreach.yaml").write_text(moved, "utf-8")
    days = ("--from", "2026-03-02", "--to", "2026-03-03", "--now", TODAY)
    words = ("replay", "quiet", *days, "--within", "36 hours")

    lines = outreach_here(project, *words, **settings(database_url)).out.splitlines()

    assert lines[0] == "quiet, 2026-03-02 to 2026-03-03"
    assert "had an event `order` within 36 hours (" in lines[2]


def test_people_read_it_in_two_lines(project: Path, database_url: str) -> None:
    answer = outreach(project, "replay", "quiet", *SPAN, **settings(database_url))

    lines = answer.out.splitlines()
    assert lines[0] == "quiet, 2026-03-01 to 2026-04-01"
    assert lines[1].startswith("would have written ")
    assert " came back anyway: " in lines[2]
    assert "within 30 days" in lines[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("quiet", "--from", "2026-06-01", "--to", "2026-09-01"), "--to is yet to come"),
        (("quiet", "--from", "2026-06-01", "--to", "2026-05-01"), "--from is not before --to"),
        (("service-notice", "--from", "2026-06-01"), "goes out by hand alone"),
        (("quiet", "--from", "soon"), "`--from soon` is no date and time"),
        (("quiet", "--from", "2026-06-01", "--within", "soon"), "--within: `soon` is no span"),
        (
            ("quiet", "--from", "2026-06-01", "--within", "1 month"),
            "--within: `1 month` is no span; write `30 days`",
        ),
        (("quite", "--from", "2026-06-01"), "there is no campaign `quite`"),
    ],
)
def test_what_can_not_be_replayed_is_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    project = sample_project(tmp_path / "project")
    (project / "campaigns/quiet.yaml").write_text(QUIET)

    answer = outreach_here(project, "replay", *words, "--now", TODAY)

    assert answer.code == 2
    assert said in answer.err
