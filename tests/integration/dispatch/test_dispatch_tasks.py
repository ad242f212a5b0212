"""The channel `task` on both databases: decided by the chain, written down once."""

from datetime import timedelta
from pathlib import Path

import pytest
from dispatching import states
from makers import NOW, grant, make_customer, make_delivery, make_run
from sqlalchemy import Engine, func, select

from outreach.campaign.check import load_project
from outreach.campaign.pinned import pinned_files
from outreach.channels.adapter import Task
from outreach.channels.registry import make_adapter
from outreach.clock import FrozenClock
from outreach.decisions.candidate import Scope
from outreach.decisions.loading import Rulings
from outreach.dispatch.letters import ProjectRulebook, Signer
from outreach.planning.run import plan_run
from outreach.settings.environment import Environment
from outreach.store import runs, tasks
from outreach.store.activity import activate, looks_so
from outreach.store.engine import reading, writing
from outreach.store.revisions import save_company, save_revision
from outreach.store.tables import tasks as table
from outreach.vocabulary import RunKind, TaskKind, TaskState
from outreach.worker import Duty, run_until_idle

COMPANY = b"""
brand: {name: Muster, postal_address: "1 Example Street", timezone: Europe/Berlin}
topics: {greetings: {title: Greetings}}
cadence: [{at_most: 1, per: 7 days}]
quiet_hours: [{span: all_day}]
channels: {email: {from: "us@example.com"}, task: {adapter: task}}
owners: {mei: {name: Mei}, "tom's": {name: Tom}}
"""
CAMPAIGN = b"""
title: Ring
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {manual: true}
steps: [{id: ring, channels: [task, email], template: ring}]
"""
ABOVE = CAMPAIGN.replace(b"{manual: true}", b"{at: 2026-07-05T09:00}") + b"priority: 90\n"
FILES = {
    "outreach.yaml": COMPANY,
    "campaigns/ring.yaml": CAMPAIGN,
    "templates/ring/task.txt": b"Ring {{ first_name }}",
    "templates/ring/subject.txt": b"Hello",
    "templates/ring/body.txt": b"Hello. {{ brand.postal_address }} {{ unsubscribe_url }}",
}


def given_out(engine: Engine, files: dict[str, bytes], tmp_path: Path) -> dict[str, int]:
    """Plan `ring` below the files' other campaigns, and send it: messages by state."""
    loaded = load_project(files)
    company, environment = loaded.company, Environment(project=tmp_path)
    assert company is not None, loaded.problems
    rulings, ids = Rulings(), {}
    with writing(engine) as conn:
        save_company(conn, {"outreach.yaml": files["outreach.yaml"]}, NOW)
        for name, campaign in loaded.campaigns.items():
            ids[name] = save_revision(conn, name, pinned_files(campaign, files, company), NOW)
            looks_so(conn, ids[name].campaign_id, ids[name].id)
            activate(conn, name, NOW, NOW)
        revision = ids["ring"]
        new = runs.NewRun(revision.campaign_id, revision.id, RunKind.MANUAL, NOW, 50, NOW)
        run = runs.run_by_id(conn, runs.make_run(conn, new) or 0)
    assert run is not None
    with reading(engine) as conn:
        ruling = rulings.load(conn, revision.id)
    plan_run(engine, run, ruling, Scope(run_at=NOW, run_id=run.id), "test", NOW)
    duty = Duty(
        engine,
        FrozenClock(NOW),
        ProjectRulebook(rulings.load, Signer(["k" * 40], "")),
        lambda channel: make_adapter(channel, company, environment),
        ["email", "task"],
    )
    run_until_idle(duty)
    return states(engine)


@pytest.fixture
def peopled(engine: Engine) -> Engine:
    """Six who share one address: two of Mei's, one of Tom's, three who belong to nobody there is."""
    with writing(engine) as conn:
        for key, owner in zip("abcdef", ("mei", "mei", "tom's", None, "gone", ""), strict=True):
            shared = {"email": "all@example.com", "shares": True}
            customer = make_customer(conn, key, owner=owner, **shared)
            grant(conn, customer, "task")
    return engine


def test_each_customer_with_a_known_owner_is_a_task_in_quiet_hours_too(
    peopled: Engine, tmp_path: Path
) -> None:
    found = given_out(peopled, FILES, tmp_path)

    with reading(peopled) as conn:
        listed = tasks.listed(conn, TaskState.OPEN)
    assert found == {"sent": 3, "skipped": 3}
    assert [(each.customer, each.owner, each.kind) for each in listed] == [
        ("a", "mei", TaskKind.CALL), ("b", "mei", TaskKind.CALL), ("c", "tom's", TaskKind.CALL),
    ]  # fmt: skip


def test_a_task_tells_of_the_contact_before_it(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as conn:
        customer = make_customer(conn, owner="mei")
        grant(conn, customer, "task")
        make_delivery(conn, customer, at=NOW - timedelta(days=30))
    since = b"Not heard from since {{ last_contact_at|date('yyyy-MM-dd') }}"

    given_out(engine, {**FILES, "templates/ring/task.txt": since}, tmp_path)

    with reading(engine) as conn:
        assert tasks.listed(conn, TaskState.OPEN)[0].title == "Not heard from since 2026-06-03"


def test_a_task_takes_a_place_that_a_campaign_above_wants(peopled: Engine, tmp_path: Path) -> None:
    files = {**FILES, "campaigns/above.yaml": ABOVE}

    assert given_out(peopled, files, tmp_path) == {"skipped": 6}


def test_a_task_is_written_down_once_and_closed_once(engine: Engine) -> None:
    with writing(engine) as conn:
        customer = make_customer(conn, owner="mei")
        delivery = make_delivery(conn, customer, "sent", run_id=make_run(conn), channel="task")
    task = Task(delivery, "c1", TaskKind.LETTER, "Write", "")

    for _ in range(2):
        with writing(engine) as conn:
            tasks.give_out(conn, [task], NOW)
    with writing(engine) as conn:
        (id_,) = conn.execute(select(table.c.id)).scalars()
        ended = [tasks.close(conn, id_, TaskState.DONE, "done", "mei", NOW) for _ in range(2)]

    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(table)).scalar_one() == 1
    assert ended == [True, False]


def test_a_card_shows_the_last_touches_of_each_customer(engine: Engine) -> None:
    with writing(engine) as conn:
        ids = [make_customer(conn, key) for key in "ab"]
        for days in range(4):
            make_delivery(conn, ids[0], "sent", at=NOW - timedelta(days=days))
        make_delivery(conn, ids[1], "due", at=NOW + timedelta(days=1))

    with reading(engine) as conn:
        found = tasks.last_touches(conn, ids, 3)

    assert {id_: [(NOW - each.at).days for each in touches] for id_, touches in found.items()} == {
        ids[0]: [0, 1, 2]
    }
