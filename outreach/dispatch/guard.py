"""Holds a run that meets too many permanent answers, and takes back what they said of addresses."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from outreach.channels.adapter import Outcome
from outreach.dispatch.final import finals_of
from outreach.dispatch.settle import SUPPRESSING
from outreach.dispatch.shift import Shift
from outreach.logger import Logger
from outreach.settings.company import ChannelSettings, HoldAt
from outreach.store import deliveries, run_answers, runs, suppressions
from outreach.store.engine import reading
from outreach.store.run_answers import Standing
from outreach.store.tables import audit
from outreach.vocabulary import Fault, RunState

log = Logger(__name__)
SHARE_OF = 10_000
LIFTED_AT_ONCE = 2_000  # suppressions in one transaction
MOST_WORDS = 80  # of a provider's, in the reason of a hold


def refused_runs(answers: Iterable[tuple[int, Outcome]]) -> set[int]:
    """Of answers with their runs' ids the runs that a message was refused of for good."""
    return {one.run_id for one in finals_of(answers) if one.fault is not Fault.NONE}


def too_many(standing: Standing, hold_at: HoldAt) -> str | None:
    """Why a run that stands so must not go on, in words; None: it may."""
    if standing.refusals * SHARE_OF < hold_at.share * standing.answers:
        return None
    of_the_text = standing.refused.get(Fault.CONTENT, 0)
    if standing.refusals < hold_at.least and of_the_text < hold_at.content:
        return None
    said = _said(standing)
    mostly = f", mostly {said}" if said else ""
    return (
        f"{standing.refusals:,} of {standing.answers:,} messages were refused for good{mostly} "
        f"({standing.fault.value})"
    )


def _said(standing: Standing) -> str:
    status = standing.code.partition(" ")[2]
    words = standing.detail.removeprefix(status).strip() if status else standing.detail
    whole = f"{standing.code} {words}".strip().replace("`", "'")
    shown = whole if len(whole) <= MOST_WORDS else f"{whole[:MOST_WORDS].rstrip()} …"
    return f"`{shown}`" if shown else ""


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
        revision_id = deliveries.revisions_of(conn, [run_id])[run_id]
        company = self._shift.rulebook.ruling(conn, revision_id).company
        return company.channels.get(self._channel, ChannelSettings()).hold_at

    def _hold(self, run_id: int, why: str) -> None:
        """Hold the run; also of one that is held already, answers in flight may suppress more."""
        with self._shift.writing() as conn:
            held = runs.move_run(
                conn, run_id, RunState.HELD, (RunState.PLANNING, RunState.RUNNING), why
            )
            noted = held or runs.note_reason(conn, run_id, RunState.DONE, why)
            if noted:
                self._audit(conn, "run held" if held else "run met refusals", run_id, why=why)
            lifted = self._lift(conn, run_id)
        if noted:
            log.error("run is held" if held else "run met refusals", run=run_id, why=why)
        while len(lifted) == LIFTED_AT_ONCE:
            with self._shift.writing() as conn:
                lifted = self._lift(conn, run_id)

    def _lift(self, conn: Connection, run_id: int) -> Sequence[int]:
        bounced = SUPPRESSING[Fault.ADDRESS]  # an opt-out is a person's word: it stays
        lifted = suppressions.lift_of_run(conn, run_id, bounced, LIFTED_AT_ONCE)
        if lifted:
            self._audit(conn, "suppressions lifted", run_id, attempts=lifted)
            log.warning("suppressions lifted", run=run_id, suppressions=len(lifted))
        return lifted

    def _audit(self, conn: Connection, action: str, run_id: int, **detail: object) -> None:
        row = {
            "at": self._shift.clock.now(), "actor": f"worker {self._shift.worker_id}",
            "action": action, "subject": str(run_id), "detail": detail,
        }  # fmt: skip
        conn.execute(audit.insert().values(**row))
