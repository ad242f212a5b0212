"""`plan`, `preview` and `explain` as people read them."""

import csv
import shutil
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here, sample_project
from letterbox import BEFORE

CUSTOMERS = """\
key,first_name,email,phone,timezone,country,locale,tier,consent.email.greetings,consent.sms.greetings
C1,Ann,c1@example.com,,America/New_York,US,en,A,yes,
C2,Eva,c2@example.com,+436641234567,Europe/Vienna,AT,de-AT,B,yes,yes
"""
CAMPAIGN = """\
title: Notes
owner: mei@example.com
topic: greetings
status: active
audience: {tier: [B], where: orders == 0}
schedule: {at: "2026-07-06 06:00", timezone: Europe/Berlin, window: "09:00-20:00"}
steps:
  - id: note
    channels: [sms, email]
    template: note
"""


@pytest.fixture(scope="module")
def once_noted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two customers, and a campaign at six in the morning for those of tier B."""
    project = sample_project(tmp_path_factory.mktemp("noted") / "project")
    (project / "c.csv").write_text(CUSTOMERS)
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words).code == 0
    (project / "campaigns/notes.yaml").write_text(CAMPAIGN)
    (project / "templates/note").mkdir()
    (project / "templates/note/subject.txt").write_text("A note")
    body = "Hello\n\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
    (project / "templates/note/body.txt").write_text(body)
    text = "“Hello” {{ first_name }}, " + "a long word of ours " * 5
    (project / "templates/note/sms.txt").write_text(text)
    return project


@pytest.fixture
def noted(once_noted: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(once_noted, tmp_path / "noted")


def test_a_plan_says_when_and_until_when_and_how_long(noted: Path) -> None:
    said = outreach(noted, "plan", "notes", "--now", NOW).out
    found = outreach_here(noted, "plan", "notes", "--now", NOW, "--json").json

    assert said.startswith("notes: Monday 2026-07-06 06:00 Europe/Berlin\n")
    assert "until 2026-07-06 09:00 Europe/Berlin" in said
    assert "Text messages take 2.0 segments on average, 2 at most among 1 rendered; `“` `”`" in said
    assert found["segments"] == {
        "messages": 1,
        "average": 2,
        "error": 0,
        "most": 2,
        "unusual": "“”",
    }


def test_a_plan_by_customers_clocks_tells_company_time_as_such(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("Europe/Berlin", "customer"))

    said = outreach_here(noted, "plan", "notes", "--now", NOW).out

    assert "until 2026-07-06 03:00 America/New_York (company time; each by the customer's" in said


def test_what_texts_cost_is_told_to_be_by_a_sample(noted: Path) -> None:
    due = ("--now", "2026-07-06T09:30+02:00")

    planned = outreach_here(noted, "plan", "notes", "--now", NOW).out
    outreach_here(noted, "send", "notes", "--yes", *due)
    outreach_here(noted, "run", "--until-idle", *due)
    reported = outreach_here(noted, "report", "notes", *due).out

    by = "Cost about 0.10 USD; texts by the average segments of a sample\n"
    assert (by in planned, by in reported) == (True, True)


def test_without_texts_their_segments_are_not_told(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("{tier: [B], where: orders == 0}", "{tier: [A]}"))

    planned = outreach_here(noted, "plan", "notes", "--now", NOW).out

    assert "Cost about 0.00 USD\n" in planned


def test_explain_says_what_of_the_template_is_missing(noted: Path) -> None:
    (noted / "templates/note/sms.txt").write_text("{{ tier }} {{ city }} {{ first_name }}")

    told = outreach_here(noted, "explain", "notes", "C2", "--now", NOW, "--json").json

    lacks = {each["channel"]: each for each in told["rules"] if each["rule"] == "missing_data"}
    assert lacks["sms"]["detail"] == "lacks city, which the template prints"
    assert not lacks["sms"]["passed"]


def test_a_plan_says_that_its_audience_picks_nobody(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("[B]", "[C]"))

    assert (
        "nobody is picked by the audience"
        in outreach_here(noted, "plan", "notes", "--now", NOW).out
    )


def test_a_plan_says_that_nobody_was_imported_yet(project: Path) -> None:
    words = ("plan", "weekly-greeting", "--now", NOW)

    said, told = outreach_here(project, *words).out, outreach_here(project, *words, "--json").json

    assert "there are no customers yet: `outreach customers import FILE` brings them in\n" in said
    assert "nobody is picked" not in said
    assert told["nobody_yet"]


@pytest.mark.parametrize("command", ["plan notes", "explain notes C2", "send notes --yes"])
@pytest.mark.parametrize(
    ("audience", "fault"),
    [
        ("{stage: matury}", "has no stage `matury`; did you mean `maturity`?"),
        ("stage == 'matury'", "has no stage `matury`; did you mean `maturity`?"),
        ("received('nots', days(7))", "there is no campaign `nots`; did you mean `notes`?"),
    ],
)
def test_an_audience_that_check_refuses_is_refused(
    noted: Path, command: str, audience: str, fault: str
) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("{tier: [B], where: orders == 0}", audience))

    answers = [outreach_here(noted, *words.split(), "--now", NOW) for words in (command, "check")]

    assert [each.code for each in answers] == [1, 1]
    assert [fault in each.out + each.err for each in answers] == [True, True]


def test_a_faulty_audience_stops_no_other_campaign(noted: Path) -> None:
    other = CAMPAIGN.replace("{tier: [B], where: orders == 0}", "{stage: matury}")
    (noted / "campaigns/other.yaml").write_text(other)

    assert outreach_here(noted, "plan", "notes", "--now", NOW).code == 0


@pytest.mark.parametrize("command", ["plan notes", "explain notes C2"])
def test_a_campaign_that_is_not_active_says_so_first(noted: Path, command: str) -> None:
    path = noted / "campaigns/notes.yaml"
    active = outreach_here(noted, *command.split(), "--now", NOW)
    path.write_text(path.read_text().replace("status: active", "status: draft"))

    said = outreach_here(noted, *command.split(), "--now", NOW).out
    found = outreach_here(noted, *command.split(), "--now", NOW, "--json").json

    first = "draft: nothing goes out by itself; write `status: active`\n"
    assert said == first + active.out
    assert found["status"] == "draft"


@pytest.mark.parametrize("now", ["2026-07-05T12:00", NOW])
def test_a_plan_of_a_far_day_says_of_when_its_stages_are(noted: Path, now: str) -> None:
    path = noted / "campaigns/notes.yaml"
    without = outreach_here(noted, "plan", "notes", "--now", now, "--json").json
    path.write_text(path.read_text().replace("orders == 0", "in_stage_for(days(1))"))

    said = outreach_here(noted, "plan", "notes", "--now", now).out
    found = outreach_here(noted, "plan", "notes", "--now", now, "--json").json

    far = now == NOW
    assert ("\nstages as of 2026-07-03: " in said) == far
    assert found["stages_as_of"] == ("2026-07-03" if far else None)
    assert without["stages_as_of"] is None


def test_a_plan_says_that_its_time_is_past(noted: Path) -> None:
    after = ("plan", "notes", "--now", "2026-07-07T17:00")

    said = outreach_here(noted, *after).out.splitlines()[1]
    found = outreach_here(noted, *after, "--json").json
    asked = outreach_here(noted, *after, "--at", "2026-07-06T06:00", "--json").json

    assert said.startswith("its schedule has no time to come any more, so no further run is made")
    assert (found["over"], asked["over"]) == (True, False)


def test_a_time_that_places_further_west_have_yet_to_see_is_not_past(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("Europe/Berlin", "customer"))

    found = outreach_here(noted, "plan", "notes", "--now", "2026-07-06T12:00", "--json").json

    assert (found["occurrence"], found["over"]) == ("2026-07-06T06:00:00", False)


def test_a_preview_reads_like_a_message(noted: Path) -> None:
    words = ("preview", "notes", "--now", NOW, "--customer")
    got, missed = outreach(noted, *words, "C2").out, outreach(noted, *words, "C1")

    assert got.startswith(
        "C2 would get this later: held by sms until 2026-07-06 09:00+02:00 Europe/Vienna"
    )
    assert ("sms to C2: this one goes\n" in got, "email to C2: not this one\n" in got) == (
        True,
        True,
    )
    assert "language  en; C2 speaks de-AT\nlength    " in got
    assert "characters, 2 segments (UCS-2)" in got
    assert "subject " in got
    assert "MIME-Version" not in got
    assert missed.out.startswith("C1 would not get this: not_in_audience\n")


def test_the_whole_mail_is_in_the_files_and_in_json(noted: Path) -> None:
    words = ("preview", "notes", "--now", NOW, "--customer", "C1")
    found = outreach_here(noted, *words, "--json", "--out", "there").json

    assert "MIME-Version" in found[0]["text"]
    assert "MIME-Version" in (noted / "there/C1.email.eml").read_text()
    assert (found[0]["file"], found[0]["chosen"]) == ("there/C1.email.eml", False)
    assert (
        "\nwritten to  there/C1.email.eml\n" in outreach_here(noted, *words, "--out", "there").out
    )


def test_explain_names_the_part_of_the_audience_that_fails(noted: Path) -> None:
    said = outreach_here(noted, "explain", "notes", "C1", "--now", NOW).out

    assert "tier: is A, wanted B; where: true" in said


def test_explain_names_the_half_of_exclude_that_holds(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    whole = path.read_text()
    words = ("explain", "notes", "C2", "--now", NOW, "--json")

    def detail(exclude: str) -> str:
        path.write_text(whole.replace("orders == 0}", f"orders == 0, exclude: {exclude}}}"))
        rules = outreach_here(noted, *words).json["rules"]
        return next(each["detail"] for each in rules if each["rule"] == "excluded")

    assert detail("\"tier == 'A' or (city is none and orders == 0)\"") == (
        "true: (city is none and orders == 0)"
    )
    assert detail("{tier: [B, C], where: orders == 0}") == "tier: is B; true: orders == 0"
    assert detail("\"tier == 'A'\"") == ""


def test_explain_names_the_channel_that_got_furthest_as_the_plan_does(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("tier: [B], ", ""))
    withdrawn = ("consent", "withdraw", "C1", "--channel", "email", "--topic", "greetings")
    assert outreach_here(noted, *withdrawn, "--source", "phone", "--now", NOW).code == 0

    found = outreach_here(noted, "explain", "notes", "C1", "--now", NOW, "--json").json
    outreach_here(noted, "plan", "notes", "--rows", "rows.csv", "--now", NOW)

    lines = csv.DictReader((noted / "rows.csv").read_text().splitlines())
    (row,) = [each for each in lines if each["key"] == "C1"]
    assert (found["channel"], found["reason"]) == ("email", "consent_withdrawn")
    assert (row["channel"], row["reason"]) == ("email", "consent_withdrawn")


def test_explain_says_until_when_on_the_customers_clock(noted: Path) -> None:
    said = outreach_here(noted, "explain", "notes", "C2", "--now", NOW).out
    found = outreach(noted, "explain", "notes", "C2", "--now", NOW, "--json").json

    heading = "notes for C2: hold by sms at 2026-07-06 09:00+02:00 Europe/Vienna (outside_window)"
    assert said.splitlines()[0] == heading
    assert (found["until"], found["timezone"]) == ("2026-07-06T07:00:00+00:00", "Europe/Vienna")


def test_explain_says_when_a_held_message_is_moved_to(noted: Path) -> None:
    found = outreach_here(noted, "explain", "notes", "C2", "--now", NOW, "--json").json
    rules = {(each["rule"], each["channel"]): each for each in found["rules"]}

    window, quiet = rules["outside_window", "sms"], rules["quiet_hours", "sms"]
    assert window["detail"].endswith(
        "outside of the window (09:00-20:00); moved to 2026-07-06 09:00+02:00"
    )
    assert not quiet["passed"]
    assert ": quiet (21:00-08:00); moved to" in quiet["detail"]


@pytest.mark.parametrize(
    ("topic", "url", "said"),
    [
        ("greetings", "", "If you would rather not: unsubscribe by mail <mailto:"),
        ("greetings", "https://x.example.com", "unsubscribe with one click <https://x.example.com"),
        ("service", "", "This is about your orders and our service.\n"),
    ],
)
def test_the_samples_footer_promises_what_there_is(
    noted: Path, topic: str, url: str, said: str
) -> None:
    path = noted / "campaigns/notes.yaml"
    text = path.read_text().replace("template: note", "template: win-back")
    path.write_text(text.replace("topic: greetings", f"topic: {topic}").replace("[sms, ", "["))

    shown = outreach_here(noted, "preview", "notes", "--customer", "C1", "--now", NOW,
                          public_url=url)  # fmt: skip

    assert said in shown.out
    assert ("asked us" in shown.out) == (topic == "greetings")


def test_explain_says_what_would_have_to_change(noted: Path) -> None:
    path = noted / "campaigns/notes.yaml"
    path.write_text(path.read_text().replace("topic: greetings", "topic: offers"))

    said = outreach_here(noted, "explain", "notes", "C2", "--now", NOW).out
    found = outreach_here(noted, "explain", "notes", "C2", "--now", NOW, "--json").json

    assert said.splitlines()[:2] == [
        "notes for C2: skip (no_consent)",
        "time alone changes nothing: they would have to agree to it first",
    ]
    assert (found["reason"], found["next"]) == ("no_consent", None)


def test_explain_says_when_it_is_possible_next(noted: Path) -> None:
    campaign = (noted / "campaigns/notes.yaml").read_text()
    late = campaign.replace("window:", "late: 1 hour, window:")
    (noted / "campaigns/notes.yaml").write_text(late)

    found = outreach_here(noted, "explain", "notes", "C2", "--now", NOW, "--json").json

    assert (found["decision"], found["reason"]) == ("skip", "outside_window")
    assert found["next"] == "2026-07-06T07:00:00+00:00"
    assert found["said"] == [
        "next possible, by what is known now: 2026-07-06 09:00+02:00 Europe/Vienna"
    ]


def test_a_plan_looked_at_closely_says_what_each_rule_alone_keeps_out(noted: Path) -> None:
    rules = noted / "outreach.yaml"
    paced = "connections: 4\n    rate: 20/minute\n    per_domain: {example.com: 1/minute}"
    rules.write_text(rules.read_text().replace("connections: 4", paced))
    path = noted / "campaigns/notes.yaml"
    path.write_text(
        path.read_text().replace("tier: [B]", "tier: [A, B]").replace("sms, email", "email")
    )
    more = (
        CUSTOMERS.splitlines()[0]
        + "\nC3,Max,c3@example.com,,Europe/Vienna,AT,de,B,,\nC4,Tom,,,Europe/Vienna,AT,de,B,yes,\n"
    )
    (noted / "d.csv").write_text(more)
    words = ("customers", "import", "d.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(noted, *words).code == 0

    plain = outreach_here(noted, "plan", "notes", "--now", NOW, "--json").json
    found = outreach_here(noted, "plan", "notes", "--now", NOW, "--closely", "--json").json
    said = outreach_here(noted, "plan", "notes", "--now", NOW, "--closely").out

    assert (plain["unlocks"], plain["stages"], plain["load"][0]["messages"]) == (None, None, 2)
    assert (found["stages"], found["domains"]) == ({"potential": 2}, {"example.com": 2})
    assert [each["limit"] for each in found["load"]] == ["email", "email/example.com"]
    assert found["unlocks"] == [
        {"rule": "no_address", "channel": "email", "customers": 1, "remedy": "with an address by email"},
        {"rule": "no_consent", "channel": "email", "customers": 1,
         "remedy": "if they agreed to greetings by email"},
    ]  # fmt: skip
    assert "+1 if they agreed to greetings by email (no_consent)\n" in said
    assert "email/example.com: 2 at 1/minute take 2 min; their time ends in 11 h\n" in said


def test_check_renders_everybody_and_names_who_fails_at_the_line(noted: Path) -> None:
    path = noted / "templates/note/body.txt"
    path.write_text(
        "Hello\n{{ 10 / (tags | length) }}\n{{ unsubscribe_url }} {{ brand.postal_address }}\n"
    )
    campaign = noted / "campaigns/notes.yaml"
    campaign.write_text(campaign.read_text().replace("sms, email", "email"))
    lines = [f"K{number:04},Ann,k{number}@example.com,yes,B,{'vip' if number % 400 else ''}"
             for number in range(1, 1201)]  # fmt: skip
    head = "key,first_name,email,consent.email.greetings,tier,tags"
    (noted / "many.csv").write_text("\n".join([head, *lines]))
    words = ("customers", "import", "many.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(noted, *words).code == 0

    plain = outreach_here(noted, "check", "--now", NOW, "--json")
    answer = outreach_here(noted, "check", "--render-all", "--now", NOW, "--json")
    found = [each for each in answer.json if each["code"] == "not-rendered"]

    assert "not-rendered" not in plain.out
    assert answer.code == 1
    assert [(each["file"], each["line"]) for each in found] == [("templates/note/body.txt", 2)] * 4
    assert [each["message"] for each in found] == [
        f"for customer {key} by email: divides by zero" for key in ("C2", "K0400", "K0800", "K1200")
    ]
    assert answer.err.endswith(" messages, 4 failed\n")


@pytest.mark.parametrize(("when", "code", "sign"), [
    ("", 1, "not-rendered"), (", when: orders == 0", 0, "warning-not-rendered"),
])  # fmt: skip
def test_check_renders_the_later_messages_of_a_journey_too(
    noted: Path, when: str, code: int, sign: str
) -> None:
    """Who comes to one with a `when` nobody knows yet: that is no fault."""
    (noted / "templates/again").mkdir()
    for name, words in (
        ("subject", "Again"),
        ("sms", "{{ 10 / (first_name | replace('Eva', '') | length) }} STOP ends this"),
    ):
        (noted / f"templates/again/{name}.txt").write_text(words)
    again = f"  - wait: 3 days\n  - {{id: again, channels: [sms], template: again{when}}}\n"
    (noted / "campaigns/notes.yaml").write_text(CAMPAIGN + again)

    answer = outreach_here(noted, "check", "--render-all", "--now", NOW, "--json")
    found = [each for each in answer.json if each["code"].endswith("not-rendered")]

    assert answer.code == code
    assert [(each["file"], each["line"], each["code"]) for each in found] == [
        ("templates/again/sms.txt", 1, sign)
    ]
