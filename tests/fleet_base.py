"""The project that a fleet works for, in a database that is emptied for each of its histories."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from makers import NOW, grant, make_customer
from sqlalchemy import Engine, delete, event
from sqlalchemy.exc import OperationalError

from outreach.campaign.check import load_project
from outreach.campaign.pinned import pinned_files
from outreach.decisions.loading import Rulings
from outreach.dispatch.letters import ProjectRulebook, Signer
from outreach.store import tables
from outreach.store.engine import writing
from outreach.store.revisions import save_company, save_revision
from outreach.store.sharing import mark_sharing

CAP, WINDOW = 1, timedelta(hours=36)
COMPANY = b"""
brand: {name: Muster, postal_address: "1 Example Street", timezone: UTC}
public_url: https://example.com
topics:
  greetings: {title: Greetings}
  orders: {title: Orders, transactional: true}
cadence: [{at_most: 1, per: 36 hours}]
quiet_hours: none
channels: {email: {from: "Muster <us@example.com>"}}
"""
CAMPAIGN = """
title: Hello
owner: mei@example.com
topic: %s
status: active
audience: everyone
schedule: {manual: true}
on_unknown: %s
steps: [{id: greet, channels: [email], template: hello}]
"""
FILES = {
    "outreach.yaml": COMPANY,
    "campaigns/one.yaml": (CAMPAIGN % ("greetings", "keep")).encode(),
    "campaigns/two.yaml": (CAMPAIGN % ("greetings", "keep")).encode(),
    "campaigns/order.yaml": (CAMPAIGN % ("orders", "resend")).encode(),
    "templates/hello/subject.txt": b"Hello",
    "templates/hello/body.html": (
        b'<p>Hello</p><p>{{ brand.postal_address }}</p><a href="{{ unsubscribe_url }}">no more</a>'
    ),
}
TOPICS = {"one": "greetings", "two": "greetings", "order": "orders"}
PEOPLE = {
    "a": "ada@example.com",
    "b": "bo@example.com",
    "c": "bo@example.com",
    "d": "d@example.com",
}
EMPTIED = (
    tables.receipts, tables.attempts, tables.deliveries, tables.runs, tables.suppressions,
    tables.further_suppressions, tables.refusals, tables.consent_states, tables.consents,
    tables.run_answers, tables.workers, tables.customers,
)  # fmt: skip


class WouldWaitError(Exception):
    """Raised when another transaction has locked what is needed: nothing was done."""


class Base:
    """A database with a project's rules and campaigns, emptied for each history."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        if engine.dialect.name == "postgresql":
            event.listen(engine, "connect", _never_wait_long)
        loaded = load_project(FILES)
        assert loaded.company is not None, loaded.problems
        self.revisions: dict[str, int] = {}
        with writing(engine) as conn:
            save_company(conn, {"outreach.yaml": COMPANY}, NOW)
            for name, campaign in loaded.campaigns.items():
                pinned = pinned_files(campaign, FILES, loaded.company)
                self.revisions[name] = save_revision(conn, name, pinned, NOW).id
        self.rulings = Rulings()
        signer = Signer(["k" * 40], "https://example.com")
        self.rulebook = ProjectRulebook(self.rulings.load, signer)

    def begin_anew(self) -> dict[str, int]:
        """Leave nothing of the history before; the ids of the customers."""
        with writing(self.engine) as conn:
            for table in EMPTIED:
                conn.execute(delete(table))
            ids = {key: make_customer(conn, key, email=email) for key, email in PEOPLE.items()}
            mark_sharing(conn, "email", list(PEOPLE.values()))
            for id_ in ids.values():
                for topic in ("greetings", "orders"):
                    grant(conn, id_, topic=topic)
        return ids


def _never_wait_long(connection: Any, _: object) -> None:
    connection.execute("SET lock_timeout = '15ms'")
    connection.commit()


@contextmanager
def would_wait() -> Iterator[None]:
    """Tell a lock that was not to be had from every other error."""
    try:
        yield
    except OperationalError as error:
        if type(error.orig).__name__ != "LockNotAvailable":
            raise
        raise WouldWaitError from error
