"""What most people would write: a Dramatiq actor that sends a mail and returns.

As Dramatiq's guide shows it: the Redis broker, its middleware and its retries as they are. Run it
with `dramatiq bench.peers.plain_dramatiq`.
"""

import os
import smtplib
from email.message import EmailMessage

import dramatiq
from dramatiq.brokers.redis import RedisBroker

HOST, PORT = os.environ.get("PLAIN_SMTP", "127.0.0.1:25").split(":")
BROKER_URL = os.environ.get("PLAIN_BROKER_URL", "redis://127.0.0.1")
dramatiq.set_broker(RedisBroker(url=BROKER_URL))  # type: ignore[no-untyped-call]


@dramatiq.actor
def send_mail(number: int) -> None:
    """Send one customer their mail."""
    message = EmailMessage()
    message["From"] = "bench@example.com"
    message["To"] = f"customer.{number}@example.com"
    message["Subject"] = "Have a good weekend"
    message["Message-ID"] = f"<{number}@plain.example.com>"
    message.set_content("Hello, have a good weekend.")
    with smtplib.SMTP(HOST, int(PORT)) as server:
        server.send_message(message)
