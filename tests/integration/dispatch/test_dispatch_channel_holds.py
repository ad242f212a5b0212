"""A channel whose provider refuses us is held for all workers, and tried again by one of them."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from dispatching import Told, accept, make_due, make_shift, rows, states
from makers import NOW, make_run
from sqlalchemy import Engine, update

from outreach.channels.adapter import Check, Message, Outcome, Source
from outreach.clock import FrozenClock
from outreach.dispatch.channel_hold import probe
from outreach.dispatch.pump import Pump
from outreach.dispatch.pumps import Pumps
from outreach.dispatch.shift import Shift
from outreach.store import channel_holds
from outreach.store.channel_holds import ChannelHold, Refused
from outreach.store.engine import reading, writing
from outreach.store.tables import channel_holds as table
from outreach.store.tables import deliveries
from outreach.vocabulary import Answer, Fault
from outreach.worker import Duty, GivenUp, run_until_idle

REFUSED = Refused("mail.example.com:587", "auth", "535 5.7.8", "5.7.8 wrong password")


@pytest.fixture
def due(engine: Engine) -> Callable[[int], list[int]]:
    def make(count: int) -> list[int]:
        with writing(engine) as conn:
            return make_due(conn, make_run(conn), count)

    return make


def refuse(message: Message) -> Outcome:
    said = {"stage": "auth", "code": "535 5.7.8", "detail": "5.7.8 wrong password"}
    return Outcome(message.id, Answer.RETRY, Fault.CHANNEL, **said)


def refusing() -> Told:
    return Told(refuse, group=1, lanes=1)


def held(engine: Engine) -> list[ChannelHold]:
    with reading(engine) as conn:
        return channel_holds.held(conn)


def hold(engine: Engine) -> bool:
    with writing(engine) as conn:
        return channel_holds.hold(conn, "email", REFUSED)


def come(engine: Engine, by: timedelta = timedelta(minutes=30)) -> None:
    """Let so much time pass."""
    with writing(engine) as conn:
        row = conn.execute(table.select()).one()
        lifted_at = row.lifted_at and row.lifted_at - by
        moved = {"probe_at": row.probe_at - by, "lifted_at": lifted_at}
        conn.execute(update(table).values(moved))


def wait_seconds(engine: Engine) -> float:
    with reading(engine) as conn:
        row = conn.execute(table.select()).one()
        return round((row.probe_at - row.since).total_seconds())


def test_three_refusals_hold_the_channel_and_its_messages_stay_due(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(40)

    Pump(make_shift(engine), "email", refusing()).serve(5)

    [one] = held(engine)
    assert (one.channel, one.place, one.stage) == ("email", "provider.example.com:25", "auth")
    assert (one.code, one.detail, one.probed) == ("535 5.7.8", "5.7.8 wrong password", None)
    assert states(engine) == {"due": 40}
    assert sum(row.fence for row in rows(engine).values()) >= 40  # they had been claimed


def test_refusals_are_counted_over_turns(engine: Engine, due: Callable[[int], list[int]]) -> None:
    """An adapter may end its turn at the first one."""
    due(40)

    class OneATurn(Told):
        def _lane(self, source: Source) -> None:
            for message in source.pull(1):
                source.report(refuse(message))

    pump = Pump(make_shift(engine), "email", OneATurn(lanes=1))
    seen = []
    for _ in range(3):
        pump.serve(5)
        seen.append(len(held(engine)))

    assert seen == [0, 0, 1]


def test_a_message_that_is_accepted_between_begins_the_count_anew(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(30)
    adapter = Told(group=1, lanes=1)
    adapter.say = lambda message: accept(message) if len(adapter.sent) % 3 == 0 else refuse(message)

    Pump(make_shift(engine), "email", adapter).serve(1)

    assert held(engine) == []
    assert states(engine)["sent"] >= 10  # what was refused is tried again


def test_no_worker_claims_on_a_held_channel(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(5)
    hold(engine)
    adapter = Told()

    Pump(make_shift(engine), "email", adapter).serve(1)

    assert adapter.sent == []
    assert {row.fence for row in rows(engine).values()} == {0}


def test_other_channels_go_on(engine: Engine, due: Callable[[int], list[int]]) -> None:
    ids = due(4)
    with writing(engine) as conn:
        conn.execute(update(deliveries).where(deliveries.c.id > ids[1]).values(channel="sms"))
    hold(engine)
    shift = make_shift(engine)

    for channel in ("email", "sms"):
        Pump(shift, channel, Told()).serve(1)

    assert states(engine) == {"due": 2, "sent": 2}


def test_the_first_hold_stays_when_another_worker_says_the_same(engine: Engine) -> None:
    assert hold(engine)
    [before] = held(engine)

    assert not hold(engine)
    assert held(engine) == [before]


def test_tries_come_after_half_a_minute_and_then_twice_as_late_each(engine: Engine) -> None:
    waits = [channel_holds.wait(probes) for probes in range(7)]

    assert [wait.total_seconds() for wait in waits] == [30, 60, 120, 240, 480, 600, 600]
    hold(engine)
    assert wait_seconds(engine) == 30


def test_one_worker_tries_and_only_when_it_is_time(engine: Engine) -> None:
    hold(engine)
    with writing(engine) as conn:
        assert channel_holds.to_probe(conn) == []
        assert not channel_holds.take_probe(conn, "email")
    come(engine)

    with writing(engine) as conn:
        assert channel_holds.to_probe(conn) == ["email"]
        assert [channel_holds.take_probe(conn, "email") for _ in range(2)] == [True, False]


def test_a_try_that_goes_well_lets_the_channel_go_on(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(3)
    hold(engine)
    come(engine)
    shift, adapter = make_shift(engine), Told(wrong=[Check("email", True, "fine")])

    assert probe(shift, "email", adapter)
    Pump(shift, "email", adapter).serve(5)

    assert held(engine) == []
    assert states(engine) == {"sent": 3}


def test_a_try_that_goes_ill_is_told_and_risks_no_message(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(3)
    hold(engine)
    come(engine)
    adapter = Told(wrong=[Check("email", False, "535 still wrong")])

    assert not probe(make_shift(engine), "email", adapter)

    assert [one.probed for one in held(engine)] == ["535 still wrong"]
    assert adapter.sent == []


@pytest.mark.parametrize(("later", "seconds"), [(timedelta(0), 60), (timedelta(hours=2), 30)])
def test_a_channel_that_is_refused_again_soon_waits_longer(
    engine: Engine, later: timedelta, seconds: int
) -> None:
    hold(engine)
    come(engine)
    probe(make_shift(engine), "email", Told())
    come(engine, later)

    hold(engine)

    assert wait_seconds(engine) == seconds


def test_a_person_lets_it_go_on_and_the_waits_begin_anew(engine: Engine) -> None:
    hold(engine)
    come(engine)
    probe(make_shift(engine), "email", Told(wrong=[Check("email", False, "no")]))
    with writing(engine) as conn:
        assert channel_holds.lift(conn, "email", anew=True)
        assert not channel_holds.lift(conn, "email", anew=True)

    hold(engine)

    assert wait_seconds(engine) == 30


def test_an_idle_worker_tries_by_itself_and_sends_on(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(3)
    hold(engine)
    come(engine)
    shift, done = make_shift(engine), threading.Event()

    def say(message: Message) -> Outcome:
        if len(adapter.sent) == 3:
            done.set()
        return accept(message)

    adapter = Told(say)
    pumps = Pumps(shift, {"email": adapter}, look_seconds=0.02)
    assert done.wait(20)
    end(shift, pumps)

    assert held(engine) == []
    assert states(engine) == {"sent": 3}


def end(shift: Shift, pumps: Pumps) -> None:
    shift.end()
    pumps.close()


def test_until_idle_does_not_wait_for_a_held_channel(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(3)
    hold(engine)
    duty = Duty(engine, FrozenClock(NOW), make_shift(engine).rulebook, lambda _: Told(), ["email"])

    told: list[GivenUp] = []
    assert run_until_idle(duty, give_up=told.append).get("sent", 0) == 0
    assert [(each.away.place, each.messages) for each in told] == [("mail.example.com:587", 3)]
    assert states(engine) == {"due": 3}


def test_a_run_tells_which_held_channels_it_waits_for(
    engine: Engine, due: Callable[[int], list[int]]
) -> None:
    due(2)
    hold(engine)
    with writing(engine) as conn:
        other = make_run(conn, "other")
        run_id = other - 1

        found = channel_holds.waiting(conn, [run_id, other])

    assert [one.channel for one in found[run_id]] == ["email"]
    assert found[other] == []
