"""An SMTP server that counts what it took, and the base of customers that is written to."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from commands import outreach_here
from servers import smtp_url

BEFORE = "2026-07-03T08:00"


@dataclass
class Letterbox:
    """What was delivered; `pause_seconds` is how long each answer to a final dot takes."""

    url: str = ""
    pause_seconds: float = 0
    recipients: Counter[str] = field(default_factory=Counter)
    message_ids: Counter[str] = field(default_factory=Counter)
    subjects: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)  # of the envelopes

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Count the message, then answer: a sender killed meanwhile never hears of it."""
        content = envelope.original_content or b""
        assert isinstance(content, bytes)
        message = message_from_bytes(content)
        self.message_ids[message["Message-ID"]] += 1
        self.subjects.append(message["Subject"])
        self.recipients.update(envelope.rcpt_tos)
        self.senders.append(envelope.mail_from or "")
        await asyncio.sleep(self.pause_seconds)
        return "250 2.0.0 Ok"


@contextmanager
def letterbox(pause_seconds: float = 0) -> Iterator[Letterbox]:
    """A server on loopback."""
    box = Letterbox(pause_seconds=pause_seconds)
    with smtp_url(box) as box.url:
        yield box


def people(project: Path, number: int, *, ordered: bool = True, **settings: str) -> None:
    """Customers k0 … of New York who agreed to mails, but for every tenth.

    `ordered`: each has bought once, and is in a stage that is greeted.
    """
    with (project / "c.csv").open("w") as file:
        file.write("key,first_name,email,timezone,country,consent.email.greetings\n")
        for n in range(number):
            said = "yes" if n % 10 else ""
            file.write(f"k{n},Ann,k{n}@example.com,America/New_York,US,{said}\n")
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words, **settings).code == 0
    if ordered:
        with (project / "e.csv").open("w") as file:
            file.write("key,kind,at,amount,id\n")
            for n in range(number):
                file.write(f"k{n},order,2026-06-20T10:00,25.00,o-{n}\n")
        assert (
            outreach_here(project, "events", "import", "e.csv", "--now", BEFORE, **settings).code
            == 0
        )
