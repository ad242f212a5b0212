"""A world in which one message fails and falls over: plan, claim, providers and receipts as they are."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatching import Told
from falling_meanings import Row
from makers import NOW, grant, make_customer, make_delivery, make_run, withdraw
from sqlalchemy import Engine, func, select, update

from outreach.campaign.check import load_project
from outreach.campaign.pinned import pinned_files
from outreach.channels.adapter import Message, Outcome
from outreach.clock import FrozenClock, Instants
from outreach.decisions.candidate import Scope
from outreach.decisions.loading import Rulings
from outreach.dispatch.expiry import Expiry
from outreach.dispatch.letters import ProjectRulebook, Signer
from outreach.planning.run import plan_run
from outreach.store import runs
from outreach.store.endings import cancel_open
from outreach.store.engine import reading, writing
from outreach.store.receipts import Receipt, receive
from outreach.store.revisions import save_company, save_revision
from outreach.store.tables import customers, deliveries, fallbacks
from outreach.vocabulary import Answer, Fault, ReceiptKind, RunKind, RunState
from outreach.worker import Duty, run_until_idle

COMPANY: dict[str, Any] = {
    "brand": {"name": "Muster", "postal_address": "1 Example Street", "timezone": "Europe/Berlin"},
    "public_url": "https://example.com",
    "topics": {"greetings": {"title": "Greetings"}},
    "channels": {"email": {"from": "us@example.com"}, "sms": {"from": "+12025550123"}},
}
TEMPLATES = {
    "templates/hello/subject.txt": b"Hello",
    "templates/hello/body.html": (
        b'<p>Hello</p><p>{{ brand.postal_address }}</p><a href="{{ unsubscribe_url }}">no more</a>'
    ),
    "templates/hello/sms.txt": b"Hello",
}
ANSWERS = {
    "accepted": (Answer.ACCEPTED, Fault.NONE),
    "refused": (Answer.REJECTED, Fault.POLICY),
    "no such address": (Answer.REJECTED, Fault.ADDRESS),
    "opted out": (Answer.REJECTED, Fault.OPTED_OUT),
    "later": (Answer.RETRY, Fault.TEMPORARY),
    "unanswered": (Answer.UNKNOWN, Fault.NONE),
}
MIDNIGHT = NOW - timedelta(hours=11)  # of the day in Berlin


def at(clock: str) -> datetime:
    """An instant of the day."""
    hours, minutes = clock.split(":")
    return MIDNIGHT + timedelta(hours=int(hours), minutes=int(minutes))


class World:
    """One customer, one campaign and two channels whose providers say what a row says."""

    def __init__(self, engine: Engine, row: Row) -> None:
        self.engine, self.row = engine, row
        self.now = NOW
        self.answers: Mapping[str, Any] = {}
        self.tried: list[str] = []
        steps = [{"id": "greet", "channels": list(row.channels), "template": "hello"}]
        campaign = {
            "title": "Hello", "owner": "mei@example.com", "topic": "greetings", "status": "active",
            "audience": {"tier": "A"}, "schedule": {"manual": True, "late": row.late},
            "steps": steps,
        }  # fmt: skip
        written = {"outreach.yaml": COMPANY | dict(row.company), "campaigns/one.yaml": campaign}
        self.files = {name: json.dumps(text).encode() for name, text in written.items()} | TEMPLATES
        loaded = load_project(self.files)
        assert loaded.company is not None, loaded.problems
        assert loaded.campaigns, loaded.problems
        self.company, self.campaign = loaded.company, loaded.campaigns["one"]
        self.rulings = Rulings()
        with writing(engine) as conn:
            save_company(conn, {"outreach.yaml": self.files["outreach.yaml"]}, NOW)
            self.customer = make_customer(conn, "ann", **row.customer)
            for channel in row.consents:
                grant(conn, self.customer, channel)
            for touch in row.touches_before:
                self.touch(conn, *touch.split())
        self.run_id = self.plan()

    def touch(self, conn: Any, clock: str, channel: str) -> None:
        """Another campaign's message, sent."""
        run_id = runs_of_others(conn, at(clock))
        make_delivery(conn, self.customer, run_id=run_id, channel=channel, at=at(clock))

    def plan(self) -> int:
        """Plan the run; its id."""
        with writing(self.engine) as conn:
            pinned = pinned_files(self.campaign, self.files, self.company)
            revision = save_revision(conn, "one", pinned, NOW)
            channels = self.campaign.steps[0].channels
            new = runs.NewRun(
                revision.campaign_id, revision.id, RunKind.MANUAL, NOW, 50, NOW, channels=channels
            )
            run_id = runs.make_run(conn, new)
            assert run_id is not None
            run = runs.run_by_id(conn, run_id)
        assert run is not None
        with reading(self.engine) as conn:
            ruling = self.rulings.load(conn, revision.id)
        plan_run(self.engine, run, ruling, Scope(run_at=NOW, run_id=run_id), "test", NOW)
        return run_id

    def happens(self, event: Mapping[str, Any]) -> None:
        """What comes in at an instant; then workers and the scheduler's sweep of what is late."""
        self.now, self.answers = at(event["at"]), event
        with writing(self.engine) as conn:
            if "touch" in event:
                self.touch(conn, event["at"], event["touch"])
            if "withdrawn" in event:
                withdraw(conn, self.customer, event["withdrawn"], at=self.now)
            if "tier" in event:
                conn.execute(update(customers).values(tier=event["tier"]))
            if "cancelled" in event:
                assert runs.move_run(conn, self.run_id, RunState.CANCELLED, tuple(RunState))
                cancel_open(conn, self.run_id, 10)
            if "receipt" in event:
                self.receipt(conn, *event["receipt"].split())
        with writing(self.engine) as conn:
            runs.finish_runs(conn, self.now)
        self.send()
        Expiry()(self.engine, self.now)

    def receipt(self, conn: Any, channel: str, kind: str) -> None:
        """What a provider says later."""
        said = Receipt(channel, ReceiptKind(kind), self.now, "test", self.standing().id)
        receive(conn, [said], Instants(self.now, self.now))

    @property
    def rulebook(self) -> ProjectRulebook:
        """What workers decide and write by."""
        return ProjectRulebook(self.rulings.load, Signer(["k" * 40], "https://example.com"))

    def send(self) -> None:
        """A worker, until nothing is due."""
        channels, clock = sorted(self.company.channels), FrozenClock(self.now)
        run_until_idle(Duty(self.engine, clock, self.rulebook, lambda _: Told(self.say), channels))

    def say(self, message: Message) -> Outcome:
        """What the channel's provider answers."""
        word = self.answers.get(message.channel, "accepted")
        local = self.now - MIDNIGHT
        self.tried.append(f"{str(local)[:-3].zfill(5)} {message.channel} {word}")
        return Outcome(message.id, *ANSWERS[word], provider_id=f"p-{message.channel}")

    def standing(self) -> Any:
        """The delivery's row."""
        query = select(deliveries).where(deliveries.c.run_id == self.run_id)
        with reading(self.engine) as conn:
            return conn.execute(query).one()

    def ends(self) -> str:
        """How the message stands, and why no other channel took over."""
        row = self.standing()
        with reading(self.engine) as conn:
            stopped = conn.execute(select(fallbacks.c.stopped)).scalars().all()
        why = next((f"; no other: {each}" for each in stopped if each), "")
        return f"{row.state} by {row.channel}{why}"

    def touches(self) -> int:
        """How many touches caps count."""
        d = deliveries.c
        with reading(self.engine) as conn:
            query = select(func.count()).where(d.slot_at.is_not(None), d.firm)
            return int(conn.execute(query).scalar_one())


def runs_of_others(conn: Any, instant: datetime) -> int:
    """A run of another campaign."""
    return make_run(conn, "another", occurrence_at=instant, state="done")
