"""Customers, events, consent and stages on the command line."""

import shutil
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here, sample_project

CUSTOMERS = """\
key,first_name,email,phone,timezone,country,consent.email.greetings,hobby
a,Ann,ann@example.com,,America/New_York,US,yes,chess
b,Bob,bob@@example.com,,America/New_York,US,no,
c,Cy,cy@example.com,+12025550111,America/New_York,US,,
"""
EVENTS = """\
key,kind,at,amount,id
a,order,2026-06-20T10:00,25.00,o-1
a,order,2026-07-01T10:00,40.50,o-2
a,order,2026-07-01T10:00,40.50,o-2
z,order,2026-07-01T10:00,1,o-3
"""
IMPORT = ("customers", "import", "c.csv", "--consent-source", "web form", "--now", NOW)


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two customers, imported at NOW."""
    project = sample_project(tmp_path_factory.mktemp("peopled") / "project")
    (project / "c.csv").write_text(CUSTOMERS)
    assert outreach_here(project, *IMPORT).code == 1
    return project


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    """A copy of the project with two customers."""
    return shutil.copytree(once_peopled, tmp_path / "peopled")


def test_an_import_tells_counts_warnings_and_refused_rows(project: Path) -> None:
    (project / "c.csv").write_text(CUSTOMERS)

    answer = outreach(project, *IMPORT)

    assert (answer.code, answer.err) == (1, "")
    assert answer.out == (
        "created            2\n"
        "updated            0\n"
        "unchanged          0\n"
        "consents recorded  1\n"
        "consents refused   0\n"
        "rejected           1\n"
        "warning: column `hobby` is not read: there is no such field;"
        " declare it under `attributes` in outreach.yaml to keep it\n"
        "\n"
        "line 3, email: is no e-mail address: The part after the @-sign contains invalid"
        " characters: '@'.\n"
        "Every refused row: c.csv.rejects.csv\n"
    )


def test_a_second_import_of_the_same_file_changes_nothing(peopled: Path) -> None:
    answer = outreach_here(peopled, *IMPORT, "--json")

    assert (answer.code, answer.err) == (1, "")
    assert list(answer.json) == [
        "rejected", "rejects", "rejects_path", "warnings", "created", "updated", "unchanged",
        "consents_recorded", "consents_unchanged", "consents_refused",
    ]  # fmt: skip
    assert (answer.json["created"], answer.json["updated"], answer.json["unchanged"]) == (0, 0, 2)
    assert answer.json["rejects"][0]["line"] == 3
    assert answer.json["rejects"][0]["column"] == "email"


def test_a_dry_run_writes_nothing(project: Path) -> None:
    (project / "c.csv").write_text("key,first_name\na,Ann\n")

    answer = outreach_here(project, "customers", "import", "c.csv", "--dry-run")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("A dry run: nothing is written\ncreated            1\n")
    assert outreach_here(project, "customers", "show", "a").code == 2


UNREADABLE = {
    "missing.csv": "`missing.csv` can not be read: No such file or directory",
    "campaigns": "`campaigns` can not be read: Is a directory",
    "empty.csv": "the file is empty; its first line names the columns",
    "binary.csv": "the header is not UTF-8; save the file as UTF-8, or name its `--encoding`",
}


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("customers", "missing.csv"),
        ("customers", "binary.csv"),
        ("events", "campaigns"),
        ("consent", "empty.csv"),
    ],
)
def test_a_file_that_can_not_be_read_is_wrong_usage(project: Path, what: str, name: str) -> None:
    (project / "empty.csv").write_bytes(b"")
    (project / "binary.csv").write_bytes(bytes(range(128, 256)) * 8)

    answer = outreach_here(project, what, "import", name, "--json")

    said = answer.json["error"]
    text = f"{said['message']}; {said['hint']}".removesuffix("; ")
    assert (answer.code, said["code"], text) == (2, "usage", UNREADABLE[name])


def test_events_move_their_customers_to_another_stage(peopled: Path) -> None:
    (peopled / "e.csv").write_text(EVENTS)

    answer = outreach(peopled, "events", "import", "e.csv", "--now", NOW)
    stages = outreach(peopled, "stages", "show", "--json", "--now", NOW)

    assert answer.code == 1
    assert answer.out == (
        "created    2\n"
        "duplicate  1\n"
        "rejected   1\n"
        "\n"
        "line 5, key: there is no customer with this key\n"
        "Every refused row: e.csv.rejects.csv\n"
    )
    assert stages.json == {
        "potential": 1, "development": 0, "growth": 1, "maturity": 0, "decline": 0, "termination": 0,
    }  # fmt: skip


def test_stages_are_shown_with_their_rules_and_moves(peopled: Path) -> None:
    answer = outreach_here(peopled, "stages", "show", "--now", NOW)

    lines = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert lines[0] == f"potential    2  {'█' * 40}"
    assert lines[5] == "termination  0"
    assert "Lifecycle six-stage: Six stages" in lines
    assert "potential    orders == 0" in lines
    assert lines[-4:] == [
        "Moved in the last 30 days",
        "from    to          customers",
        "─" * 29,
        "(new)   potential           2",
    ]


def test_stages_refreshed_at_a_later_instant_follow_it(peopled: Path) -> None:
    (peopled / "e.csv").write_text(EVENTS)
    outreach_here(peopled, "events", "import", "e.csv", "--now", NOW)

    answer = outreach_here(peopled, "stages", "refresh", "--now", "2028-01-01T00:00", "--json")

    assert (answer.code, answer.err) == (0, "")
    assert {stage: n for stage, n in answer.json.items() if n} == {
        "potential": 1,
        "termination": 1,
    }


def test_a_word_of_consent_is_recorded_and_shown(peopled: Path) -> None:
    words = ("--channel", "email", "--topic", "greetings", "--source", "phone call", "--now", NOW)

    said = outreach(peopled, "consent", "withdraw", "a", *words)
    again = outreach(peopled, "consent", "withdraw", "a", *words, "--json")
    shown = outreach(peopled, "consent", "show", "a", "--now", NOW)

    assert (said.code, said.out) == (0, "a, email, greetings, withdrawn: recorded\n")
    assert again.json == {"recorded": 0, "unchanged": 1, "refused": 0, "taken_back": 0}
    assert shown.out == (
        "channel   topic       stands      since                  until\n"
        "──────────────────────────────────────────────────────────────\n"
        "email     greetings   withdrawn   2026-07-03 21:00:00Z\n"
        "\n"
        "at                     channel   topic       said        source       proof\n"
        "───────────────────────────────────────────────────────────────────────────\n"
        "2026-07-03 21:00:00Z   email     greetings   withdrawn   phone call\n"
        "2026-07-03 21:00:00Z   email     greetings   granted     web form\n"
    )


def test_words_of_consent_come_from_a_file_too(peopled: Path) -> None:
    (peopled / "w.csv").write_text(
        "key,channel,topic,state,at,source\n"
        "a,email,offers,granted,2026-07-01,shop\n"
        "c,sms,offers,granted,2026-07-01,shop\n"
    )

    answer = outreach_here(peopled, "consent", "import", "w.csv", "--json", "--now", NOW)
    shown = outreach_here(peopled, "consent", "show", "c", "--json", "--now", NOW)

    assert (answer.code, answer.json["recorded"], answer.json["rejected"]) == (0, 2, 0)
    assert shown.json["key"] == "c"
    assert shown.json["standing"] == [
        {
            "channel": "sms",
            "topic": "offers",
            "state": "granted",
            "at": "2026-07-01T04:00:00+00:00",
            "expires_at": None,
            "expired": False,
        }
    ]
    assert shown.json["words"][0]["source"] == "shop"


NOT_MEANT = {
    ("a", "fax", "offers", "shop"): "there is no channel `fax`; there are `email`, `sms`, `task`",
    ("a", "email", "ofers", "shop"): "there is no topic `ofers`; did you mean `offers`?",
    ("z", "email", "offers", "shop"): (
        "there is no customer `z`; keys are exact, upper and lower case too"
    ),
    ("a", "email", "offers", " "): "a word of consent needs its source; say where it was given",
}


@pytest.mark.parametrize("words", NOT_MEANT, ids="-".join)
def test_a_consent_that_can_not_be_meant_is_refused(
    peopled: Path, words: tuple[str, str, str, str]
) -> None:
    key, channel, topic, source = words

    answer = outreach_here(
        peopled, "consent", "grant", key, "--channel", channel, "--topic", topic, "--source", source
    )

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"outreach: {NOT_MEANT[words]}\n"


def test_a_yes_that_ends_before_it_begins_is_refused_at_the_terminal(peopled: Path) -> None:
    words = ("--channel", "email", "--topic", "offers", "--source", "shop", "--now", NOW)

    answer = outreach_here(peopled, "consent", "grant", "a", *words, "--expires", "2026-07-01")

    assert (answer.code, answer.out) == (2, "")
    assert "`expires_at` is not after `at`; give `--expires` a later date" in answer.err


def test_a_customer_is_shown_with_history(peopled: Path) -> None:
    answer = outreach_here(peopled, "customers", "show", "a", "--json", "--now", NOW)

    found = answer.json
    assert (answer.code, answer.err) == (0, "")
    assert list(found) == [
        "customer", "consents", "suppressions", "lifecycles", "stages", "dates", "interests",
        "deliveries", "reactions", "tasks", "events",
    ]  # fmt: skip
    assert found["customer"]["first_name"] == "Ann"
    assert found["customer"]["stage"] == "potential"
    assert found["consents"][0]["source"] == "web form"
    assert found["stages"][0]["to_stage"] == "potential"


def test_support_sees_which_addresses_of_a_customer_are_suppressed(peopled: Path) -> None:
    stop = ("suppressions", "add", "sms", "+12025550111", "--reason", "opted_out", "--now", NOW)
    assert outreach(peopled, *stop).code == 0
    other = ("suppressions", "add", "email", "other@example.com", "--reason", "x", "--now", NOW)
    assert outreach(peopled, *other).code == 0

    shown = outreach_here(peopled, "customers", "show", "c", "--now", NOW)
    consent = outreach_here(peopled, "consent", "show", "c", "--now", NOW)
    before = outreach_here(peopled, "customers", "show", "c", "--json", "--now", "2026-07-01")
    as_json = outreach_here(peopled, "consent", "show", "c", "--json", "--now", NOW)

    row = "sms       +12025550111   opted_out   2026-07-03 21:00:00Z   person"
    assert row in shown.out.splitlines()
    assert consent.out.splitlines()[:3] == [
        "c has said nothing: no for every topic that needs a yes",
        "",
        "never used, whatever was said:",
    ]
    assert row in consent.out.splitlines()
    assert before.json["suppressions"] == []
    [kept] = as_json.json["suppressions"]
    assert (kept["channel"], kept["reason"]) == ("sms", "opted_out")


def test_a_customer_is_shown_to_people_too(peopled: Path) -> None:
    answer = outreach(peopled, "customers", "show", "c", "--now", NOW)

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "key          c\n"
        "first_name   Cy\n"
        "email        cy@example.com\n"
        "phone        +12025550111\n"
        "timezone     America/New_York\n"
        "country      US\n"
        "stage        potential\n"
        "stage_since  2026-07-03 21:00:00Z\n"
        "created_at   2026-07-03 21:00:00Z\n"
        "updated_at   2026-07-03 21:00:00Z\n"
        "orders       0\n"
        "spend        0\n"
        "facts_as_of  2026-07-03 21:00:00Z\n"
        "\n"
        "no consent: only messages of transactional topics may be sent\n"
        "\n"
        "stages\n"
        "at                     model   from stage   to stage\n"
        "─────────────────────────────────────────────────────\n"
        "2026-07-03 21:00:00Z   main                 potential\n"
    )


def test_a_customer_is_shown_as_of_an_earlier_instant(peopled: Path) -> None:
    (peopled / "e.csv").write_text(EVENTS)
    outreach_here(peopled, "events", "import", "e.csv", "--now", NOW)

    before = outreach_here(peopled, "customers", "show", "a", "--json", "--now", "2026-06-25T10:00")
    after = outreach_here(peopled, "customers", "show", "a", "--json", "--now", NOW)

    assert [each["count"] for each in before.json["events"]] == [1]
    assert (before.json["stages"], before.json["deliveries"]) == ([], [])
    assert [each["count"] for each in after.json["events"]] == [2]
    assert after.json["customer"]["typical_gap"] == 11
    then, now = before.json["customer"], after.json["customer"]
    names = ("orders", "typical_gap", "stage", "stage_since", "facts_as_of")
    assert [then[name] for name in names] == [1, None, None, None, "2026-06-25T14:00:00+00:00"]
    assert (now["orders"], now["stage"]) == (2, "growth")
    assert now["facts_as_of"] == "2026-07-03T21:00:00+00:00"
    assert not {"facts_at", "last_heard_at", "zones"} & after.json["customer"].keys()


def test_a_yes_that_has_ended_is_shown_as_expired(peopled: Path) -> None:
    words = ("--channel", "sms", "--topic", "offers", "--source", "shop", "--now", NOW)
    outreach_here(peopled, "consent", "grant", "c", *words, "--expires", "2026-08-01")

    now = outreach_here(peopled, "customers", "show", "c", "--now", NOW)
    later = outreach_here(peopled, "customers", "show", "c", "--now", "2026-08-02T00:00")

    assert "granted (expired)" not in now.out
    assert "granted (expired)" in later.out


def test_rules_at_fault_stop_an_import_with_all_their_problems(project: Path) -> None:
    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("country: US   ", "country: USA  "))
    (project / "c.csv").write_text("key\na\n")

    answer = outreach_here(project, "customers", "import", "c.csv")

    assert (answer.code, answer.err) == (1, "")
    assert answer.out.startswith("outreach.yaml:10:12: ")
