"""When a run must not go on, because its messages are refused, and what holding it takes back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.logger import Logger
from outreach.settings.company import HoldAt
from outreach.store import runs, suppressions
from outreach.store.journal import record
from outreach.store.listed_suppressions import HARD_BOUNCE
from outreach.store.run_answers import Standing
from outreach.vocabulary import Fault, RunState

log = Logger(__name__)
SHARE_OF = 10_000
LIFTED_AT_ONCE = 2_000  # suppressions in one transaction
MOST_WORDS = 80  # of a provider's, in the reason of a hold
OPEN = (RunState.PLANNING, RunState.RUNNING)


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


@dataclass(frozen=True, slots=True)
class Hold:
    """What came of holding a run: `is_over` where all that its answers suppressed is lifted."""

    held: bool
    is_over: bool


def hold(conn: Connection, run_id: int, why: str, actor: str, now: datetime) -> Hold:
    """Hold a run, or note why on one that is done; lift suppressions that its answers made.

    Call it again, in a new transaction, until it is over. A run that is held already may have
    answers in flight that suppress more.
    """
    held = runs.move_run(conn, run_id, RunState.HELD, OPEN, why)
    if held or runs.note_reason(conn, run_id, RunState.DONE, why):
        record(conn, now, actor, "run held" if held else "run met refusals", run_id, why=why)
        log.error("run is held" if held else "run met refusals", run=run_id, why=why)
    # An opt-out is a person's word: it stays, and so does a complaint.
    lifted = suppressions.lift_of_run(conn, run_id, HARD_BOUNCE, LIFTED_AT_ONCE)
    if lifted:
        record(conn, now, actor, "suppressions lifted", run_id, attempts=lifted)
        log.warning("suppressions lifted", run=run_id, suppressions=len(lifted))
    return Hold(held, len(lifted) < LIFTED_AT_ONCE)
