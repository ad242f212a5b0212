"""A whole turn of one channel: claimed, rendered, handed over, answered, settled."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from queue import Empty, SimpleQueue

import pytest
from dispatching import (
    LIMITS,
    OneCap,
    Told,
    accept,
    kill,
    make_due,
    make_shift,
    rows,
    states,
)
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import OperationalError

from outreach.channels.adapter import Message, Outcome, Source
from outreach.decisions.verdict import Verdict
from outreach.dispatch.exchange import Exchange
from outreach.dispatch.patience import Patience
from outreach.dispatch.prefetch import Turn
from outreach.dispatch.pump import Pump
from outreach.dispatch.retry import Backoff
from outreach.dispatch.settle import Ledger
from outreach.dispatch.shelf import Shelf
from outreach.dispatch.shift import Shift
from outreach.dispatch.source import DeliverySource
from outreach.dispatch.sweep import Stocktaking, sweep
from outreach.store import custody, deliveries
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.tables import attempts, runs, soft_bounces, suppressions
from outreach.store.tables import deliveries as table
from outreach.vocabulary import Answer, Decision, Fault, State


@pytest.fixture
def run_id(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_run(conn)


def due(engine: Engine, run_id: int, count: int, **columns: object) -> list[int]:
    with writing(engine) as conn:
        return make_due(conn, run_id, count, **columns)


def serve(shift: Shift, adapter: Told) -> None:
    Pump(shift, "email", adapter).serve(5)


def answering(answer: Answer, fault: Fault = Fault.NONE, **more: object) -> Told:
    return Told(lambda message: Outcome(message.id, answer, fault, **more))


def test_everything_due_is_sent_once_and_settled(engine: Engine, run_id: int) -> None:
    ids = due(engine, run_id, 300)
    shift, adapter = make_shift(engine), Told()

    serve(shift, adapter)

    assert sorted(message.id for message in adapter.sent) == ids
    assert states(engine) == {"sent": 300}
    assert shift.tally.counts() == {"sent": 300}
    assert shift.places.taken() == 0


def test_a_sent_row_says_when_by_whom_and_with_which_ids(engine: Engine, run_id: int) -> None:
    [id_] = due(engine, run_id, 1)
    shift = make_shift(engine)

    serve(shift, Told())

    row = rows(engine)[id_]
    assert (row.sent_at, row.message_id, row.provider_id) == (NOW, f"<{id_}@x>", f"p{id_}")
    assert (row.address, row.fence, row.worker_id) == ("k0@example.com", 1, None)
    with reading(engine) as conn:
        attempt = conn.execute(select(attempts)).one()
    assert (attempt.delivery_id, attempt.fence, attempt.answer) == (id_, 1, "accepted")
    assert (attempt.adapter, attempt.worker_id) == ("told", shift.worker_id)


def test_a_temporary_answer_waits_at_least_the_first_time_and_counts(
    engine: Engine, run_id: int
) -> None:
    [id_] = due(engine, run_id, 1)
    limits = replace(LIMITS, backoff=Backoff(timedelta(seconds=60)))
    shift = make_shift(engine, limits=limits)
    before = shift.real_clock.now()

    serve(shift, answering(Answer.RETRY, Fault.TEMPORARY, code="451 4.7.1"))

    row = rows(engine)[id_]
    assert (row.state, row.tries, row.firm, row.slot_at) == ("due", 1, False, row.due_at)
    assert row.retry_at >= before + timedelta(seconds=60)
    assert row.retry_at <= before + timedelta(seconds=80)


def test_a_temporary_answer_too_late_for_another_try_expires(engine: Engine, run_id: int) -> None:
    [id_] = due(engine, run_id, 1, late_at=NOW + timedelta(seconds=59))
    limits = replace(LIMITS, backoff=Backoff(timedelta(seconds=60)))

    serve(make_shift(engine, limits=limits), answering(Answer.RETRY))

    row = rows(engine)[id_]
    assert (row.state, row.reason, row.slot_at) == ("expired", "expired", None)


def test_a_refused_address_is_suppressed_and_claimed_neighbours_are_taken_back(
    engine: Engine, run_id: int
) -> None:
    [id_] = due(engine, run_id, 1)
    with writing(engine) as conn:
        sharer = make_customer(conn, "sharer", email="k0@example.com", shares=True)
        paused = make_run(conn, "another", state="paused")  # what is taken back stays there
        other = make_delivery(conn, sharer, "claimed", worker_id=999, slot_at=NOW, run_id=paused)

    serve(make_shift(engine), answering(Answer.REJECTED, Fault.ADDRESS, code="550 5.1.1"))

    row = rows(engine)[id_]
    with reading(engine) as conn:
        kept = conn.execute(select(suppressions)).one()
        attempt = conn.execute(select(attempts)).one()
    assert (row.state, row.reason, row.slot_at) == ("failed", "address", None)
    assert (kept.address, kept.reason, kept.source) == ("k0@example.com", "hard_bounce", "told")
    assert kept.attempt_id == attempt.id
    assert rows(engine)[other].state == "due"


@pytest.mark.parametrize("fault", [Fault.POLICY, Fault.CONTENT, Fault.MAILBOX])
def test_a_refusal_of_another_kind_suppresses_nobody(
    engine: Engine, run_id: int, fault: Fault
) -> None:
    [id_] = due(engine, run_id, 1)

    serve(make_shift(engine), answering(Answer.REJECTED, fault))

    assert (rows(engine)[id_].state, rows(engine)[id_].reason) == ("failed", fault)
    with reading(engine) as conn:
        assert conn.execute(select(suppressions)).first() is None


def test_a_lost_answer_is_unknown_and_stays_a_touch(engine: Engine, run_id: int) -> None:
    [id_] = due(engine, run_id, 1)

    serve(make_shift(engine), answering(Answer.UNKNOWN, stage="dot"))

    row = rows(engine)[id_]
    assert (row.state, row.reason, row.slot_at, row.firm) == ("unknown", "dot", NOW, True)


def test_a_lost_answer_is_sent_again_where_the_campaign_says_so(
    engine: Engine, run_id: int
) -> None:
    [id_] = due(engine, run_id, 1)

    serve(make_shift(engine, OneCap(on_unknown="resend")), answering(Answer.UNKNOWN))

    assert (rows(engine)[id_].state, rows(engine)[id_].tries) == ("due", 1)


def test_what_can_not_be_rendered_fails_and_its_neighbours_go_on(
    engine: Engine, run_id: int
) -> None:
    ids = due(engine, run_id, 3)
    shift = make_shift(engine, OneCap(unwritable=frozenset({"k1@example.com"})))

    serve(shift, Told())

    found = rows(engine)
    assert [found[id_].state for id_ in ids] == ["sent", "failed", "sent"]
    assert (found[ids[1]].reason, found[ids[1]].slot_at) == ("render", None)


def test_a_message_not_begun_in_time_is_taken_back_and_sent_later(
    engine: Engine, run_id: int
) -> None:
    [id_] = due(engine, run_id, 1)
    slow = make_shift(engine, limits=replace(LIMITS, begin_seconds=-1.0))
    adapter = Told()
    threading.Timer(0.3, slow.stop.set).start()

    serve(slow, adapter)
    assert (adapter.sent, rows(engine)[id_].state) == ([], "due")
    serve(make_shift(engine), adapter)

    assert [message.id for message in adapter.sent] == [id_]
    with reading(engine) as conn:
        assert len(conn.execute(select(attempts)).all()) == 1


def test_no_more_than_the_allowed_number_are_handing_at_once(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 60)
    shift = make_shift(engine, limits=replace(LIMITS, in_flight=5))
    seen: list[int] = []

    def look(message: Message) -> Outcome:
        seen.append(states(engine).get("handing", 0))
        return accept(message)

    serve(shift, Told(look, group=20, lanes=4))

    assert states(engine) == {"sent": 60}
    assert max(seen) <= 5


def test_a_slow_answer_holds_one_place_and_the_rest_goes_on(engine: Engine, run_id: int) -> None:
    ids = due(engine, run_id, 30)
    shift = make_shift(engine, limits=replace(LIMITS, in_flight=3))
    done = threading.Event()

    def first_is_slow(message: Message) -> Outcome:
        if message.id == ids[0]:
            done.wait(10)
        return accept(message)

    serving = threading.Thread(target=serve, args=(shift, Told(first_is_slow, group=1, lanes=3)))
    serving.start()
    until = time.monotonic() + 10
    while states(engine).get("sent", 0) < 29 and time.monotonic() < until:
        time.sleep(0.02)
    counted = states(engine)
    done.set()
    serving.join()

    assert counted == {"handing": 1, "sent": 29}
    assert states(engine) == {"sent": 30}


def test_what_waited_for_a_slow_provider_is_decided_about_again(
    engine: Engine, run_id: int
) -> None:
    """Both were claimed before quiet hours; the first answer takes until they have begun."""
    first, second = due(engine, run_id, 2)
    quiet = threading.Event()

    def by_the_hour(verdict: Verdict) -> Verdict:
        return verdict._replace(decision=Decision.HOLD) if quiet.is_set() else verdict

    def slowly(message: Message) -> Outcome:
        time.sleep(0.3)
        quiet.set()
        return accept(message)

    limits, adapter = replace(LIMITS, decided_seconds=0.2), Told(slowly, group=1, lanes=1)
    for _ in range(2):  # a turn may end before what it put back is claimed again
        serve(make_shift(engine, OneCap(verdict=by_the_hour), limits), adapter)

    assert rows(engine)[first].state == "sent"
    assert (rows(engine)[second].state, rows(engine)[second].fence) == ("held", 1)


def test_a_pause_between_claim_and_handing_sends_nothing(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 5)

    def pause() -> None:
        with writing(engine) as conn:
            conn.execute(update(runs).values(state="paused"))

    adapter = Told()
    serve(make_shift(engine, OneCap(on_write=pause)), adapter)

    assert adapter.sent == []
    assert states(engine) == {"due": 5}


def test_a_stop_settles_what_is_in_flight_and_gives_the_rest_back(
    engine: Engine, run_id: int
) -> None:
    due(engine, run_id, 150)
    shift = make_shift(engine)

    def stop_at_ten(message: Message) -> Outcome:
        if len(adapter.sent) == 10:
            shift.stop.set()
        return accept(message)

    adapter = Told(stop_at_ten, group=5, lanes=2)
    serve(shift, adapter)

    found = states(engine)
    assert set(found) == {"sent", "due"}
    assert found["sent"] == len(adapter.sent)
    assert all(row.lapses == 0 for row in rows(engine).values())


def test_what_an_adapter_leaves_unreported_is_unknown(engine: Engine, run_id: int) -> None:
    ids = due(engine, run_id, 4)

    class Broken(Told):
        def serve(self, source: Source) -> None:
            first, *_ = source.pull(2)
            source.report(accept(first))
            raise RuntimeError("a bug")

    shift = make_shift(engine)
    serve(shift, Broken())

    assert states(engine) == {"sent": 1, "unknown": 1, "due": 2}
    assert len(ids) == 4
    assert not Pump(shift, "email", Told()).is_serving()
    assert shift.places.taken() == 0


def test_an_outcome_that_was_not_asked_for_changes_nothing(engine: Engine, run_id: int) -> None:
    [id_] = due(engine, run_id, 1)

    class Doubly(Told):
        def _lane(self, source: Source) -> None:
            for message in source.pull(5):
                source.report(accept(message))
                source.report(Outcome(message.id, Answer.REJECTED, Fault.ADDRESS))
                source.report(Outcome(message.id + 1, Answer.REJECTED, Fault.ADDRESS))

    serve(make_shift(engine), Doubly(lanes=1))

    assert rows(engine)[id_].state == "sent"


def test_an_unreachable_channel_rests_and_its_deliveries_wait(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 40)
    pump = Pump(make_shift(engine), "email", answering(Answer.UNREACHABLE, stage="connect"))

    pump.serve(5)

    assert states(engine) == {"due": 40}
    assert all(row.tries == 0 for row in rows(engine).values())
    assert not pump.serve(5)


def test_a_provider_that_speaks_nonsense_does_not_stop_the_settling(
    engine: Engine, run_id: int
) -> None:
    due(engine, run_id, 2)

    serve(
        make_shift(engine),
        answering(Answer.ACCEPTED, detail="\x00\ud800" * 600, provider_id="\x00q"),
    )

    assert {row.provider_id for row in rows(engine).values()} == {"q"}


def test_an_answer_is_written_soon_where_somebody_waits_for_its_place(
    engine: Engine, run_id: int
) -> None:
    due(engine, run_id, 3)
    shift = make_shift(engine, limits=replace(LIMITS, in_flight=2, answer_seconds=60.0))
    shelf, exchange, source = hold(shift)
    claim_to(shift, shelf, run_id)
    first, _ = source.pull(2, 0)
    come: SimpleQueue[Sequence[Message]] = SimpleQueue()
    source.pull_soon(1, 0, come.put)

    source.report(accept(first))

    if engine.dialect.name == "sqlite":  # one file: another commit would keep the others waiting
        with pytest.raises(Empty):
            come.get(timeout=0.5)
    else:
        assert len(come.get(timeout=20)) == 1
    source.abandon()
    exchange.close()


# --- what a killed worker leaves behind: it stops at one point, its lease ends, another goes on ---


def hold(shift: Shift) -> tuple[Shelf, Exchange, DeliverySource]:
    shelf = Shelf()
    exchange = Exchange(shift, Ledger(shift.worker_id, "email", "told", shift.limits.backoff))
    patience = Patience("email", shift.limits.backoff)
    return shelf, exchange, DeliverySource(shift, shelf, exchange, patience, lambda: True)


def claim_to(shift: Shift, shelf: Shelf, run_id: int) -> None:
    from outreach.dispatch.claim import Claimer

    with writing(shift.engine) as conn:
        run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
        claimer = Claimer(shift.worker_id, shift.rulebook, 200)
        ruling = shift.rulebook.ruling(conn, run.revision_id)
        haul = claimer.claim(conn, run, ruling, "email", shift.instants())
    shift.holdings.hold({one.id: one.fence for one in haul.held})
    shelf.put(shift.rulebook.write(shift.engine, ruling, haul.held, NOW))


def go_on(engine: Engine, dead: Shift, adapter: Told) -> Shift:
    kill(engine, dead.worker_id)
    sweep(engine, dead.rulebook)
    shift = make_shift(engine)
    serve(shift, adapter)
    return shift


def test_killed_after_the_claim_everything_is_sent_by_another(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 5)
    dead, adapter = make_shift(engine), Told()
    shelf, exchange, _ = hold(dead)
    claim_to(dead, shelf, run_id)
    exchange.close()

    go_on(engine, dead, adapter)

    assert states(engine) == {"sent": 5}
    assert {row.fence for row in rows(engine).values()} == {2}


def test_killed_while_handing_those_are_unknown_and_the_rest_is_sent(
    engine: Engine, run_id: int
) -> None:
    due(engine, run_id, 5)
    dead, adapter = make_shift(engine), Told()
    shelf, exchange, source = hold(dead)
    claim_to(dead, shelf, run_id)
    handed = source.pull(2)
    exchange.close()

    go_on(engine, dead, adapter)

    assert states(engine) == {"unknown": 2, "sent": 3}
    assert not {message.id for message in handed} & {message.id for message in adapter.sent}


def test_an_answer_that_comes_after_the_sweep_still_counts(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 2)
    dead = make_shift(engine)
    shelf, exchange, source = hold(dead)
    claim_to(dead, shelf, run_id)
    first, second = source.pull(2)
    kill(engine, dead.worker_id)
    sweep(engine, dead.rulebook)
    assert states(engine) == {"unknown": 2}

    source.report(accept(first))
    source.report(Outcome(second.id, Answer.REJECTED, Fault.POLICY))
    exchange.close()

    assert states(engine) == {"sent": 1, "failed": 1}


def test_a_worker_that_was_swept_hands_over_nothing_any_more(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 3)
    dead, adapter = make_shift(engine), Told()
    shelf, exchange, source = hold(dead)
    claim_to(dead, shelf, run_id)
    go_on(engine, dead, adapter)

    assert source.pull(3) == []
    exchange.close()
    assert len(adapter.sent) == 3
    assert dead.places.taken() == 0


def test_what_was_taken_back_and_claimed_again_by_the_same_worker_goes_out_once(
    engine: Engine, run_id: int
) -> None:
    """Its first message still stands on the shelf, before the one of the second claim."""
    [id_] = due(engine, run_id, 1)
    shift = make_shift(engine)
    shelf, exchange, source = hold(shift)
    claim_to(shift, shelf, run_id)
    with writing(engine) as conn:
        custody.take_back(conn, [rows(engine)[id_].customer_id], "email")
    claim_to(shift, shelf, run_id)

    pulled = source.pull(9)
    held = shift.holdings.strangers({id_: (2, State.HANDING)})
    for message in pulled:
        source.report(accept(message))
    exchange.close()

    assert [message.id for message in pulled] == [id_]
    assert held == {}
    assert states(engine) == {"sent": 1}
    assert shift.places.taken() == len(shelf) == 0


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer.REJECTED, Fault.ADDRESS),
        (Answer.REJECTED, Fault.OPTED_OUT),
        (Answer.RETRY, Fault.MAILBOX),
    ],
)
def test_a_late_answer_writes_no_address_of_who_was_erased_meanwhile(
    engine: Engine, run_id: int, answer: Answer, fault: Fault
) -> None:
    """COMPLIANCE 14."""
    due(engine, run_id, 1)
    shift = make_shift(engine)
    shelf, exchange, source = hold(shift)
    claim_to(shift, shelf, run_id)
    [message] = source.pull(1)
    with writing(engine) as conn:
        erase(conn, Erased(b"k" * 32), "k0", "me", NOW)

    source.report(Outcome(message.id, answer, fault))
    exchange.close()

    assert states(engine).keys() <= {"failed", "due"}
    with reading(engine) as conn:
        kept = [
            conn.execute(select(table.c.address)).all() for table in (suppressions, soft_bounces)
        ]
    assert kept == [[], []]


def test_an_answer_of_an_overtaken_claim_only_adds_its_attempt(engine: Engine, run_id: int) -> None:
    [id_] = due(engine, run_id, 1)
    dead = make_shift(engine, OneCap(on_unknown="resend"))
    shelf, exchange, source = hold(dead)
    claim_to(dead, shelf, run_id)
    [message] = source.pull(1)
    go_on(engine, dead, Told())
    source.report(Outcome(message.id, Answer.REJECTED, Fault.POLICY))
    exchange.close()

    assert rows(engine)[id_].state == "sent"
    with reading(engine) as conn:
        kept = conn.execute(select(attempts.c.fence, attempts.c.answer)).all()
    assert sorted(kept) == [(1, "rejected"), (2, "accepted")]


def test_a_claim_that_the_worker_never_heard_of_is_freed(engine: Engine, run_id: int) -> None:
    """The commit came through, its confirmation did not."""
    due(engine, run_id, 2)
    shift = make_shift(engine)
    shelf, exchange, _ = hold(shift)
    claim_to(shift, shelf, run_id)
    exchange.close()
    shift.holdings.drop((row.id, row.fence) for row in rows(engine).values())
    stocktaking = Stocktaking(shift)

    stocktaking.compare()
    assert states(engine) == {"claimed": 2}
    stocktaking.compare()

    assert states(engine) == {"due": 2}


def test_a_settlement_that_the_database_lost_is_written_again(engine: Engine, run_id: int) -> None:
    ids = due(engine, run_id, 2)
    shift = make_shift(engine)
    serve(shift, Told())
    with writing(engine) as conn:  # as if the settling commit had been undone by a crash
        conn.execute(
            update(table)
            .where(table.c.id == ids[0])
            .values(state="handing", worker_id=shift.worker_id, sent_at=None)
        )
    stocktaking = Stocktaking(shift)

    for _ in range(2):
        stocktaking.compare()

    assert states(engine) == {"sent": 2}
    assert rows(engine)[ids[0]].sent_at == NOW


def test_when_the_commit_of_handing_fails_nothing_is_sent(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(sqlite_engine) as conn:
        run_id = make_run(conn)
        make_due(conn, run_id, 2)
    shift = make_shift(sqlite_engine)
    shelf, exchange, source = hold(shift)
    claim_to(shift, shelf, run_id)

    def fails(*_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("connection lost"))

    monkeypatch.setattr(sqlite_engine.dialect, "do_commit", fails)
    handed = source.pull(2)
    monkeypatch.undo()
    exchange.close()

    assert handed == []
    assert states(sqlite_engine) == {"due": 2}
    assert shift.places.taken() == 0


def test_a_turn_that_slow_answers_keep_from_ending_goes_on_claiming() -> None:
    turn = Turn(0.0)
    turn.seconds = 10.0

    assert turn.is_over()
    turn.ends_at -= 3
    assert not turn.is_over()


def test_a_run_that_can_not_be_decided_about_is_held_and_the_others_go_on(engine: Engine) -> None:
    from outreach.errors import SetupError

    with writing(engine) as conn:
        broken, sound = make_run(conn, "broken", rank=1), make_run(conn, "sound", rank=2)
        make_due(conn, broken, 1)
        make_due(conn, sound, 1, first=1)
        revision_id = conn.execute(select(runs.c.revision_id).where(runs.c.id == broken)).scalar()

    class Torn(OneCap):
        def ruling(self, conn: object, asked: int, step: str | None = None) -> object:
            if asked == revision_id:
                raise SetupError("gone")
            return super().ruling(conn, asked)

    serve(make_shift(engine, Torn()), Told())

    with reading(engine) as conn:
        found = dict(map(tuple, conn.execute(select(runs.c.id, runs.c.state))))
    assert found == {broken: "held", sound: "running"}
    assert states(engine) == {"due": 1, "sent": 1}


def test_nothing_is_open_while_the_rest_is_held_until_later(engine: Engine, run_id: int) -> None:
    later = NOW + timedelta(hours=1)
    due(engine, run_id, 1, due_at=later, slot_at=later)
    with reading(engine) as conn:
        assert not deliveries.is_anything_open(conn, ["email"], NOW)
        assert deliveries.is_anything_open(conn, ["email"], later)
