"""The mail of `bench send` as many write it in Python: Jinja2, `EmailMessage`, smtplib.

Each thread keeps a connection to the mail server and one to the database. What is to be sent is read
there by its number, as the guides of Dramatiq and Celery have it (messages carry an id and no
record), and its row gets its status once the mail was taken.
"""

import os
import smtplib
import threading
from email.message import EmailMessage
from typing import Any

import psycopg
from jinja2 import DictLoader, Environment, select_autoescape
from psycopg.rows import dict_row

from bench.send.project import BRAND, HTML, SENDER, SUBJECT, TEXT

SMTP_HOST, SMTP_PORT = "127.0.0.1", int(os.environ["PEERS_SMTP_PORT"])
BROKER_URL = os.environ["PEERS_BROKER_URL"]
_TEMPLATES = Environment(
    loader=DictLoader({"subject.txt": SUBJECT, "body.txt": TEXT, "body.html": HTML}),
    autoescape=select_autoescape(["html"]),
)
_TEMPLATES.globals["brand"] = BRAND
_READ = "SELECT * FROM mails WHERE number = %s AND status = 'queued'"
_SENT = "UPDATE mails SET status = 'sent', at = clock_timestamp() WHERE number = %s"
_kept = threading.local()


def send(number: int) -> None:
    """Send one customer their mail unless it was sent, and write down that it was taken."""
    database = _database()
    customer = database.execute(_READ, (number,)).fetchone()
    if customer is None:
        return
    _smtp().send_message(message_to(customer))
    database.execute(_SENT, (number,))


def message_to(customer: dict[str, Any]) -> EmailMessage:
    """The mail to one customer, filled in."""
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = customer["recipient"]
    message["Subject"] = _TEMPLATES.get_template("subject.txt").render(customer)
    message["List-Unsubscribe"] = f"<{customer['unsubscribe_url']}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_TEMPLATES.get_template("body.txt").render(customer))
    html = _TEMPLATES.get_template("body.html").render(customer)
    message.add_alternative(html, subtype="html")
    return message


def _smtp() -> smtplib.SMTP:
    if not hasattr(_kept, "smtp"):
        _kept.smtp = smtplib.SMTP(SMTP_HOST, SMTP_PORT)
    found: smtplib.SMTP = _kept.smtp
    return found


def _database() -> "psycopg.Connection[dict[str, Any]]":
    if not hasattr(_kept, "database"):
        url = os.environ["PEERS_DATABASE_URL"]
        _kept.database = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    found: psycopg.Connection[dict[str, Any]] = _kept.database
    return found
