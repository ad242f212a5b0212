"""A domain whose servers take their time keeps some connections busy, and never all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from dispatching import LIMITS, OneCap, make_shift, rows, states
from makers import NOW, make_customer, make_delivery, make_run
from pydantic import SecretStr
from scripted_smtp import Post, smtp_server
from sqlalchemy import Engine
from waiting import wait_for

from outreach.channels.adapter import Adapter
from outreach.channels.email.smtp import SmtpAdapter
from outreach.dispatch.pump import Pump
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment
from outreach.store.engine import writing

CONNECTIONS = 4
COMPANY = Company(
    brand=Brand(name="Harbour Tea"), channels={"email": ChannelSettings(connections=CONNECTIONS)}
)
LIMITS_IN_A_HURRY = replace(LIMITS, slow_seconds=0.3, batch=50)


@pytest.fixture
def run_id(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_run(conn)


def due(engine: Engine, run_id: int, domain: str, count: int, ago: timedelta) -> set[int]:
    """So many to a domain's addresses, due so long ago."""
    found = set()
    with writing(engine) as conn:
        for number in range(count):
            address = f"{domain}{number}@{domain}.example"
            customer = make_customer(conn, f"{domain}{number}", email=address)
            found.add(
                make_delivery(conn, customer, "due", run_id=run_id, address=address, at=NOW - ago)
            )
    return found


def sent(engine: Engine, ids: set[int]) -> set[int]:
    return {id_ for id_, row in rows(engine).items() if id_ in ids and row.state == "sent"}


@contextmanager
def serving(engine: Engine, adapter: Adapter) -> Iterator[None]:
    """A worker at work; at the end of the block it has nothing left to do."""
    shift = make_shift(engine, OneCap(company=COMPANY), LIMITS_IN_A_HURRY)
    pump = Pump(shift, "email", adapter)

    def serve() -> None:
        while states(engine).keys() != {"sent"}:
            pump.serve()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        adapter.close()


@pytest.mark.parametrize(("stage", "newcomers"), [("rcpt", False), ("dot", True)])
def test_a_slow_domain_does_not_slow_the_others(
    engine: Engine, run_id: int, tmp_path: Path, stage: str, newcomers: bool
) -> None:
    """Its 60 came due first, and not one is answered until all others are sent."""
    over = threading.Event()

    def keeps(at: str, to: str) -> bool:
        return at == stage and to.endswith("@slow.example") and not over.is_set()

    slow = due(engine, run_id, "slow", 60, ago=timedelta(hours=2))
    quick = set() if newcomers else due(engine, run_id, "quick", 40, ago=timedelta(hours=1))
    with smtp_server(Post(keeps=keeps)) as post:
        environment = Environment(project=tmp_path, smtp_url=SecretStr(post.url))
        with serving(engine, SmtpAdapter("email", COMPANY, environment)):
            wait_for(lambda: states(engine).get("handing") == CONNECTIONS // 2)
            quick |= due(engine, run_id, "new", 40, ago=timedelta()) if newcomers else set()
            wait_for(lambda: sent(engine, quick) == quick, seconds=20)
            not_answered = sent(engine, slow) == set()
            in_flight = states(engine).get("handing", 0)
            over.set()

    assert not_answered
    assert in_flight == CONNECTIONS // 2
    assert sent(engine, slow | quick) == slow | quick
    assert len(post.recipients) == len(set(post.recipients)) == len(slow | quick)
