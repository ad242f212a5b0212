"""Every row of docs/meanings/floors.yaml, on both databases, through what the tick does."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from floor_meanings import PATH, Seen, Story, page, stories
from makers import make_customer, make_delivery, withdraw
from sqlalchemy import Connection, Engine, select, update

from outreach.owed.floors import end_touched, look_at_floors
from outreach.owed.rounds import go_round
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE, load_company
from outreach.store import tasks
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.events import Event, add_events
from outreach.store.merging import merge
from outreach.store.revisions import save_company
from outreach.store.sharing import mark_sharing
from outreach.store.tables import customers, deliveries
from outreach.store.tables import tasks as table
from outreach.vocabulary import State, TaskState

BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = -400  # days


@pytest.mark.parametrize("story", stories(), ids=str)
def test_who_had_no_touch_is_a_task(engine: Engine, now: datetime, story: Story) -> None:
    world = World(now)
    with writing(engine) as conn:
        company = written(conn, story.company, now)
        for key, about in story.customers.items():
            world.make(conn, key, about)
        mark_sharing(conn, "email", ["ann@example.com"])
    found = []

    for seen in story.days:
        with writing(engine) as conn:
            for each in seen.happens:
                world.let(conn, each, world.at(seen))
        look(engine, company, world.at(seen, "00:05"), world.at(seen))
        assert not look(engine, company, world.at(seen, "00:05"), world.at(seen))
        found.append(stands(engine, world.ids))

    assert found == [seen.tasks for seen in story.days]


def look(engine: Engine, company: Company, morning: datetime, now: datetime) -> int:
    ended = end_touched(engine, company, now)
    new = look_at_floors(engine, company, morning, now)
    return ended + new + go_round(engine, company, now).given


def written(conn: Connection, rules: dict[str, object], at: datetime) -> Company:
    """The company with these rules in outreach.yaml."""
    content = json.dumps(rules).encode()
    company, problems = load_company(content)
    assert company is not None, problems
    save_company(conn, {COMPANY_FILE: content}, at)
    return company


def stands(engine: Engine, ids: dict[str, int]) -> tuple[str, ...]:
    """Every task, by its customer's first key."""
    names = {id_: key for key, id_ in ids.items()}
    with reading(engine) as conn:
        query = select(table.c.customer_id, table.c.state, table.c.owner)
        return tuple(
            f"{names[row.customer_id]} {row.state}" + ("" if row.owner else " for nobody")
            for row in conn.execute(query.order_by(table.c.id))
        )


class World:
    """Who there is, and what happens to them; days count from that of `now`."""

    def __init__(self, now: datetime) -> None:
        self.first = now.astimezone(BERLIN).date()
        self.ids: dict[str, int] = {}

    def at(self, seen: Seen, clock: str | None = None) -> datetime:
        return self.instant(seen.day, clock or seen.time)

    def instant(self, day: int, clock: str = "12:00") -> datetime:
        local = datetime.combine(
            self.first + timedelta(days=day), time.fromisoformat(clock), BERLIN
        )
        return local.astimezone(UTC)

    def make(self, conn: Connection, key: str, about: dict[str, Any]) -> None:
        columns = {"owner": "mei", "email": f"{key}@example.com"} | about
        columns["owner"] = None if columns["owner"] == "none" else columns["owner"]
        came = self.instant(columns.pop("came", LONG_AGO))
        has_message = columns.pop("message", False)
        self.ids[key] = make_customer(conn, key, created_at=came, **columns)
        if has_message:
            self.deliver(conn, key, "sent", self.instant(0, "20:00"))

    def deliver(
        self, conn: Connection, key: str, state: str, at: datetime, topic: str = ""
    ) -> None:
        id_ = self.ids[key]
        email = select(customers.c.email).where(customers.c.id == id_)
        topic, address = topic or "greetings", conn.execute(email).scalar_one()
        make_delivery(conn, id_, state, at=at, topic=topic, address=address)

    def let(self, conn: Connection, what: str, at: datetime) -> None:
        match what.split():
            case ["message", "to", key]:
                self.deliver(conn, key, "sent", at)
            case ["service", "message", "to", key]:
                self.deliver(conn, key, "sent", at, "service")
            case [state, "message", "to", key]:
                self.deliver(conn, key, state, at)
            case ["cancel", key]:
                waits = (deliveries.c.customer_id == self.ids[key], deliveries.c.ready)
                gone = {"state": State.CANCELLED, "ready": False, "slot_at": None}
                conn.execute(update(deliveries).where(*waits).values(gone))
            case ["no", "of", key, "by", channel]:
                withdraw(conn, self.ids[key], channel, at=at)
            case ["erase", key]:
                assert erase(conn, Erased(b"k" * 32), key, "mei", at) is not None
            case ["merge", closed, "into", kept]:
                assert not merge(conn, closed, kept, "mei", at).refused
            case [kind, "of", key, "at", day]:
                then = self.instant(int(day))
                event = Event(self.ids[key], kind, min(then, at), None, f"{kind}-{key}-{day}")
                assert add_events(conn, [event], at)
            case ["done" | "drop" as how, key]:
                self.close(conn, key, how, at)
            case _:
                raise AssertionError(what)

    def close(self, conn: Connection, key: str, how: str, at: datetime) -> None:
        id_ = self.ids[key]
        open_ = [each.id for each in tasks.listed(conn, TaskState.OPEN) if each.customer_id == id_]
        state = TaskState.DONE if how == "done" else TaskState.DROPPED
        if how == "done":
            add_events(conn, [Event(id_, "call", at, None, f"outreach:task:{open_[0]}")], at)
        assert tasks.close(conn, open_[0], state, "a note", "mei", at)


def test_the_page_is_made_from_the_rows() -> None:
    assert PATH.with_suffix(".md").read_text("utf-8") == page()
