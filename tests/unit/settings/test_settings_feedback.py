"""`bounces`, `feedback` and `complaints` under `channels.email` of outreach.yaml."""

import pytest

from outreach.settings.company import ChannelSettings, ComplaintsAt, MailFeedback
from outreach.settings.company_file import load_company
from outreach.settings.feedback_file import NEVER

HEAD = "brand: {name: Harbour Tea}\nchannels:\n  email:\n    "


def settings_of(written: str) -> ChannelSettings:
    company, problems = load_company(f"{HEAD}{written}\n".encode())
    assert problems == []
    assert company is not None
    return company.channels["email"]


def test_left_out_bounces_are_not_believed_and_nothing_is_read() -> None:
    left_out = settings_of("connections: 2")

    assert (left_out.bounces, left_out.feedback) == ("", MailFeedback())
    assert left_out.complaints == ComplaintsAt(warn=10, hold=30, least=3)


def test_the_mailbox_of_bounces_is_kept_in_lower_case() -> None:
    assert settings_of("bounces: Bounces@Mail.Example.com").bounces == "bounces@mail.example.com"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{maildir: /var/mail/bounces}", MailFeedback(maildir="/var/mail/bounces")),
        ("{imap: 'imaps://b@mail.example.com/INBOX'}", MailFeedback(imap="imaps://b@mail.example.com/INBOX")),
    ],
)  # fmt: skip
def test_mails_are_read_from_a_folder_or_by_imap(written: str, read: MailFeedback) -> None:
    assert settings_of(f"feedback: {written}").feedback == read


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("{hold: 0.5%}", ComplaintsAt(hold=50)),
        ("{warn: 0.05%, least: 20}", ComplaintsAt(warn=5, least=20)),
        ("none", ComplaintsAt(least=NEVER)),
    ],
)
def test_complaints_are_judged_as_written(written: str, rule: ComplaintsAt) -> None:
    assert settings_of(f"complaints: {written}").complaints == rule


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("bounces: Harbour Tea <b@example.com>", "can not take bounces"),
        ("bounces: b+x@example.com", "can not take bounces"),
        ("bounces: a-mailbox-of-bounces@example.com", "is longer than 16 characters"),
        ("feedback: {}", "one of `maildir` and `imap` is needed"),
        ("feedback: {imap: 'imaps://b:secret@example.com/INBOX'}", "set it as OUTREACH_IMAP_PASSWORD"),
        ("feedback: {imap: 'imap://b@example.com/INBOX'}", "use `imaps://`"),
        ("feedback: {imap: 'pop://b@example.com'}", "is no mailbox"),
        ("complaints: {warn: 1%}", "`warn` is more than `hold`"),
        ("complaints: often", "this must be a rule"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused(written: str, said: str) -> None:
    _, problems = load_company(f"{HEAD}{written}\n".encode())

    assert [said in str(each) for each in problems] == [True]
    assert "secret" not in str(problems[0])


def test_they_mean_nothing_for_sms() -> None:
    written = b"brand: {name: Harbour Tea}\nchannels:\n  sms:\n    bounces: b@example.com\n"

    _, problems = load_company(written)

    assert "`bounces` means nothing for sms" in str(problems[0])
