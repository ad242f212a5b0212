"""Holds a run that meets too many permanent answers, and takes back what they said of addresses."""

from collections.abc import Iterable

from sqlalchemy import Connection

from outreach.channels.adapter import Outcome
from outreach.decisions.holding import hold, too_many
from outreach.dispatch.final import finals_of
from outreach.dispatch.shift import Shift
from outreach.settings.company import ChannelSettings, HoldAt
from outreach.store import deliveries, run_answers
from outreach.store.engine import reading
from outreach.vocabulary import Fault


def refused_runs(answers: Iterable[tuple[int, Outcome]]) -> set[int]:
    """Of answers with their runs' ids the runs that a message was refused of for good."""
    return {one.run_id for one in finals_of(answers) if one.fault is not Fault.NONE}


class Guard:
    """Looks at the runs of one channel whose messages were refused, after that was committed."""

    def __init__(self, shift: Shift, channel: str) -> None:
        self._shift = shift
        self._channel = channel

    def look(self, answers: Iterable[tuple[int, Outcome]]) -> None:
        """Hold the runs of these answers that met too many refusals.

        What goes wrong here is told, and the next refusal looks again.
        """
        for run_id in refused_runs(answers):
            with self._shift.trouble.noted("refusals not looked at", run=run_id):
                self._look(run_id)

    def _look(self, run_id: int) -> None:
        with reading(self._shift.engine) as conn:
            standing = run_answers.standing(conn, run_id, self._channel)
            why = too_many(standing, self._hold_at(conn, run_id))
        if why is not None:
            self._hold(run_id, why)

    def _hold_at(self, conn: Connection, run_id: int) -> HoldAt:
        pin = deliveries.pins_of(conn, [run_id])[run_id]
        company = self._shift.rulebook.ruling(conn, *pin).company
        return company.channels.get(self._channel, ChannelSettings()).hold_at

    def _hold(self, run_id: int, why: str) -> None:
        """Hold the run; also of one that is held already, answers in flight may suppress more."""
        is_over = False
        while not is_over:
            with self._shift.writing() as conn:
                actor = f"worker {self._shift.worker_id}"
                is_over = hold(conn, run_id, why, actor, self._shift.clock.now()).is_over
