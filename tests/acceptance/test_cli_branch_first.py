"""A campaign that begins with a branch: each customer is planned, and told, by their own way."""

import csv
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from commands import Answer, outreach_here, sample_project
from letterbox import BEFORE
from sqlalchemy import select

from outreach.store.engine import make_engine, reading
from outreach.store.tables import customers, deliveries

PEOPLE = """\
key,first_name,email,phone,timezone,country,tier,consent.email.greetings,consent.sms.greetings
AF,Ann,af@example.com,+33612345678,Europe/Berlin,FR,A,yes,yes
AN,Abe,an@example.com,+33612345679,Europe/Berlin,FR,A,yes,no
AD,Alf,ad@example.com,,Europe/Berlin,DE,A,yes,
B1,Bob,b1@example.com,,Europe/Berlin,DE,B,yes,
B2,Bea,b2@example.com,,Europe/Berlin,DE,B,no,
C1,Cid,c1@example.com,+33612345680,Europe/Berlin,DE,C,yes,yes
C2,Coe,c2@example.com,,Europe/Berlin,DE,C,no,
D1,Dan,d1@example.com,,Europe/Berlin,DE,D,yes,
E1,Eve,e1@example.com,,Europe/Berlin,DE,,yes,
"""
CAMPAIGN = """\
title: Ways
owner: mei@example.com
topic: greetings
status: active
audience: {tier: [A, B, C, D]}
schedule: {at: "2026-07-06 10:00", timezone: Europe/Berlin}
steps:
  - branch:
      - when: tier == 'A'
        steps:
          - branch:
              - {when: country == 'FR', steps: [{id: cher, channels: [sms], template: note}]}
              - otherwise: [{id: dear, channels: [email], template: note}]
      - {when: tier == 'C', steps: [{wait: 1 day}, {id: later, channels: [email], template: note}]}
      - when: tier == 'B'
        steps: [{id: plain, channels: [email], template: note}]
"""
Ask = Callable[..., Answer]
SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
AT = "2026-07-06T10:00+02:00"
CASES = """\
campaign: ways
at: 2026-07-06T10:00+02:00
given:
  customer: {tier: A, country: FR, timezone: Europe/Berlin, email: a@example.com, phone: "+33612345678", first_name: Ann}
  consents: [email/greetings, sms/greetings]
cases:
  - {name: in France, expect: {decision: send, channel: sms, step: cher, text: Bonjour Ann}}
  - name: elsewhere
    customer: {country: DE}
    expect: {decision: send, channel: email, step: dear, not_text: Bonjour}
  - name: of another tier
    customer: {tier: B}
    expect: {decision: send, channel: email, step: plain}
  - name: no way is theirs
    customer: {tier: D}
    expect: {decision: skip, reason: when_false}
"""
FIRST = {  # by hand: the first message on each one's way, and what is decided of it
    "AF": ("cher", "send", None), "AN": ("cher", "skip", "consent_withdrawn"),
    "AD": ("dear", "send", None), "B1": ("plain", "send", None),
    "B2": ("plain", "skip", "consent_withdrawn"), "C1": ("later", "send", None),
    "C2": ("later", "skip", "consent_withdrawn"), "D1": (None, "skip", "when_false"),
}  # fmt: skip


@pytest.fixture
def ask(database_url: str) -> Ask:
    """The command on either database."""
    return partial(outreach_here, database_url=database_url, secret_key=SECRET)


@pytest.fixture
def project(tmp_path: Path, ask: Ask) -> Path:
    """Nine customers, on either database."""
    folder = sample_project(tmp_path / "project")
    for path in (folder / "campaigns").iterdir():
        path.unlink()
    (folder / "campaigns/ways.yaml").write_text(CAMPAIGN)
    note = folder / "templates/note"
    note.mkdir()
    (note / "subject.txt").write_text("A note for {{ first_name }}")
    words = "Hello {{ first_name }}\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
    (note / "body.txt").write_text(words)
    (note / "sms.txt").write_text("Bonjour {{ first_name }}, STOP to opt out")
    (folder / "c.csv").write_text(PEOPLE)
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert ask(folder, *words).code == 0
    return folder


def test_a_plan_counts_each_customer_by_the_first_message_on_their_way(
    project: Path, ask: Ask
) -> None:
    words = ("plan", "ways", "--now", AT)
    rows = project / "rows.csv"

    found = ask(project, *words, "--json", "--closely", "--rows", rows).json
    said = ask(project, *words).out

    assert found["steps"] == {"cher": 1, "dear": 1, "later": 1, "plain": 1}
    assert (found["audience"], found["send"], found["hold"]) == (8, 4, 0)
    assert found["skip"] == {"when_false": 1, "consent_withdrawn": 3}
    assert found["channels"] == {"sms": 1, "email": 3}
    assert found["segments"]["messages"] == 1
    assert found["domains"] == {"example.com": 3}
    assert [each["rule"] for each in found["unlocks"]] == []
    assert "on each customer's way: `cher` 1, `dear` 1, `later` 1, `plain` 1" in said
    with rows.open(encoding="utf-8") as file:
        listed = {
            row["key"]: (row["decision"], row["reason"] or None) for row in csv.DictReader(file)
        }
    assert listed == {key: (decision, reason) for key, (_, decision, reason) in FIRST.items()}


@pytest.mark.parametrize("key", FIRST)
def test_explain_tells_the_way_and_its_message(project: Path, ask: Ask, key: str) -> None:
    step, decision, reason = FIRST[key]

    found = ask(project, "explain", "ways", key, "--now", AT, "--json").json

    assert (found["step"], found["decision"], found["reason"]) == (step, decision, reason)
    way = found["said"][0]
    assert way.endswith("to no message" if step is None else f"to `{step}`")


def test_the_run_does_what_was_planned(project: Path, ask: Ask, database_url: str) -> None:
    words = ("run", "--until-idle", "--now", AT)

    assert ask(project, *words).code == 0
    day_after = ("run", "--until-idle", "--now", "2026-07-07T10:00+02:00")
    assert ask(project, *day_after).code == 0

    engine = make_engine(database_url)
    with reading(engine) as conn:
        d, c = deliveries.c, customers.c
        query = select(c.key, d.step, d.state, d.reason).join(customers, c.id == d.customer_id)
        made = {key: tuple(rest) for key, *rest in conn.execute(query)}
    engine.dispose()
    assert made == {
        key: (step, "sent" if decision == "send" else "skipped", reason)
        for key, (step, decision, reason) in FIRST.items()
        if step is not None
    }


def test_a_preview_and_the_test_for_staff_show_the_message_of_their_way(
    project: Path, ask: Ask
) -> None:
    words = ("preview", "ways", "--now", AT, "--json")

    of_plan = ask(project, *words).json
    of_one = ask(project, *words, "--customer", "AF").json

    first = {(each["step"], each["key"]) for each in of_plan if each["chosen"]}
    assert first == {("cher", "AF"), ("dear", "AD"), ("later", "C1"), ("plain", "B1")}
    chosen = [(each["step"], each["channel"]) for each in of_one if each["chosen"]]
    assert chosen == [("cher", "sms")]


def test_a_changed_branch_is_told_for_exactly_whom_it_changes(project: Path, ask: Ask) -> None:
    def git(*words: str) -> None:
        who = (
            "-c",
            "user.name=Mei",
            "-c",
            "user.email=mei@example.com",
            "-c",
            "commit.gpgsign=false",
        )
        subprocess.run(("git", *who, *words), cwd=project, check=True, capture_output=True)

    git("init", "-q")
    git("add", "campaigns", "templates", "outreach.yaml")
    git("commit", "-q", "-m", "as it was")
    changed = CAMPAIGN.replace("tier == 'B'", "tier == 'D'").replace(
        "country == 'FR'", "key == 'AF'"
    )
    (project / "campaigns/ways.yaml").write_text(changed)
    rows = project / "rows.csv"

    words = ("plan", "ways", "--diff", "HEAD", "--rows", rows, "--now", AT, "--json")
    found = ask(project, *words).json

    assert (found["added"], found["lost"], found["moved"]) == (2, 1, 0)
    with rows.open(encoding="utf-8") as file:
        listed = {
            row["key"]: (row["change"], row["before"], row["after"]) for row in csv.DictReader(file)
        }
    assert listed == {
        "AN": ("added", "consent_withdrawn", "send by email"),
        "D1": ("added", "when_false", "send by email"),
        "B1": ("lost", "send by email", "when_false"),
    }


def test_cases_of_campaign_tests_go_each_one_s_own_way(project: Path, ask: Ask) -> None:
    (project / "tests").mkdir()
    (project / "tests/ways.yaml").write_text(CASES)

    found = ask(project, "test", "--json", "--now", AT).json

    assert [(each["name"], each["got"]) for each in found["cases"] if not each["ok"]] == []
    rules = {each["rule"] for each in found["untested"]}
    assert {"branch tier == 'C'", "send of later"} <= rules
    assert not rules & {"branch tier == 'A'", "branch country == 'FR'", "send", "send of dear"}


def test_a_run_costs_what_each_one_s_own_message_costs(project: Path, ask: Ask) -> None:
    one, two = "budget: 0.06\n", "budget: 0.04\n"  # a text costs 0.05, and one customer gets one
    (project / "campaigns/ways.yaml").write_text(CAMPAIGN + one)

    planned = ask(project, "plan", "ways", "--json", "--now", AT).json
    (project / "campaigns/ways.yaml").write_text(CAMPAIGN + two)
    dear = ask(project, "plan", "ways", "--json", "--now", AT).json
    ask(project, "run", "--until-idle", "--now", AT)
    [run] = ask(project, "runs", "list", "--json", "--now", AT).json

    assert (planned["cost"]["total"], planned["held_back"]) == (0.05, [])
    why = "it would cost 0.05 USD, and `budget` is 0.04"
    assert dear["held_back"] == [why]
    assert (run["state"], run["reason"].partition(": ")[0]) == ("held", why)
