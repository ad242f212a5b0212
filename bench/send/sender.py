"""The sender alone: mails that are rendered already, over the wire; in processes as workers are."""

import sys
import time
from pathlib import Path

from pydantic import SecretStr

from bench.send.rendered import Rendered
from outreach.channels.adapter import Email
from outreach.channels.email.smtp import SmtpAdapter
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment

LINE = "x" * 70 + "\r\n"
BYTES = 6_000


def _mail(number: int) -> Email:
    to = f"customer{number}@example.net"
    head = f"From: mei@example.com\r\nTo: {to}\r\nSubject: Have a good weekend\r\n\r\n"
    content = (head + LINE * (BYTES // len(LINE))).encode()
    return Email(number, to, "mei@example.com", content, eight_bit=False, plain=True)


def main(port: str, mails: str, connections: str) -> None:
    """Send them; prints when that began and ended, by time.monotonic."""
    settings = {"email": ChannelSettings(connections=int(connections))}
    url = SecretStr(f"smtp://127.0.0.1:{port}")
    adapter = SmtpAdapter(
        "email",
        Company(brand=Brand(name="Bench"), channels=settings),
        Environment(project=Path.cwd(), smtp_url=url),
    )
    source = Rendered([_mail(number) for number in range(int(mails))])
    begun = time.monotonic()
    adapter.serve(source)
    ended = time.monotonic()
    adapter.close()
    if source.accepted != int(mails):
        sys.exit(f"{source.accepted} of {mails} were taken")
    print(begun, ended)


if __name__ == "__main__":
    main(*sys.argv[1:4])
