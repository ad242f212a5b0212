"""Rules 9 to 11 for SMS, each by its number.

9 consent and hours, 10 STOP, START and HELP, 11 the hint, segments and cost.
"""

import re
from pathlib import Path

import pytest
from mailed import AUTH_TOKEN, BOB, URL, copied, noes, plan, site
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

STOP_WORDS = ["STOP", "stopall", " Unsubscribe ", "cancel.", "End!", "QUIT", "revoke", "opt-out",
              "Stopp", "ARRÊT", "退订"]  # fmt: skip
OWN = "+12025550143"
PATH = "/webhooks/twilio/inbound"


@pytest.fixture
def project(sent: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copied(sent, tmp_path)


def text(browser: TestClient, body: str, sender: str = BOB, name: str = "", **form: str) -> str:
    """What Twilio is told to answer to a text; "" for nothing."""
    form = {
        "MessageSid": name or f"SM{abs(hash((body, sender)))}",
        "From": sender,
        "Body": body,
    } | form
    signature = RequestValidator(AUTH_TOKEN).compute_signature(URL + PATH, form)
    answer = browser.post(PATH, data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200
    found = re.search("<Message>(.*)</Message>", answer.text)
    return found[1] if found else ""


def test_compliance_9_agreeing_to_mail_is_not_agreeing_to_texts(sent: Path) -> None:
    """Cat agreed to mail, and has a number."""
    assert len(texts_of(sent)) == 1
    assert BOB in texts_of(sent)[0]


def texts_of(project: Path) -> list[str]:
    """The texts that were sent."""
    return [path.read_text() for path in sorted((project / ".outreach/outbox/sms").rglob("*.txt"))]


def test_compliance_9_nobody_is_texted_at_night_by_their_own_clock(project: Path) -> None:
    rules = project / "campaigns/weekly-greeting.yaml"
    rules.write_text(re.sub('  window: "09:00-20:00"\n  late: 6 hours', "  late: 20 hours",
                            rules.read_text()))  # fmt: skip

    held = plan(project, "2026-07-10T22:30")

    assert (held["send"], held["held"]) == (0, {"quiet_hours": 3})


def test_compliance_10_a_stop_word_in_any_form_opts_the_number_out(project: Path) -> None:
    numbers = [f"+120255501{number}" for number in range(10, 10 + len(STOP_WORDS))]
    with site(project) as browser:
        answers = [text(browser, *each) for each in zip(STOP_WORDS, numbers, strict=True)]

    assert all(each.startswith("Lark &amp; Linden: You will get no more") for each in answers)
    assert noes(project) == [("sms", "opted_out", number) for number in numbers]


def test_compliance_10_nonstop_does_not(project: Path) -> None:
    with site(project) as browser:
        assert text(browser, "nonstop!") == ""
    assert noes(project) == []


def test_compliance_10_nothing_is_sent_after_a_stop_and_start_restores_texts_only(
    project: Path,
) -> None:
    with site(project) as browser:
        text(browser, "STOP", name="SM1")
        assert text(browser, "STOP", name="SM2") == ""  # one confirmation
        stopped = plan(project)["channels"]
        text(browser, "START", name="SM3")

    assert stopped == {"email": 3}
    assert noes(project) == []


def test_compliance_10_help_is_answered_also_after_stop(project: Path) -> None:
    with site(project) as browser:
        text(browser, "STOP")
        said = text(browser, "HELP")

    for part in ("Lark &amp; Linden", "+1 202-555-0142", "STOP", "rates", "frequency"):
        assert part in said


def test_compliance_10_no_second_confirmation_where_the_provider_sent_one(project: Path) -> None:
    with site(project) as browser:
        assert text(browser, "STOP", OptOutType="STOP") == ""
    assert noes(project) == [("sms", "opted_out", BOB)]


def test_compliance_10_machines_are_never_answered(project: Path) -> None:
    """Rule 8, for texts: a short code, a name, our own number."""
    with site(project) as browser:
        answers = [text(browser, "HELP", sender=each) for each in ("12345", "INFO", OWN)]

    assert answers == ["", "", ""]


def test_compliance_11_the_text_says_how_to_opt_out_and_its_cost_is_forecast(project: Path) -> None:
    assert "Reply STOP to opt out" in texts_of(project)[0]
    one = plan(project)["cost"]["channels"]["sms"]
    template = project / "templates/weekly-greeting/sms.txt"
    template.write_text("退订请回复 STOP " + "好" * 70)  # UCS-2: 67 characters a segment, not 153

    two = plan(project)["cost"]["channels"]["sms"]

    assert (float(one), float(two)) == (0.01, 0.02)
