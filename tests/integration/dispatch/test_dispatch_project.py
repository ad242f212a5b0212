"""Planned by the real chain, rendered by real templates, captured as files: the whole way."""

from datetime import timedelta
from pathlib import Path

import pytest
from dispatching import states
from makers import NOW, grant, make_customer, make_delivery, suppress, withdraw
from sqlalchemy import Engine, func, select

from outreach.campaign.check import load_project
from outreach.campaign.pinned import pinned_files
from outreach.channels.capture.adapter import CaptureAdapter
from outreach.clock import FrozenClock
from outreach.decisions.candidate import Scope
from outreach.decisions.loading import Rulings
from outreach.dispatch.letters import ProjectRulebook, Signer
from outreach.planning.run import plan_run
from outreach.settings.environment import Environment
from outreach.store import runs
from outreach.store.engine import reading, writing
from outreach.store.revisions import save_company, save_revision
from outreach.store.tables import attempts, customers, deliveries
from outreach.vocabulary import RunKind
from outreach.worker import Duty, run_until_idle

COMPANY = b"""
brand: {name: Muster, postal_address: "1 Example Street", timezone: Europe/Berlin}
public_url: https://example.com
topics: {greetings: {title: Greetings}}
cadence: [{at_most: 1, per: 7 days}]
quiet_hours: none
channels: {email: {from: "Muster <us@example.com>"}, sms: {from: "+12025550123"}}
"""
CAMPAIGN = b"""
title: Hello
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {manual: true}
steps: [{id: greet, channels: [sms, email], template: hello}]
"""
TEMPLATES = {
    "templates/hello/subject.txt": b"Hello {{ first_name }}",
    "templates/hello/body.html": (
        b"<p>Hello {{ first_name }}</p><p>{{ brand.postal_address }}</p>"
        b'<a href="{{ unsubscribe_url }}">no more</a>'
    ),
    "templates/hello/sms.txt": b"Hello {{ first_name }}",
}
FILES = {
    "outreach.yaml": COMPANY,
    "campaigns/one.yaml": CAMPAIGN,
    "campaigns/two.yaml": CAMPAIGN,
    **TEMPLATES,
}


class World:
    """A project in a database, its rulebook and its outbox."""

    def __init__(self, engine: Engine, folder: Path, files: dict[str, bytes] | None = None) -> None:
        self.engine = engine
        self.files = files or FILES
        self.environment = Environment(project=folder)
        self.rulings = Rulings()
        loaded = load_project(self.files)
        assert loaded.company is not None, loaded.problems
        self.company = loaded.company
        self.campaigns = loaded.campaigns
        with writing(engine) as conn:
            save_company(conn, {"outreach.yaml": COMPANY}, NOW)

    def plan(self, name: str) -> None:
        campaign = self.campaigns[name]
        with writing(self.engine) as conn:
            pinned = pinned_files(campaign, self.files, self.company)
            revision = save_revision(conn, name, pinned, NOW)
            new = runs.NewRun(revision.campaign_id, revision.id, RunKind.MANUAL, NOW, 50, NOW)
            run_id = runs.make_run(conn, new)
            assert run_id is not None
            run = runs.run_by_id(conn, run_id)
        assert run is not None
        with reading(self.engine) as conn:
            ruling = self.rulings.load(conn, revision.id)
        plan_run(self.engine, run, ruling, Scope(run_at=NOW, run_id=run_id), "test", NOW)

    def send(self, later: timedelta = timedelta()) -> dict[str, int]:
        rulebook = ProjectRulebook(self.rulings.load, Signer(["k" * 40], "https://example.com"))
        duty = Duty(
            self.engine,
            FrozenClock(NOW + later),
            rulebook,
            lambda channel: CaptureAdapter(channel, self.company, self.environment),
            ["email", "sms"],
        )
        return run_until_idle(duty)

    def captured(self, channel: str) -> list[Path]:
        return sorted((self.environment.state / "outbox" / channel).glob("*/*"))


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    with writing(engine) as conn:
        for number in range(30):
            phone = f"+12025550{number:03}" if number % 3 == 0 else None
            customer = make_customer(
                conn, f"k{number}", email=f"k{number}@example.com", phone=phone
            )
            if number % 5:
                grant(conn, customer, "email")
            if phone:
                grant(conn, customer, "sms")
    return World(engine, tmp_path)


def test_a_run_goes_out_once_on_the_channel_that_was_decided(world: World) -> None:
    world.plan("one")

    counts = world.send()
    again = world.send()

    assert counts == {"sent": 26}
    assert again == {}
    assert (len(world.captured("sms")), len(world.captured("email"))) == (10, 16)
    assert states(world.engine) == {"sent": 26, "skipped": 4}


def test_a_mail_carries_its_links_and_the_id_that_its_row_says(world: World) -> None:
    world.plan("one")
    world.send()

    text = world.captured("email")[0].read_text()
    number = int(world.captured("email")[0].stem)
    with reading(world.engine) as conn:
        row = conn.execute(select(deliveries).where(deliveries.c.id == number)).one()
    assert f"Message-ID: {row.message_id}" in text
    assert "List-Unsubscribe: <https://example.com/u/" in text
    assert row.consent_id is not None
    assert row.address in text


def test_what_changed_since_the_plan_is_decided_again(world: World) -> None:
    world.plan("one")
    with writing(world.engine) as conn:
        found = conn.execute(
            select(deliveries.c.customer_id, deliveries.c.address)
            .where(deliveries.c.state == "due", deliveries.c.channel == "email")
            .order_by(deliveries.c.id)
        ).all()
        withdraw(conn, found[0].customer_id)
        suppress(conn, "email", found[1].address)

    assert world.send() == {"sent": 24, "skipped": 2}
    with reading(world.engine) as conn:
        reasons = conn.execute(
            select(deliveries.c.reason)
            .where(deliveries.c.customer_id.in_([row.customer_id for row in found[:2]]))
            .order_by(deliveries.c.customer_id)
        ).scalars()
        assert list(reasons) == ["consent_withdrawn", "suppressed"]


def test_who_lost_the_first_channel_gets_it_on_the_next(world: World) -> None:
    world.plan("one")
    with writing(world.engine) as conn:
        customer, phone = conn.execute(
            select(deliveries.c.customer_id, deliveries.c.address)
            .where(deliveries.c.channel == "sms", deliveries.c.customer_id % 5 != 1)
            .order_by(deliveries.c.id)
            .limit(1)
        ).one()
        suppress(conn, "sms", phone)

    assert world.send() == {"sent": 26}
    with reading(world.engine) as conn:
        row = conn.execute(select(deliveries).where(deliveries.c.customer_id == customer)).one()
    assert (row.state, row.channel) == ("sent", "email")
    assert row.address.endswith("@example.com")


def test_two_campaigns_never_go_over_the_cap(world: World) -> None:
    world.plan("one")
    world.plan("two")

    world.send()

    with reading(world.engine) as conn:
        touches = select(func.count().label("n")).where(deliveries.c.firm)
        counted = touches.group_by(deliveries.c.customer_id).subquery()
        assert conn.execute(select(func.max(counted.c.n))).scalar_one() == 1
        assert conn.execute(select(func.count()).select_from(attempts)).scalar_one() == 26


def test_what_did_not_get_out_in_time_expires(world: World) -> None:
    world.plan("one")

    assert world.send(later=timedelta(hours=25)) == {"expired": 26}
    assert world.captured("email") == []


def test_a_message_tells_of_the_contact_before_it_not_of_itself(
    world: World, tmp_path: Path
) -> None:
    with writing(world.engine) as conn:
        for id_ in conn.execute(select(customers.c.id)).scalars().all():
            make_delivery(conn, id_, at=NOW - timedelta(days=30))
    since = b"{{ last_contact_at|date('yyyy-MM-dd') }}"
    files = FILES | {
        name: text.replace(b"Hello {{ first_name }}", b"Not since " + since)
        for name, text in TEMPLATES.items()
    }
    told = World(world.engine, tmp_path, files)
    told.plan("one")

    told.send()

    texts = [told.captured(channel)[0].read_text() for channel in ("email", "sms")]
    assert ["Not since 2026-06-03" in text for text in texts] == [True, True]
