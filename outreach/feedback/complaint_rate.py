"""Holds a run whose readers call it abuse too often, and says so before.

Gmail and Yahoo ask bulk senders to stay below 0.1 % and never to reach 0.3 % (their rules for
senders of 2024); what reaches a provider's own figures we never see.
"""

from datetime import datetime

from sqlalchemy import Connection

from outreach.logger import Logger
from outreach.settings.company import ComplaintsAt
from outreach.store import feedback_mails, runs
from outreach.store.feedback_mails import FeedbackMail
from outreach.store.journal import record
from outreach.vocabulary import RunState

log = Logger(__name__)
SHARE_OF = 10_000
OPEN = (RunState.PLANNING, RunState.RUNNING)


def look(conn: Connection, mail: FeedbackMail, at: ComplaintsAt, now: datetime) -> bool:
    """Hold the run that a complaint is about if there are too many; whether it is held for it.

    A run that a person lets go on is held again only by `least` new complaints. Complaints are
    counted one after the other: see `one_at_a_time` of whoever keeps them.
    """
    complaints = feedback_mails.complaints_of(conn, mail.run_id)
    if complaints.since_held < at.least:
        return False
    # No more rows than would make it too few complaints: enough to tell on which side it is.
    most = complaints.total * SHARE_OF // max(1, at.warn) + 1
    accepted = feedback_mails.accepted_up_to(conn, mail.run_id, "email", most)
    if complaints.total * SHARE_OF < at.warn * accepted:
        return False
    why = f"{complaints.total:,} of {accepted:,} readers called it abuse"
    too_many = complaints.total * SHARE_OF >= at.hold * accepted
    return _hold(conn, mail, complaints.total, why, now) if too_many else _warn(conn, mail, why)


def _warn(conn: Connection, mail: FeedbackMail, why: str) -> bool:
    if any(runs.note_reason(conn, mail.run_id, state, why) for state in (*OPEN, RunState.DONE)):
        log.warning("run met complaints", run=mail.run_id, why=why)
    return False


def _hold(conn: Connection, mail: FeedbackMail, total: int, why: str, now: datetime) -> bool:
    held = runs.move_run(conn, mail.run_id, RunState.HELD, OPEN, why)
    if not held and not runs.note_reason(conn, mail.run_id, RunState.DONE, why):
        return False
    feedback_mails.note_hold(conn, mail.digest, total)
    action = "run held" if held else "run met complaints"
    record(conn, now, "feedback", action, mail.run_id, why=why)
    log.error(action, run=mail.run_id, why=why)
    return held
