"""With a real Postfix: what it can not deliver comes back, and its address is not used any more.

A mail that it returned is kept beside the unit tests.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import NOW, outreach_here, sample_project
from letterbox import people
from postfix import Postfix, postfix
from servers import or_skip
from sqlalchemy import select, update

from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.tables import deliveries, suppressions

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
LATER = "2026-07-10T17:00"
PATIENCE_SECONDS = 30


@pytest.fixture
def server() -> Iterator[Postfix]:
    with or_skip(postfix(), "Postfix") as running:
        yield running


def wait_for(server: Postfix, mails: int) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while len(list(server.bounces.glob("new/*"))) < mails:
        assert time.monotonic() < give_up, server.log.read_text()
        time.sleep(0.05)


def test_what_postfix_returns_suppresses_its_address(server: Postfix, tmp_path: Path) -> None:
    """Of k1, k2 and k3 only k1 has a mailbox; of k3's mail the answer was never read."""
    project = sample_project(tmp_path / "project")
    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("connections: 4", "bounces: bounces@bounces.test"))
    people(project, 4)
    settings = {"secret_key": KEY, "smtp_url": server.url}
    sent = outreach_here(project, "run", "--until-idle", "--now", NOW, "--json", **settings).json
    wait_for(server, 2)
    engine = make_engine(f"sqlite:///{project}/.outreach/outreach.db")
    d, t = deliveries.c, suppressions.c
    with writing(engine) as conn:
        lost = update(deliveries).where(d.address == "k3@example.com")
        conn.execute(lost.values(state="unknown", provider_id=None))

    words = ("feedback", "watch", server.bounces, "--once", "--json", "--now", NOW)
    taken = outreach_here(project, *words, **settings).json
    # nobody has another channel: what came back waits until a worker has seen that
    outreach_here(project, "run", "--until-idle", "--now", NOW, **settings)
    planned = outreach_here(project, "plan", "weekly-greeting", "--at", LATER, "--json", **settings)

    with reading(engine) as conn:
        query = select(d.address, d.state).where(d.address.is_not(None)).order_by(d.address)
        states = {row.address: row.state for row in conn.execute(query)}
        suppressed = dict(conn.execute(select(t.address, t.reason)).all())
    dispose(engine)
    assert (sent["sent"], taken) == (3, {"mails": 2, "kinds": {"bounced": 2}})
    assert states == {
        "k1@example.com": "sent",
        "k2@example.com": "bounced",
        "k3@example.com": "bounced",
    }
    assert suppressed == {"k2@example.com": "hard_bounce", "k3@example.com": "hard_bounce"}
    assert planned.json["skip"]["suppressed"] == 2
    assert len(list(server.bounces.glob("done/*"))) == 2
