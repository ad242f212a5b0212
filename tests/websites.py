"""A site on a test's database, asked within the process: no port, no wait for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from makers import NOW
from sqlalchemy import Connection, Engine, select
from starlette.testclient import TestClient

from outreach import tokens
from outreach.app.site import Rules, Site
from outreach.clock import FrozenClock
from outreach.store.engine import reading, writing
from outreach.store.revisions import save_company
from outreach.store.tables import consent_states, consents, refusals, suppressions
from outreach.tokens import Purpose
from outreach.web.application import make_application

KEYS = ("rT4!mQ8zLw2#pX6vNc9@bH3kYs7&dF1g",)
URL = "https://out.example.com"
AUTH_TOKEN = "twilio-auth-token"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
RULES = b"""\
brand: {name: Harbour Tea, postal_address: 1 Quay, phone: "+1 202-555-0142", country: US}
topics:
  greetings: {title: Greetings}
  offers: {title: Offers}
  service: {title: Your orders, transactional: true}
channels:
  sms: {from: "+12025550143", stop_words: [stopp, "\xe9\x80\x80\xe8\xae\xa2", arr\xc3\xaat]}
"""


@dataclass
class Website:
    """A site and a browser for it; `now` may be moved on."""

    engine: Engine
    client: TestClient
    site: Site

    def token(self, delivery_id: int, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
        """The token of a delivery's links."""
        return tokens.sign(KEYS, purpose, delivery_id)


@dataclass
class MovingClock:
    """A clock that a test moves on."""

    at: datetime = field(default=NOW)

    def now(self) -> datetime:
        """The instant it stands at."""
        return FrozenClock(self.at).now()


@contextmanager
def website(engine: Engine, clock: MovingClock | None = None, url: str = URL) -> Iterator[Website]:
    """The site of a project with two topics that need a yes."""
    with writing(engine) as conn:
        save_company(conn, {"outreach.yaml": RULES}, NOW)
    site = Site(engine, clock or MovingClock(), KEYS, Rules(engine), url, AUTH_TOKEN)
    with TestClient(make_application(site), base_url="http://testserver") as client:
        yield Website(engine, client, site)


def ledger(engine: Engine) -> list[Any]:
    """Every word of consent, in order: (customer id, channel, topic, state, source)."""
    t = consents.c
    with reading(engine) as conn:
        query = select(t.customer_id, t.channel, t.topic, t.state, t.source).order_by(t.id)
        return [tuple(row) for row in conn.execute(query)]


def stands(engine: Engine, customer_id: int, channel: str = "email") -> dict[str, str]:
    """The last word of a customer on a channel, by topic."""
    t = consent_states.c
    with reading(engine) as conn:
        query = select(t.topic, t.state).where(t.customer_id == customer_id, t.channel == channel)
        return dict(conn.execute(query).all())


def refused(engine: Engine) -> set[tuple[str, str, str]]:
    """The noes that hold for addresses: (channel, address, topic)."""
    t = refusals.c
    with reading(engine) as conn:
        return {tuple(row) for row in conn.execute(select(t.channel, t.address, t.topic))}


def stopped(engine: Engine) -> dict[str, str]:
    """Suppressed addresses and why."""
    t = suppressions.c
    with reading(engine) as conn:
        return dict(conn.execute(select(t.address, t.reason)).all())


def everything(engine: Engine) -> list[Any]:
    """All that feedback can change, to be compared."""
    from outreach.store import tables

    with reading(engine) as conn:
        return [_rows(conn, getattr(tables, name)) for name in _CHANGED]


_CHANGED = (
    "consents", "consent_states", "refusals", "suppressions", "further_suppressions", "events",
    "receipts", "deliveries", "customers", "inbound_messages", "audit",
)  # fmt: skip


def _rows(conn: Connection, table: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in conn.execute(select(table))), key=repr)
