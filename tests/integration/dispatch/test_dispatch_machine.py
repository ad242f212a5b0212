"""The states of a delivery as a property: whatever happens in whatever order, this holds.

hypothesis drives several workers through claims, crashes, lost answers, moves of the clock and
people's commands, on the functions that production runs. `OUTREACH_MACHINE_HISTORIES=2000` makes
a long, random run of it.
"""

import os
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from fleet import SAID, Fleet, Worker
from fleet_base import PEOPLE, Base, WouldWaitError, would_wait
from fleet_watch import ARROWS, Watch
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, select

from outreach.clock import Instants
from outreach.dispatch.sweep import sweep
from outreach.store import endings, runs, suppressions
from outreach.store.consents import Word, record_consents
from outreach.store.deliveries import runs_with_work
from outreach.store.engine import reading
from outreach.store.receipts import Receipt, receive
from outreach.store.suppressions import Suppression
from outreach.store.tables import runs as runs_table
from outreach.vocabulary import ConsentState, ReceiptKind, RunState, State

GOING_ON = (RunState.PLANNING, RunState.RUNNING)
LONG = int(os.environ.get("OUTREACH_MACHINE_HISTORIES", "0"))
MEANWHILE = [
    "plan", "plan", "plan", "move_the_clock", "move_the_clock", "give_back", "consent", "suppress",
    "use_the_addresses_again", "stop", "resume", "resume", "cancel", "finish", "finish",
]  # fmt: skip
FOLLOWS = {
    "open": ["commit"] * 4,
    "claimed": ["hand"] * 8,
    "handed": ["talk"] * 12,
    "answers": ["settle"] * 8,
    "in_hands": ["die"] * 2,
}


def test_the_arrows_are_those_of_the_states() -> None:
    drawn = ARROWS.keys() | {to for all_ in ARROWS.values() for to in all_}

    assert drawn == set(State)


class Deliveries(RuleBasedStateMachine):
    """One history, in an emptied database."""

    def __init__(self, base: Base, seen: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.fleet = Fleet(base)
        self.engine = base.engine
        self.watch = Watch(self.fleet, seen)
        self.died = False  # since the last sweep
        self.refused: set[int] = set()  # ids of customers whose address must not be used

    @initialize()
    def begin(self) -> None:
        for campaign in ("two", "order"):
            self.fleet.plan(campaign, PEOPLE)

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One rule for all, or hypothesis would leave some out of a history, and nothing happens."""
        what = data.draw(st.sampled_from(self._possible()), "what")
        number = data.draw(st.integers(0, 11), "number")
        try:
            getattr(self, f"_{what}")(number)
        except WouldWaitError:
            return

    def _possible(self) -> list[str]:
        """What could happen now; what stands here more than once does so more often."""
        workers = self.fleet.workers
        found = [*MEANWHILE, *["claim"] * 9]
        if self.engine.dialect.name == "postgresql":  # SQLite has one writer at a time
            found += ["begin_to_claim"] * 9
        for what, follows in FOLLOWS.items():
            found += follows if any(getattr(one, what) for one in workers) else []
        found += ["receipt"] * 3 if self.fleet.taken else []
        found += ["commit_a_ghost"] * 3 if self.fleet.ghosts else []
        return found + ["sweep"] * 4 if self.died else found

    def _claim(self, number: int) -> None:
        self.fleet.claim(self._worker(number), self._due_run(number), 1 + number // 3)

    def _begin_to_claim(self, number: int) -> None:
        worker = self._worker(number)
        if worker.open is None:
            self.fleet.claim(worker, self._due_run(number // 3), 4, stay_open=True)

    def _commit(self, number: int) -> None:
        self.fleet.commit(self._worker(number, "open"))

    def _commit_a_ghost(self, _: int) -> None:
        """A database may commit a transaction after its client died."""
        self.fleet.ghosts.pop().close()
        self.died = True

    def _hand(self, number: int) -> None:
        worker = self._worker(number, "claimed")
        handed = self.fleet.hand(worker, 1 + number // 3, confirmed=number % 4 > 0)
        assert not {one.customer_id for one in handed} & self.refused

    def _talk(self, number: int) -> None:
        said = list(SAID)[number % len(SAID)]
        self.fleet.talk(self._worker(number, "handed"), 1 + number // 6, said)

    def _settle(self, number: int) -> None:
        fate = ("committed", "committed", "committed", "lost", "unconfirmed")[number % 5]
        self.fleet.settle(self._worker(number, "answers"), fate=fate)
        self._read_refusals()

    def _die(self, number: int) -> None:
        """Killed, or so slow that its lease runs out and others take it for dead."""
        worker = self._worker(number, "in_hands")
        (self.fleet.crash if number % 2 else self.fleet.lapse)(worker)
        self.died = True

    def _sweep(self, _: int) -> None:
        with would_wait():
            sweep(self.engine, self.fleet.base.rulebook)
        self.died = False
        self.watch.swept()

    def _plan(self, number: int) -> None:
        campaign = ("one", "one", "two", "order")[number % 4]
        self.fleet.plan(campaign, sorted(PEOPLE)[number % 2 :])

    def _move_the_clock(self, number: int) -> None:
        hours = (1, 1, 5, 12, 12, 20, 20, 37, 37, 37, 100, -2)[number]
        self.fleet.now += timedelta(hours=hours)
        self.fleet.real_now += timedelta(hours=abs(hours))

    def _give_back(self, number: int) -> None:
        worker = self._worker(number)
        self.fleet.give_back(worker, list(worker.claimed.values()))

    def _consent(self, number: int) -> None:
        now = self.fleet.now
        says = ConsentState.WITHDRAWN if number < 8 else ConsentState.GRANTED
        customer = self.fleet.people["abcd"[number % 4]]
        word = Word(customer, "email", "greetings", says, now, f"form {now}")
        with self.fleet.writing() as conn:
            record_consents(conn, [word], now)

    def _suppress(self, number: int) -> None:
        address = PEOPLE["abcd"[number % 4]]
        with self.fleet.writing() as conn:
            theirs = suppressions.lock_addressees(conn, "email", {address})
            new = Suppression("email", address, "complaint", "test", self.fleet.now)
            suppressions.suppress(conn, "email", [new], theirs)
        self._read_refusals()

    def _use_the_addresses_again(self, _: int) -> None:
        with self.fleet.writing() as conn:
            conn.execute(suppressions.suppressions.delete())
        self._read_refusals()

    def _receipt(self, number: int) -> None:
        """The provider tells what became of a message that it has; maybe twice."""
        one = self.fleet.taken[number % len(self.fleet.taken)]
        kinds = list(ReceiptKind)
        kind = kinds[number % len(kinds)]
        by_name = {"provider_id": f"p{one.id}"} if number % 2 else {"delivery_id": one.id}
        receipt = Receipt("email", kind, self.fleet.real_now, "test", **by_name)  # type: ignore[arg-type]
        at = Instants(self.fleet.now, self.fleet.real_now)
        with self.fleet.writing() as conn:
            received = receive(conn, [receipt] * 2, at)
        with self.fleet.writing() as conn:
            assert not receive(conn, [receipt], at).moved
        if not received.unmatched:
            self.watch.told(one.id, received.moved)
        self._read_refusals()

    def _stop(self, number: int) -> None:
        to = RunState.PAUSED if number % 2 else RunState.HELD
        with self.fleet.writing() as conn:
            runs.move_run(conn, self._run(number), to, GOING_ON)

    def _resume(self, _: int) -> None:
        stopped = (RunState.PAUSED, RunState.HELD)
        with self.fleet.writing() as conn:
            for run in runs.runs_in(conn, *stopped):
                runs.move_run(conn, run.id, RunState.RUNNING, stopped)

    def _cancel(self, number: int) -> None:
        run_id = self._run(number)
        with self.fleet.writing() as conn:
            if runs.move_run(conn, run_id, RunState.CANCELLED, (*GOING_ON, RunState.PAUSED)):
                endings.cancel_open(conn, run_id, 100)

    def _finish(self, _: int) -> None:
        with self.fleet.writing() as conn:
            runs.finish_runs(conn, self.fleet.now)

    @invariant()
    def it_holds(self) -> None:
        self.watch.look()

    def _worker(self, which: int, has: str = "id") -> Worker:
        """One of the workers that have such a thing."""
        found = [one for one in self.fleet.workers if getattr(one, has)]
        return found[which % len(found)]

    def _run(self, number: int) -> int:
        with reading(self.engine) as conn:
            ids = conn.execute(select(runs_table.c.id).order_by(runs_table.c.id.desc())).scalars()
            found = list(ids)
        return int(found[number % len(found)])

    def _due_run(self, number: int) -> int:
        """One of the runs that have something to send; any where there are none."""
        at = Instants(self.fleet.now, self.fleet.real_now)
        with reading(self.engine) as conn:
            found = runs_with_work(conn, "email", at)
        return int(found[number % len(found)].id) if found else self._run(number)

    def _read_refusals(self) -> None:
        with reading(self.engine) as conn:
            at = set(conn.execute(select(suppressions.suppressions.c.address)).scalars())
        self.refused = {self.fleet.people[key] for key, to in PEOPLE.items() if to in at}

    def teardown(self) -> None:
        self.fleet.close()


@pytest.mark.parametrize("histories", [LONG or 20])
def test_no_history_breaks_the_guarantees(engine: Engine, histories: int) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    made = partial(Deliveries, Base(engine), seen)

    run_state_machine_as_test(made, settings=_settings(histories))

    assert {("due", "claimed"), ("claimed", "handing"), ("handing", "sent")} <= seen.keys()


def _settings(histories: int) -> settings:
    return settings(
        max_examples=histories,
        stateful_step_count=60 if LONG else 40,
        derandomize=not LONG,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
