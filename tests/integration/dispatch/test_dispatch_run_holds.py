"""A run that is refused too often holds itself, and its own suppressions are taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from dispatching import OneCap, Told, accept, make_due, make_shift, rows, states
from makers import NOW, make_run
from sqlalchemy import Engine, select

from outreach.channels.adapter import Message, Outcome
from outreach.decisions.holding import too_many
from outreach.dispatch.pump import Pump
from outreach.dispatch.shift import Shift
from outreach.settings.company import ChannelSettings, HoldAt
from outreach.store import run_answers, suppressions
from outreach.store.engine import reading, writing
from outreach.store.run_answers import Final, Standing
from outreach.store.suppressions import Suppression
from outreach.store.tables import audit, further_suppressions, runs
from outreach.store.tables import suppressions as table
from outreach.vocabulary import Answer, Fault


@pytest.fixture
def run_id(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_run(conn)


def due(engine: Engine, run_id: int, count: int, first: int = 0) -> list[int]:
    with writing(engine) as conn:
        return make_due(conn, run_id, count, first)


def holding_at(engine: Engine, hold_at: HoldAt) -> Shift:
    rules = OneCap()
    settings = ChannelSettings(hold_at=hold_at)
    rules.company = rules.company.model_copy(update={"channels": {"email": settings}})
    return make_shift(engine, rules)


def serve(shift: Shift, adapter: Told) -> None:
    Pump(shift, "email", adapter).serve(5)


def refusing(fault: Fault, every: int = 1, stage: str = "rcpt", code: str = "550 5.1.1") -> Told:
    """Refuses each so many-th message, one connection, a message at a time."""
    said = {"stage": stage, "code": code, "detail": "5.1.1 No such user"}

    def say(message: Message) -> Outcome:
        if len(told.sent) % every:
            return accept(message)
        return Outcome(message.id, Answer.REJECTED, fault, **said)

    told = Told(say, group=1, lanes=1)
    return told


def run_of(engine: Engine, run_id: int) -> tuple[str, str | None]:
    with reading(engine) as conn:
        query = select(runs.c.state, runs.c.reason).where(runs.c.id == run_id)
        return tuple(conn.execute(query).one())


def suppressed(engine: Engine) -> dict[str, str]:
    with reading(engine) as conn:
        return dict(map(tuple, conn.execute(select(table.c.address, table.c.reason))))


SMALL = HoldAt(share=5_000, least=8)


def test_a_run_refused_too_often_holds_itself_and_says_why(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 400)
    shift = holding_at(engine, SMALL)

    serve(shift, refusing(Fault.ADDRESS))

    state, reason = run_of(engine, run_id)
    counted = states(engine)
    assert state == "held"
    assert reason is not None
    assert reason.endswith("refused for good, mostly `550 5.1.1 No such user` (address)")
    assert counted["failed"] >= 8
    assert counted["due"] > 0
    assert counted.keys() == {"failed", "due"}


def test_nothing_more_of_a_held_run_is_claimed_and_other_runs_go_on(
    engine: Engine, run_id: int
) -> None:
    due(engine, run_id, 300)
    shift = holding_at(engine, SMALL)
    serve(shift, refusing(Fault.ADDRESS))
    waiting = states(engine)["due"]
    with writing(engine) as conn:
        other = make_run(conn, "other", occurrence_at=NOW - timedelta(hours=1))
    due(engine, other, 5, first=300)

    adapter = Told()
    serve(make_shift(engine), adapter)

    assert len(adapter.sent) == 5
    assert states(engine)["due"] == waiting


def test_suppressions_of_its_own_answers_are_lifted_with_a_note(
    engine: Engine, run_id: int
) -> None:
    due(engine, run_id, 100)
    with writing(engine) as conn:
        others = [Suppression("email", "z@example.com", "complaint", "import", NOW)]
        suppressions.suppress(conn, "email", others, [])

    serve(holding_at(engine, SMALL), refusing(Fault.ADDRESS))

    assert suppressed(engine) == {"z@example.com": "complaint"}
    with reading(engine) as conn:
        notes = conn.execute(select(audit.c.action, audit.c.subject, audit.c.detail)).all()
    lifted = [note.detail["attempts"] for note in notes if note.action == "suppressions lifted"]
    assert {note.subject for note in notes} == {str(run_id)}
    assert sum(map(len, lifted)) == states(engine)["failed"]


def test_opt_outs_neither_count_nor_are_lifted(engine: Engine, run_id: int) -> None:
    ids = due(engine, run_id, 20)

    serve(holding_at(engine, SMALL), refusing(Fault.OPTED_OUT))

    assert run_of(engine, run_id)[0] == "running"
    assert set(suppressed(engine).values()) == {"opted_out"}
    assert len(suppressed(engine)) == len(ids)


def test_a_share_below_the_limit_holds_nothing(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 60)

    serve(holding_at(engine, SMALL), refusing(Fault.ADDRESS, every=3))

    assert run_of(engine, run_id)[0] == "running"
    assert states(engine) == {"sent": 40, "failed": 20}
    assert len(suppressed(engine)) == 20


@pytest.mark.parametrize("fault", [Fault.CONTENT, Fault.POLICY])
def test_refusals_of_the_text_hold_a_run_sooner(engine: Engine, run_id: int, fault: Fault) -> None:
    due(engine, run_id, 200)

    hold_at = HoldAt(share=1_000, least=10_000, content=5)
    serve(holding_at(engine, hold_at), refusing(fault, stage="dot", code="550 5.7.1"))

    assert run_of(engine, run_id)[0] == "held"
    assert "(content)" in (run_of(engine, run_id)[1] or "")


def test_a_run_that_was_over_before_it_could_be_held_says_why(engine: Engine, run_id: int) -> None:
    """All was handed over already; what its answers said of addresses is taken back as well."""
    due(engine, run_id, 8)
    with writing(engine) as conn:
        conn.execute(runs.update().values(state="running"))
    shift = holding_at(engine, SMALL)
    adapter = refusing(Fault.ADDRESS)
    inner = adapter.say

    def end_the_run(message: Message) -> Outcome | None:
        if len(adapter.sent) == 8:
            with shift.writing() as conn:
                conn.execute(runs.update().values(state="done"))
        return inner(message)

    adapter.say = end_the_run
    serve(shift, adapter)

    state, reason = run_of(engine, run_id)
    assert (state, suppressed(engine)) == ("done", {})
    assert (reason or "").startswith("8 of 8 messages were refused")


def test_late_answers_of_a_held_run_suppress_nobody(engine: Engine, run_id: int) -> None:
    due(engine, run_id, 30)
    shift = holding_at(engine, SMALL)
    shift.limits = replace(shift.limits, answers=1)

    serve(shift, replace(refusing(Fault.ADDRESS), group=20))

    assert run_of(engine, run_id)[0] == "held"
    assert suppressed(engine) == {}


def test_the_count_begins_anew_when_a_person_lets_it_go_on(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        run_answers.count(conn, 1, "email", [Final(run_id, Fault.ADDRESS, "550")] * 9)
        run_answers.count(conn, 2, "email", [Final(run_id, Fault.NONE)] * 3)
        run_answers.count(conn, 2, "email", [Final(run_id, Fault.NONE)] * 4)
        run_answers.count(conn, 1, "sms", [Final(run_id, Fault.POLICY, "21408")])
    with writing(engine) as conn:
        before = run_answers.standing(conn, run_id, "email")
        run_answers.begin_anew(conn, run_id)
        after = run_answers.standing(conn, run_id, "email")

    assert (before.refusals, before.answers, before.code) == (9, 16, "550")
    assert after == Standing(0, {})


@pytest.mark.parametrize(
    ("accepted", "address", "content", "held"),
    [(440, 60, 0, True), (441, 49, 0, False), (600, 60, 0, False), (80, 0, 10, True),
     (0, 0, 9, False), (0, 0, 0, False)],
)  # fmt: skip
def test_share_and_number_are_both_asked(
    accepted: int, address: int, content: int, held: bool
) -> None:
    standing = Standing(accepted, {Fault.ADDRESS: address, Fault.CONTENT: content})

    assert (too_many(standing, HoldAt()) is not None) == held


def test_the_reason_counts_in_words_and_cuts_what_the_provider_says() -> None:
    standing = Standing(
        348, {Fault.ADDRESS: 62}, "550 5.1.1", "5.1.1 `nobody` " + "x" * 200, Fault.ADDRESS
    )

    why = too_many(standing, HoldAt()) or ""

    assert why.startswith("62 of 410 messages were refused for good, mostly `550 5.1.1 'nobody' x")
    assert why.endswith("x …` (address)")
    assert len(why) < 160


def test_what_others_said_of_an_address_holds_after_the_lifting(
    engine: Engine, run_id: int
) -> None:
    said = [
        [("a", run_id, "hard_bounce"), ("a", None, "complaint")],
        [("b", None, "complaint"), ("b", run_id, "hard_bounce")],
        [("c", run_id, "hard_bounce"), ("c", run_id + 1, "hard_bounce")],
        [("d", run_id + 1, "hard_bounce"), ("d", run_id, "hard_bounce")],
        [("e", run_id, "hard_bounce"), ("e", run_id, "hard_bounce")],
        [("f", run_id, "opted_out")],
    ]
    with writing(engine) as conn:
        for words in said:
            for number, (address, run, reason) in enumerate(words):
                one = Suppression(
                    "email", address, reason, "test", NOW + timedelta(hours=number), 7, run
                )
                suppressions.suppress(conn, "email", [one], [])
        lifted = suppressions.lift_of_run(conn, run_id, "hard_bounce", 100)

    assert len(lifted) == 3
    assert suppressed(engine) == {
        "a": "complaint", "b": "complaint", "c": "hard_bounce", "d": "hard_bounce",
        "f": "opted_out",
    }  # fmt: skip
    with reading(engine) as conn:
        kept = dict(map(tuple, conn.execute(select(table.c.address, table.c.run_id))))
        assert conn.execute(select(further_suppressions)).all() == []
    assert kept == {"a": None, "b": None, "c": run_id + 1, "d": run_id + 1, "f": run_id}


def test_a_run_is_looked_at_without_reading_its_messages(engine: Engine, run_id: int) -> None:
    ids = due(engine, run_id, 40)
    shift = holding_at(engine, HoldAt(share=1_000, least=1_000))

    serve(shift, refusing(Fault.ADDRESS, every=2))

    with reading(engine) as conn:
        standing = run_answers.standing(conn, run_id, "email")
    assert (standing.accepted, standing.refusals) == (20, 20)
    assert all(rows(engine)[id_].state in ("sent", "failed") for id_ in ids)
