"""What mails that come back say, in the formats of servers, providers and people."""

from collections.abc import Callable
from pathlib import Path

import mails
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mails import recipient_fields
from makers import NOW

from outreach.feedback.bounces import fault_of
from outreach.feedback.mail import MOST_BYTES, read_mail
from outreach.feedback.notice import Kind, Notice
from outreach.feedback.origin import Seal, delivery_of
from outreach.feedback.understanding import notice_of
from outreach.vocabulary import Fault

TO = "bounces+1@mail.example.com"


def said_by(raw: bytes) -> Notice:
    return notice_of(read_mail(raw))


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", Kind.BOUNCED),
        ("Failed (after 3 tries)", Kind.BOUNCED),
        ("delayed", Kind.DELAYED),
        ("delivered", Kind.DELIVERED),
        ("relayed", Kind.RELAYED),
        ("expanded", Kind.RELAYED),
    ],
)
def test_the_action_of_a_notification_says_what_happened(action: str, kind: Kind) -> None:
    status = "5.1.1" if kind is Kind.BOUNCED else "2.0.0"

    said = said_by(mails.notification(TO, recipient_fields(action, status)))

    assert (said.kind, said.at) == (kind, NOW)


@pytest.mark.parametrize(
    ("status", "diagnostic", "fault"),
    [
        ("5.1.1", "", Fault.ADDRESS),
        ("5.1.2", "", Fault.ADDRESS),
        ("5.1.10", "", Fault.ADDRESS),
        ("5.1.8", "", Fault.CHANNEL),  # our own domain: nobody is suppressed
        ("5.2.1", "", Fault.MAILBOX),
        ("5.2.2", "", Fault.MAILBOX),
        ("5.4.4", "", Fault.TEMPORARY),
        ("4.4.7", "", Fault.TEMPORARY),
        ("4.2.2", "", Fault.MAILBOX),
        ("5.7.1", "", Fault.POLICY),
        ("5.7.26", "", Fault.CHANNEL),
        ("5.6.0", "", Fault.CONTENT),
        ("5.1.1", "smtp; 550 5.7.1 blocked", Fault.ADDRESS),  # Status first
        ("5.0.0", "smtp; 550 5.1.1 no such user", Fault.ADDRESS),  # then the Diagnostic-Code
        ("5.0.0", "smtp; 550 5.7.1 listed at 192.0.2.1", Fault.POLICY),
        ("5.0.0", "smtp; 550 No such user here", Fault.ADDRESS),
        ("5.0.0", "smtp; 550 go away", Fault.POLICY),
        ("5.0.0", "", Fault.POLICY),
        ("4.0.0", "", Fault.TEMPORARY),
        ("", "", Fault.TEMPORARY),
        (
            "",
            "X-Notes; Error transferring to mx 10.5.1.1",
            Fault.TEMPORARY,
        ),  # no status: an address
    ],
)
def test_whose_fault_a_return_is(status: str, diagnostic: str, fault: Fault) -> None:
    assert fault_of(status, diagnostic)[0] is fault


def test_of_several_recipients_the_mildest_is_meant() -> None:
    """An alias of theirs was expanded: who of them was meant, nobody can say."""
    gone, full = recipient_fields("failed", "5.1.1"), recipient_fields("failed", "5.2.2")
    arrived = recipient_fields("delivered", "2.0.0")

    said = [said_by(mails.notification(TO, *each)) for each in ((gone, full), (gone, arrived))]

    assert [(each.kind, each.hard) for each in said] == [
        (Kind.BOUNCED, False),
        (Kind.DELIVERED, False),
    ]


def test_a_notification_in_utf_8_is_read_as_well() -> None:
    raw = mails.notification(TO, kind="global-delivery-status")

    assert (said_by(raw).kind, said_by(raw).hard) == (Kind.BOUNCED, True)


def test_a_mail_that_a_real_postfix_returned_is_understood() -> None:
    """As test_real_postfix made it, its HTML part taken out."""
    raw = (Path(__file__).parent / "postfix_return.eml").read_bytes()
    message = read_mail(raw)
    assert message is not None

    seal = Seal(["0123456789abcdefghijklmnopqrstuvwxyzABCD"], "bounces@bounces.test")

    said = notice_of(message)
    assert (said.kind, said.status, said.hard) == (Kind.BOUNCED, "5.1.1", True)
    assert delivery_of(message, said.kind, seal) == 3


@pytest.mark.parametrize(
    ("why", "fault"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", Fault.ADDRESS),
        ("Mailbox is over quota. (#5.2.2)", Fault.MAILBOX),
        ("192.0.2.1 said: 550 No such user", Fault.ADDRESS),
        ("It did not work.", Fault.TEMPORARY),
    ],
)
def test_odd_formats_say_that_it_bounced_and_by_their_words_why(why: str, fault: Fault) -> None:
    said = said_by(mails.qmail_bounce(TO, why))

    assert (said.kind, said.fault) == (Kind.BOUNCED, fault)


def test_what_the_returned_mail_itself_says_is_not_the_server_s_word() -> None:
    raw = mails.qmail_bounce(TO, "It did not work.").replace(
        b"Hello Ada", b"Tea v5.1.1 is out: 550 "
    )

    assert said_by(raw).fault is Fault.TEMPORARY


def test_a_person_who_quotes_a_bounce_is_a_person() -> None:
    quoted = mails.qmail_bounce(TO).replace(b"Return-Path: <>\n", b"")
    quoted = quoted.replace(b"MAILER-DAEMON@mx.example.net", b"ada@example.com")

    assert said_by(quoted).kind is Kind.REPLY


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("abuse", Kind.COMPLAINT),
        ("Abuse", Kind.COMPLAINT),
        ("fraud", Kind.COMPLAINT),
        ("not-spam", Kind.NOT_SPAM),
        ("auth-failure", Kind.AUTH_FAILURE),
        ("virus", Kind.REPORT),
        ("other", Kind.REPORT),
    ],
)
def test_a_feedback_report_says_its_type(written: str, kind: Kind) -> None:
    said = said_by(mails.report(written))

    assert (said.kind, said.status) == (kind, written.lower())


@pytest.mark.parametrize(
    "mark",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "Precedence: bulk",
        "Precedence: AUTO_REPLY",
        "X-Autoreply: yes",
        "X-Autorespond: Re: Hi",
        "List-Id: <tea.example.org>",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_what_a_machine_answers_is_recognised(mark: str) -> None:
    assert said_by(mails.answer(TO, mark)).kind is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Hi",
        "Out of Office: Hi",
        "Abwesenheitsnotiz: Hi",
        "=?utf-8?q?R=C3=A9ponse_automatique?=: Hi",
        "自动回复: Hi",
    ],
)
def test_so_are_subjects_of_who_is_away(subject: str) -> None:
    assert said_by(mails.answer(TO, subject=subject)).kind is Kind.AUTOMATIC


@pytest.mark.parametrize("change", [(b"<ada@example.com>", b"<>"), (b"Ada <ada@", b"<noreply@")])
def test_so_is_an_empty_return_path_or_nobody_s_address(change: tuple[bytes, bytes]) -> None:
    raw = mails.answer(TO).replace(*change, 1)

    assert said_by(raw).kind is Kind.AUTOMATIC


@pytest.mark.parametrize("more", ["Auto-Submitted: no", "Precedence: normal", "X-Mailer: Tea 1.0"])
def test_what_a_person_answers_is_a_reply(more: str) -> None:
    assert said_by(mails.answer(TO, more)).kind is Kind.REPLY


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Zzz 99999 99:99:99", "Thu, 1 Jan 1970 00:00:00"])  # fmt: skip
def test_a_date_that_can_not_be_is_none(date: str) -> None:
    assert said_by(mails.notification(TO, date=date)).at is None


def _nested(depth: int) -> bytes:
    head = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth)
    )
    return head.encode()


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\0" * 5000, _nested(40), _nested(5000)])
def test_what_is_no_mail_is_not_read(raw: bytes) -> None:
    assert said_by(raw).kind in (Kind.UNREADABLE, Kind.NOTHING)


OF_A_PERSON = b"From: a@b.example\nTo: x@y.example\n"
MADE_TO_BE_HARD = {
    b"From: " + b"(" * 2000 + b"\n\nhi\n": Kind.NOTHING,
    OF_A_PERSON + b"To: " + b"(" * 100_000 + b"\n\nhi\n": Kind.REPLY,
    **{
        OF_A_PERSON + b"Content-Type: multipart/mixed; " + named + b"\n\nh\xe4llo\n": Kind.REPLY
        for named in (b"charset=undefined", b"charset=idna", b"charset*=utf-8''%%undefined")
    },
    OF_A_PERSON
    + b"Content-Type: multipart/report; boundary=q\n\n--q\nContent-Type: message/feedback-report\n"
    b"\nContent-Type: multipart/mixed; boundary*=undefined''x\n\nhi\n--q--\n": Kind.UNREADABLE,
}


@pytest.mark.parametrize(("raw", "kind"), MADE_TO_BE_HARD.items(), ids=range(6))
def test_what_is_made_to_be_hard_to_read_raises_nothing(raw: bytes, kind: Kind) -> None:
    """A pipe would be asked to try it again for ever."""
    understood(raw)

    assert said_by(raw).kind is kind


def test_a_notification_whose_fields_claim_a_charset_is_read_all_the_same() -> None:
    raw = mails.notification(TO, kind="global-delivery-status")
    claims = b"Content-Type: text/plain; charset=undefined\nReporting-MTA"
    raw = raw.replace(b"Reporting-MTA", claims).replace(b"rfc822; ada", b"rfc822; \xe4da")

    assert said_by(raw).hard


def test_only_the_beginning_of_a_huge_mail_is_read() -> None:
    raw = mails.notification(TO).replace(b"Hello Ada", b"x" * MOST_BYTES)

    assert said_by(raw).hard


SEEDS: list[Callable[[], bytes]] = [
    lambda: mails.notification(TO),
    lambda: mails.notification(TO, kind="global-delivery-status"),
    lambda: mails.report("abuse", mail_from=TO),
    lambda: mails.qmail_bounce(TO),
    lambda: mails.answer(TO),
]
PIECES = st.sampled_from(
    [b"\0", b"\xff\xfe", b"\r", b"\n\n", b"=?utf-8?b?x", b"<", b"@", b"--b1", b"; charset=\xff", b"(" * 50, b'"']
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 1200), PIECES), max_size=8))
def test_no_damage_to_a_mail_raises(
    seed: Callable[[], bytes], cuts: list[tuple[int, bytes]]
) -> None:
    raw = seed()
    for place, piece in cuts:
        raw = raw[:place] + piece + raw[place + len(piece) // 2 :]

    understood(raw)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(raw: bytes) -> None:
    understood(raw)
    understood(b"From: a@b\nContent-Type: multipart/report; boundary=b\n\n--b\n" + raw)
    understood(b"From: a@b\nContent-Type: message/delivery-status\n\n" + raw)
    understood(b"From: a@b\nTo: " + raw + b"\nDate: " + raw + b"\nContent-Type: " + raw + b"\n\n")


def understood(raw: bytes) -> None:
    """Read it as `feedback receive` does; nothing that was not signed names a delivery."""
    message = read_mail(raw)
    kind = notice_of(message).kind

    if message is not None:
        assert delivery_of(message, kind, Seal(["k" * 40], "bounces@mail.example.com")) is None
