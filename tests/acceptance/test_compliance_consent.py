"""Rules 12, 13 and 15 of consent, each by its number (14 is where customers are erased).

12 every yes has its proof and every no stays, 13 noes hold for addresses, 15 read again at the claim.
"""

from pathlib import Path

import pytest
from commands import outreach_here
from mailed import LATER, SETTINGS, bring, copied, link, noes, plan, rows, run, site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
HEAD = "key,first_name,email,timezone,country,consent.email.greetings\n"
ANN = "ann,Ann,ann@example.com,America/New_York,US,{}\n"
MONDAY = "2026-07-06T09:00"


@pytest.fixture
def project(sent: Path, tmp_path: Path) -> Path:
    """A copy of a project in which Ann got a mail, and unsubscribed by it."""
    project = copied(sent, tmp_path)
    with site(project) as browser:
        assert browser.post(link(project), data=ONE_CLICK).status_code == 200
    return project


def last_word(project: Path) -> str:
    """Ann's on mail."""
    query = (
        "SELECT state FROM consent_states JOIN customers c ON c.id = customer_id WHERE key = 'ann'"
    )
    return str(rows(project, query)[0][0])


def test_compliance_12_every_word_says_who_when_where_and_by_which_text(project: Path) -> None:
    said = outreach_here(project, "consent", "show", "ann", "--json", **SETTINGS).json["words"]

    assert [(each["state"], each["source"]) for each in said] == [
        ("withdrawn", "one_click"),
        ("granted", "shop form"),
    ]
    assert said[0]["at"] == "2026-07-04T16:00:00+00:00"
    assert said[0]["proof"] == "message 1, testclient"


@pytest.mark.parametrize("cell", ["yes", ""])
def test_compliance_12_an_import_turns_no_no_into_a_yes(project: Path, cell: str) -> None:
    bring(project, "customers", HEAD + ANN.format(cell), MONDAY)

    assert last_word(project) == "withdrawn"


def test_compliance_12_a_blank_is_not_a_yes(project: Path) -> None:
    bring(project, "customers", f"{HEAD}dan,Dan,dan@example.com,America/New_York,US,\n", MONDAY)

    assert rows(project, "SELECT count(*) FROM consents WHERE customer_id = 4") == [(0,)]


def test_compliance_12_a_newer_yes_of_the_person_lifts_it(project: Path) -> None:
    address = link(project).replace("/u/", "/p/")
    with site(project, MONDAY) as browser:
        page = browser.get(address).text
        shown_at = page.partition('name="shown_at" value="')[2].partition('"')[0]
    with site(project, "2026-07-06T09:05") as browser:
        browser.post(address, data={"yes": "email/greetings", "shown_at": shown_at})

    assert last_word(project) == "granted"
    assert plan(project)["skip"] == {}


def test_compliance_13_a_no_holds_for_every_row_with_the_address_and_a_new_row_frees_nothing(
    project: Path,
) -> None:
    again = "twin,Ann,ANN@Example.com,America/New_York,US,yes\n"
    bring(project, "customers", HEAD + again, MONDAY)
    bring(project, "events", "key,kind,at,amount,id\ntwin,order,2026-07-01T10:00,25,o-t\n", MONDAY)

    assert noes(project) == [("email", "greetings", "ann@example.com")]
    assert plan(project)["skip"] == {"consent_withdrawn": 2}


def test_compliance_13_a_no_stays_with_the_address_and_with_who_left_it(project: Path) -> None:
    moved = "ann,Ann,new@example.com,America/New_York,US,\n"
    heir = "heir,Eve,ann@example.com,America/New_York,US,yes\n"
    bring(project, "customers", HEAD + moved + heir, MONDAY)

    assert noes(project) == [
        ("email", "greetings", "ann@example.com"),
        ("email", "greetings", "new@example.com"),
    ]


def test_compliance_15_a_message_points_at_the_word_that_allowed_it(project: Path) -> None:
    query = "SELECT c.state, c.customer_id = d.customer_id FROM deliveries d JOIN consents c ON c.id = consent_id"

    assert rows(project, query) == [("granted", 1)] * 3


def test_compliance_15_a_no_after_planning_is_heard_before_sending(
    sent: Path, tmp_path: Path
) -> None:
    project = copied(sent, tmp_path)
    ann = "SELECT DISTINCT state, reason FROM deliveries WHERE customer_id = 1 AND id > 3"
    outreach_here(project, "send", "weekly-greeting", "--yes", "--now", LATER, **SETTINGS)
    assert rows(project, ann) == [("due", None)]

    with site(project, LATER) as browser:
        browser.post(link(project), data=ONE_CLICK)

    assert run(project, LATER) == 2
    assert rows(project, ann) == [("skipped", "consent_withdrawn")]
