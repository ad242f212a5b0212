"""One round: what came is looked at, what is due is missed, what waits is given out or escalated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Engine

from outreach.owed.giving import escalate, give_out, miss, staff_of
from outreach.owed.looking import Rules, look
from outreach.settings.company import Company, TaskRules
from outreach.settings.company_file import COMPANY_FILE, load_company
from outreach.store import owed, urgent
from outreach.store.engine import reading, writing
from outreach.store.revisions import company_files_numbered

MOST = 1_000  # events in one transaction


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a round."""

    looked: int  # events
    missed: frozenset[int]  # customers whose promises were missed, or were not after all
    given: int  # tasks
    escalated: int

    def __bool__(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.looked or self.missed or self.given or self.escalated)


def go_round(engine: Engine, company: Company, now: datetime) -> Round:
    """Do what has come due; several may at once, and the same again does nothing."""
    looked, late = _look(engine, company, now)
    missed = frozenset((*late, *miss(engine, company, now)))
    with reading(engine) as conn:
        if not urgent.is_any(conn):
            return Round(looked, missed, 0, 0)
    escalated = escalate(engine, company, now)  # first, for it makes room
    return Round(looked, missed, give_out(engine, company, now), escalated)


def _look(engine: Engine, company: Company, now: datetime) -> tuple[int, Iterable[int]]:
    """Look at everything that came; how many events, and of whom promises are missed, or no more."""
    looked, missed = 0, set[int]()
    while True:
        with reading(engine) as conn:
            if not owed.is_any_pending(conn, now):
                return looked, missed
        with writing(engine) as conn:
            count, theirs = look(conn, _rules(conn, company), staff_of(company), now, MOST)
        looked += count
        missed.update(theirs)


def _rules(conn: Connection, present: Company) -> Rules:
    """The company's rules of tasks as they were when an event came: a change looks forward."""

    @cache
    def found(rules_id: int | None) -> TaskRules:
        if rules_id is None:
            return present.tasks
        company, _ = load_company(company_files_numbered(conn, rules_id)[COMPANY_FILE])
        return present.tasks if company is None else company.tasks

    return found
