"""Withdrawals while workers send at full speed: whose message began after their no was confirmed.

`bench/faults` runs the same with more customers.
"""

import asyncio
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session
from servers import smtp_url

from outreach.app.consents import Said, say
from outreach.app.context import Context
from outreach.vocabulary import ConsentState


@dataclass
class Recorder:
    """A server that notes when each recipient's MAIL FROM was read (time.monotonic)."""

    url: str = ""
    pause_seconds: float = 0.05  # before the answer to the dot
    begun: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    any_begun: threading.Event = field(default_factory=threading.Event)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        session.begun_at = time.monotonic()  # type: ignore[attr-defined]
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(to)
        self.begun[to].append(session.begun_at)  # type: ignore[attr-defined]
        self.any_begun.set()
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.pause_seconds)
        return "250 2.0.0 Ok"


@contextmanager
def recorder(pause_seconds: float = 0.05) -> Iterator[Recorder]:
    """A recording server on loopback."""
    post = Recorder(pause_seconds=pause_seconds)
    with smtp_url(post) as post.url:
        yield post


def withdraw_at_random(
    context: Context,
    keys: Sequence[str],
    within_seconds: float,
    threads: int = 4,
    seed: int = 1,
) -> dict[str, float]:
    """Withdraw for each key at a random moment; when each was confirmed (time.monotonic)."""
    chance, begin = random.Random(seed), time.monotonic()
    moments = {key: begin + chance.uniform(0, within_seconds) for key in keys}

    def withdraw(key: str) -> tuple[str, float]:
        time.sleep(max(0.0, moments[key] - time.monotonic()))
        no = Said(key, "email", "greetings", ConsentState.WITHDRAWN, "phone")
        say(context, no)
        return key, time.monotonic()

    with ThreadPoolExecutor(threads) as pool:
        return dict(pool.map(withdraw, sorted(keys, key=moments.__getitem__)))


def begun_after(
    begun: Mapping[str, Sequence[float]], confirmed: Mapping[str, float]
) -> dict[str, float]:
    """Seconds between the confirmation and a MAIL FROM that came after it, by address."""
    return {
        address: max(moments) - confirmed[key]
        for key in confirmed
        if (moments := begun.get(address := f"{key}@example.com")) and max(moments) > confirmed[key]
    }
