"""A project with one campaign that customers are on their way through, as its commands drive it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from commands import Answer, outreach_here, sample_project
from sqlalchemy import Engine, select

from outreach.store.engine import reading
from outreach.store.tables import customers, deliveries, enrolments

COMPANY = """\
brand: {name: Muster, postal_address: 1 Example Street, timezone: Europe/Berlin}
topics: {greetings: {title: Greetings}}
lifecycle: given
cadence: none
quiet_hours: none
channels: {email: {from: us@example.com}}
"""
CUSTOMERS = """\
key,first_name,email,timezone,country,tier,consent.email.greetings
ann,Ann,ann@example.com,Europe/Berlin,DE,A,yes
bob,Bob,bob@example.com,Europe/Berlin,DE,B,yes
"""
HEAD = """\
title: A way
owner: mei@example.com
topic: greetings
status: active
audience: everyone
"""
ZONE = ZoneInfo("Europe/Berlin")
KEY = "0123456789abcdefghijklmnopqrstuv"
BEGIN = "2026-07-01T08:00"  # a Wednesday, company time: the campaign becomes active


@dataclass
class Way:
    """The project, and the database that it is in."""

    project: Path
    engine: Engine

    @property
    def url(self) -> str:
        """The database as a setting."""
        return self.engine.url.render_as_string(hide_password=False)

    def call(self, now: str, *words: object) -> Answer:
        """A command at an instant."""
        settings = {"database_url": self.url, "secret_key": KEY, "erasure_key": KEY}
        return outreach_here(self.project, *words, "--now", now, **settings)

    def campaign(self, text: str, head: str = HEAD) -> None:
        """Write the campaign's file."""
        (self.project / "campaigns/way.yaml").write_text(head + text)

    def run(self, *instants: str) -> None:
        """A scheduler and a worker at each of these instants, until nothing is due."""
        for now in instants:
            answer = self.call(now, "run", "--until-idle")
            assert answer.code == 0, answer.err

    def events(self, now: str, *lines: str) -> None:
        """Take events in: `key,kind,at,amount`, instants by company time."""
        path = self.project / "e.csv"
        path.write_text("\n".join(("key,kind,at,amount", *(f"{each}," for each in lines))))
        assert self.call(now, "events", "import", "e.csv").code == 0

    def happens(self, now: str, what: Mapping[str, Any]) -> None:
        """An event of ann's, or a stage that she comes to."""
        if "event" in what:
            dated = what.get("dated", now)
            self.events(now, f"ann,{what['event']},{dated},{what.get('amount', '')}")
        else:
            self._stage(now, what["stage"])

    def _stage(self, now: str, stage: str) -> None:
        (self.project / "s.csv").write_text(f"key,stage\nann,{stage}\n")
        answer = self.call(now, "customers", "import", "s.csv")
        assert answer.code == 0, answer.err

    def messages_at(self, key: str = "ann") -> list[str]:
        """A customer's deliveries in order: step, company time for which it was planned, variant, reason."""
        d = deliveries.c
        query = select(d.step, d.state, d.reason, d.planned_at, d.variant)
        query = query.join(customers, customers.c.id == d.customer_id)
        with reading(self.engine) as conn:
            found = conn.execute(query.where(customers.c.key == key).order_by(d.id)).all()
        return [
            f"{step} {at.astimezone(ZONE):%Y-%m-%dT%H:%M}"
            + ("" if variant is None else f" {variant}")
            + ("" if state == "sent" else f" {reason or state}")
            for step, state, reason, at, variant in found
        ]

    def messages(self, key: str = "ann") -> list[str]:
        """A customer's deliveries in order: `step`, or `step reason`, at the instant planned."""
        query = (
            select(deliveries.c.step, deliveries.c.state, deliveries.c.reason)
            .join(customers, customers.c.id == deliveries.c.customer_id)
            .where(customers.c.key == key)
            .order_by(deliveries.c.id)
        )
        with reading(self.engine) as conn:
            rows = conn.execute(query).all()
        return [
            step if state == "sent" else f"{step} {reason or state}" for step, state, reason in rows
        ]

    def ways(self, key: str = "ann") -> list[str]:
        """How a customer's enrolments stand, in order: their ending, else `under way`."""
        query = select(enrolments.c.ended_as).join(
            customers, customers.c.id == enrolments.c.customer_id
        )
        with reading(self.engine) as conn:
            found = conn.execute(query.where(customers.c.key == key).order_by(enrolments.c.id))
            return [each or "under way" for each in found.scalars()]


def a_way(
    folder: Path,
    engine: Engine,
    text: str,
    head: str = HEAD,
    customer: Mapping[str, str | None] = MappingProxyType({}),
    before: Sequence[str] = (),
    rules: str = "",
) -> Way:
    """Two customers, and a campaign that has just become active.

    `customer`: columns of ann's; `before`: events from before that; `rules`: more of outreach.yaml.
    """
    way = Way(sample_project(folder / "project"), engine)
    for path in (way.project / "campaigns").iterdir():
        path.unlink()
    (way.project / "outreach.yaml").write_text(COMPANY + rules)
    (way.project / "c.csv").write_text(CUSTOMERS)
    (way.project / "templates/note").mkdir()
    (way.project / "templates/note/subject.txt").write_text("A note")
    body = "Hello\n\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
    (way.project / "templates/note/body.txt").write_text(body)
    if "variants:" in text:
        (way.project / "templates/note/warm").mkdir()
        (way.project / "templates/note/warm/subject.txt").write_text("A warm note")
    way.campaign(text, head)
    taken = way.call(BEGIN, "customers", "import", "c.csv", "--consent-source", "form")
    assert taken.code == 0, taken.err
    if customer:
        cells = ",".join(each or "" for each in customer.values())
        (way.project / "a.csv").write_text(f"key,{','.join(customer)}\nann,{cells}\n")
        assert way.call(BEGIN, "customers", "import", "a.csv").code == 0
    if before:
        way.events(BEGIN, *before)
    way.run(BEGIN)
    return way
