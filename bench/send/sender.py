"""The sender alone: mails that are rendered already, over the wire; in processes as workers are."""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from outreach.channels.adapter import Email, Message, Outcome
from outreach.channels.email.smtp import SmtpAdapter
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer

LINE = "x" * 70 + "\r\n"
BYTES = 6_000


class _Rendered:
    """A source of so many messages, in groups as asked for."""

    def __init__(self, mails: int) -> None:
        self._lock = threading.Lock()
        self._left = [_mail(number) for number in range(mails)]
        self.accepted = 0

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:  # noqa: ARG002
        with self._lock:
            given, self._left = self._left[-most:], self._left[:-most]
            return given

    def report(self, outcome: Outcome) -> None:
        self.accepted += outcome.answer is Answer.ACCEPTED

    def stopping(self) -> bool:
        return False


def _mail(number: int) -> Email:
    to = f"customer{number}@example.net"
    head = f"From: mei@example.com\r\nTo: {to}\r\nSubject: Have a good weekend\r\n\r\n"
    content = (head + LINE * (BYTES // len(LINE))).encode()
    return Email(number, to, "mei@example.com", content, eight_bit=False)


def main(port: str, mails: str, connections: str) -> None:
    """Send them; prints when that began and ended, by time.monotonic."""
    settings = {"email": ChannelSettings(connections=int(connections))}
    url = SecretStr(f"smtp://127.0.0.1:{port}")
    adapter = SmtpAdapter(
        "email",
        Company(brand=Brand(name="Bench"), channels=settings),
        Environment(project=Path.cwd(), smtp_url=url),
    )
    source = _Rendered(int(mails))
    begun = time.monotonic()
    adapter.serve(source)
    ended = time.monotonic()
    adapter.close()
    if source.accepted != int(mails):
        sys.exit(f"{source.accepted} of {mails} were taken")
    print(begun, ended)


if __name__ == "__main__":
    main(*sys.argv[1:4])
