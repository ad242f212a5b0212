"""Mails that come back, as servers and people write them; all of our own making."""

from email.utils import format_datetime

from makers import NOW

ORIGINAL = (
    "From: Harbour Tea <news@example.com>\nTo: ada@example.com\nSubject: Hi\n"
    "Message-ID: {message_id}\n\nHello Ada\n"
)
DATE = format_datetime(NOW)


def recipient_fields(action: str, status: str, diagnostic: str = "") -> str:
    """What a notification says of one recipient (RFC 3464 2.3)."""
    said = f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    return f"Final-Recipient: rfc822; ada@example.com\nAction: {action}\nStatus: {status}\n{said}"


def notification(
    to: str, *recipients: str, date: str = DATE, kind: str = "delivery-status"
) -> bytes:
    """A delivery status notification."""
    fields = "\n".join(recipients or (recipient_fields("failed", "5.1.1"),))
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/{kind}

Reporting-MTA: dns; mx.example.net
Arrival-Date: {DATE}

{fields}
--b1
Content-Type: message/rfc822

{ORIGINAL.format(message_id="<x@example.com>")}
--b1--
""".encode()


def report(feedback_type: str, message_id: str = "<x@example.com>", mail_from: str = "") -> bytes:
    """A feedback report (RFC 5965), to the address that a provider was given."""
    original = f"Original-Mail-From: <{mail_from}>\n" if mail_from else ""
    return f"""\
From: <feedback@isp.example.net>
To: <abuse@example.com>
Subject: FW: Hi
Date: {DATE}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b2"

--b2
Content-Type: text/plain

This is an email abuse report for an email message received from 192.0.2.1.

--b2
Content-Type: message/feedback-report

Feedback-Type: {feedback_type}
User-Agent: SomeGenerator/1.0
Version: 1
{original}
--b2
Content-Type: message/rfc822
Content-Disposition: inline

{ORIGINAL.format(message_id=message_id)}
--b2--
""".encode()


def answer(
    to: str, *more: str, subject: str = "Re: Hi", message_id: str = "<r1@home.example>"
) -> bytes:
    """A mail as a person writes it; `more` are further headers."""
    lines = [
        "Return-Path: <ada@example.com>", "From: Ada <ada@example.com>", f"To: {to}",
        f"Subject: {subject}", f"Date: {DATE}", f"Message-ID: {message_id}", *more,
        "", "Thank you, I liked the tea.", "",
    ]  # fmt: skip
    return "\n".join(lines).encode()


def qmail_bounce(to: str, why: str = "Sorry, no mailbox here by that name. (#5.1.1)") -> bytes:
    """A return in the format of qmail (QSBMF), which knows no parts."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: failure notice
Date: {DATE}

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.com>:
{why}

--- Below this line is a copy of the message.

{ORIGINAL.format(message_id="<x@example.com>")}""".encode()
