"""A project that has sent mails and texts with public links, and the site behind them."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from unittest.mock import patch

from commands import NOW, outreach_here, sample_project
from starlette.testclient import TestClient

from outreach.app.context import open_context
from outreach.app.site import open_site
from outreach.web.application import make_application

URL = "http://127.0.0.1:8000"
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
AUTH_TOKEN = "an-auth-token"
SETTINGS = {"public_url": URL, "secret_key": KEY, "twilio_auth_token": AUTH_TOKEN}
BEFORE = "2026-07-03T08:00"
LATER = "2026-07-10T17:00"
BOB, CAT = "+12025550102", "+12025550103"
PEOPLE = f"""\
key,first_name,email,phone,timezone,country,consent.email.greetings,consent.sms.greetings
ann,Ann,ann@example.com,,America/New_York,US,yes,
bob,Bob,bob@example.com,{BOB},America/New_York,US,yes,yes
cat,Cat,cat@example.com,{CAT},America/New_York,US,yes,
"""
ORDERS = "key,kind,at,amount,id\n" + "".join(
    f"{key},order,2026-06-20T10:00,25.00,o-{key}\n" for key in ("ann", "bob", "cat")
)


def mailed(folder: Path) -> Path:
    """Ann and Cat agreed to mail and got one, messages 1 and 3; Bob, to texts too, got a text."""
    project = sample_project(folder / "project")
    bring(project, "customers", PEOPLE, BEFORE)
    bring(project, "events", ORDERS, BEFORE)
    assert run(project, NOW) == 3
    return project


def copied(project: Path, folder: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(project, folder / "copy")


def bring(project: Path, kind: str, text: str, now: str) -> None:
    """Import rows of a kind."""
    (project / "rows.csv").write_text(text)
    source = ("--consent-source", "shop form") if kind == "customers" else ()
    answer = outreach_here(project, kind, "import", "rows.csv", *source, "--now", now, **SETTINGS)
    assert answer.code == 0, answer.out + answer.err


def run(project: Path, now: str) -> int:
    """Send what is due; how many went out."""
    answer = outreach_here(project, "run", "--until-idle", "--json", "--now", now, **SETTINGS)
    return int(answer.json["sent"])


def plan(project: Path, now: str = LATER) -> Any:
    """The plan of the next greeting."""
    words = ("plan", "weekly-greeting", "--at", now, "--now", now, "--json")
    return outreach_here(project, *words, **SETTINGS).json


def rows(project: Path, query: str) -> list[Any]:
    """What the project's database answers."""
    with closing(sqlite3.connect(project / ".outreach/outreach.db")) as conn:
        return conn.execute(query).fetchall()


def noes(project: Path) -> list[Any]:
    """What was said no to, at which address, and whose numbers are stopped."""
    return [
        *rows(project, "SELECT channel, topic, address FROM refusals ORDER BY 1, 2, 3"),
        *rows(project, "SELECT channel, reason, address FROM suppressions ORDER BY 1, 2, 3"),
    ]


def mail(project: Path, number: int = 1) -> Message:
    """A mail as it was sent."""
    path = project / f".outreach/outbox/email/0/{number}.eml"
    return message_from_bytes(path.read_bytes())


def link(project: Path, number: int = 1) -> str:
    """The path of a mail's one-click address."""
    return str(mail(project, number)["List-Unsubscribe"]).strip("<>").removeprefix(URL)


@contextmanager
def site(project: Path, now: str = "2026-07-04T12:00", keys: str = KEY) -> Iterator[TestClient]:
    """A browser for the project's pages."""
    settings = {f"OUTREACH_{n.upper()}": v for n, v in (SETTINGS | {"secret_key": keys}).items()}
    with patch.dict("os.environ", settings):
        context = open_context(project, now)
    with TestClient(make_application(open_site(context))) as client:
        yield client
    context.close()
