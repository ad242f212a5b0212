"""Two campaigns want the week's only message: the higher keeps it, as every command says."""

from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here, sample_project
from letterbox import BEFORE

COMPANY = """\
brand: {name: Muster, postal_address: 1 Example Street, timezone: America/New_York}
topics: {greetings: {title: Greetings}, offers: {title: Offers}}
cadence: [{at_most: 1, per: 7 days}]
quiet_hours: none
channels: {email: {from: us@example.com}}
"""
CUSTOMERS = """\
key,first_name,email,timezone,country,consent.email.greetings,consent.email.offers
both,Ann,both@example.com,America/New_York,US,yes,yes
one,Eva,one@example.com,America/New_York,US,yes,
"""
CAMPAIGN = """\
title: A title
owner: mei@example.com
topic: {topic}
status: active
priority: {priority}
audience: everyone
schedule: {{cron: "{cron}"}}
steps: [{{id: note, channels: [email], template: note}}]
"""
SUNDAY = "2026-07-05T10:00"


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A greeting on Fridays at five below an offer on Sundays at ten, and two customers."""
    project = sample_project(tmp_path_factory.mktemp("wanted") / "project")
    for path in (project / "campaigns").iterdir():
        path.unlink()
    (project / "outreach.yaml").write_text(COMPANY)
    (project / "c.csv").write_text(CUSTOMERS)
    words = {"topic": "greetings", "priority": 40, "cron": "0 17 * * FRI"}
    (project / "campaigns/greeting.yaml").write_text(CAMPAIGN.format(**words))
    words = {"topic": "offers", "priority": 60, "cron": "0 10 * * SUN"}
    (project / "campaigns/offer.yaml").write_text(CAMPAIGN.format(**words))
    (project / "templates/note").mkdir()
    (project / "templates/note/subject.txt").write_text("A note")
    body = "Hello\n\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
    (project / "templates/note/body.txt").write_text(body)
    import_ = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *import_).code == 0
    return project


def test_the_higher_campaign_keeps_its_slot_in_plan_explain_run_and_send(wanted: Path) -> None:
    plan = outreach(wanted, "plan", "greeting", "--now", NOW, "--json").json
    said = outreach_here(wanted, "explain", "greeting", "both", "--now", NOW).out
    ran = outreach_here(wanted, "run", "--until-idle", "--now", NOW, "--json").json
    report = outreach_here(wanted, "report", "greeting", "--json").json
    by_hand = outreach_here(
        wanted, "send", "greeting", "--yes", "--again", "--to", "both", "--now", "2026-07-04T09:00",
        "--json",
    ).json  # fmt: skip
    later = outreach_here(wanted, "run", "--until-idle", "--now", SUNDAY, "--json").json
    after = outreach_here(
        wanted, "explain", "greeting", "both", "--at", "2026-07-06T09:00", "--now", SUNDAY, "--json"
    ).json
    then = outreach_here(wanted, "explain", "greeting", "both", "--run", "1", "--now", SUNDAY).out

    assert (plan["send"], plan["skip"]) == (1, {"reserved": 1})
    assert "skip" in said.splitlines()[0]
    name = "reserved by offer, which comes 2026-07-05 10:00-04:00, until 2026-07-12 00:00-04:00"
    assert name in said
    assert (ran["sent"], report["skipped"]) == (1, {"reserved": 1})
    assert by_hand["skip"] == {"reserved": 1}
    assert later["sent"] == 1  # the offer
    assert (after["decision"], after["reason"]) == ("skip", "capped")
    assert name in then
    assert "what they read has changed" not in then


def test_a_campaign_that_is_paused_in_the_files_reserves_nothing_in_a_plan(
    wanted: Path,
) -> None:
    path = wanted / "campaigns/offer.yaml"
    written = path.read_text()
    path.write_text(written.replace("active", "paused"))

    plan = outreach_here(
        wanted, "plan", "greeting", "--at", "2026-07-24T17:00", "--now", NOW, "--json"
    )

    path.write_text(written)
    assert (plan.json["send"], plan.json["skip"]) == (2, {})
