"""A worker that dies at any commit while a message falls over: no channel gets it twice, and
what may have gone out never falls over."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from dying import DiesError, dying_at
from falling_meanings import Row
from falling_world import World
from makers import NOW
from sqlalchemy import Engine, event

from outreach.channels.adapter import Outcome
from outreach.clock import Instants
from outreach.dispatch.claim import Claimer
from outreach.dispatch.lease import register
from outreach.dispatch.retry import Backoff
from outreach.dispatch.settle import Answered, Ledger
from outreach.dispatch.sweep import bury
from outreach.store import custody
from outreach.store.deliveries import runs_with_work
from outreach.store.engine import make_engine, reading, writing
from outreach.vocabulary import Answer, Fault

ROW = Row(
    number=0,
    channels=("email", "sms"),
    late="6 hours",
    company={"cadence": "none", "quiet_hours": "none"},
    customer={"email": "ann@example.com", "phone": "+491701234567", "tier": "A"},
    consents=("email", "sms"),
    touches_before=(),
    happens=(),
    goes=(),
    ends="",
    touches=0,
)
SAID = {"email": (Answer.REJECTED, Fault.POLICY), "sms": (Answer.ACCEPTED, Fault.NONE)}
BY_SMS, MAY_BE = "sent by sms", "unknown by {}"


def work(world: World, engine: Engine, worker_id: int, channel: str, taken: list[str]) -> None:
    """Claim, hand over and settle what is due on a channel, a commit each."""
    at = Instants(NOW, datetime.now(UTC))
    with reading(engine) as conn:
        [run] = runs_with_work(conn, channel, at)
        ruling = world.rulebook.ruling(conn, run.revision_id, run.step)
    with writing(engine) as conn:
        [held] = Claimer(worker_id, world.rulebook, 10).claim(conn, run, ruling, channel, at).held
    with writing(engine) as conn:
        custody.begin_handing(conn)
        assert custody.hand(conn, worker_id, [(held.id, held.fence, "<m@example.com>")])
    taken.append(channel)
    said = Answered(held, Outcome(held.id, *SAID[channel]), at.real_now)
    with writing(engine) as conn:
        Ledger(worker_id, channel, "told", Backoff()).settle(conn, [said], at)


@pytest.mark.parametrize(
    ("number", "ends"),
    [
        (1, BY_SMS),
        (2, BY_SMS),
        (3, MAY_BE.format("email")),
        (4, BY_SMS),
        (5, BY_SMS),
        (6, MAY_BE.format("sms")),
        (7, BY_SMS),
    ],
)
def test_a_worker_that_dies_at_any_commit_sends_by_no_channel_twice(
    engine: Engine, number: int, ends: str
) -> None:
    world, taken = World(engine, ROW), list[str]()
    worker_id = register(engine, "mortal", timedelta(minutes=5))
    mortal = make_engine(engine.url.render_as_string(hide_password=False))
    event.listen(mortal, "commit", dying_at(number))
    with suppress(DiesError):
        for channel in ROW.channels:
            work(world, mortal, worker_id, channel, taken)
    mortal.dispose()

    bury(engine, world.rulebook, ["mortal"])
    world.happens({"at": "11:00", "email": "refused"})

    tried = Counter([*taken, *(each.split()[1] for each in world.tried)])
    assert world.ends() == ends
    assert max(tried.values()) == 1
