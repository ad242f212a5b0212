"""Final answers to a run's messages, counted as they are settled: no scan of the run, no hot row."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, Select, delete, func, select

from outreach.store.dialect import insert_on, is_any_of
from outreach.store.tables import run_answers
from outreach.vocabulary import Fault

a = run_answers.c
NO_WORKER = 0
COUNTED = (Fault.ADDRESS, Fault.POLICY, Fault.CONTENT)  # an opt-out is no failure of the run


class Final(NamedTuple):
    """A final answer: accepted (Fault.NONE), or refused for good for one of `COUNTED`."""

    run_id: int
    fault: Fault
    code: str = ""
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run's messages were answered on one channel since the count began."""

    accepted: int
    refused: dict[Fault, int]
    code: str = ""  # of the most frequent refusal
    detail: str = ""
    fault: Fault = Fault.NONE

    @property
    def refusals(self) -> int:
        """All messages that were refused for good."""
        return sum(self.refused.values())

    @property
    def answers(self) -> int:
        """All messages that were answered for good."""
        return self.accepted + self.refusals


def count(conn: Connection, worker_id: int, channel: str, answers: Sequence[Final]) -> None:
    """Add a flush of answers to the worker's own rows."""
    if not answers:
        return
    counts = Counter((one.run_id, one.fault.value, one.code) for one in answers)
    details = {(one.run_id, one.fault.value, one.code): one.detail for one in answers}
    rows = [
        {
            "run_id": run_id, "channel": channel, "worker_id": worker_id, "fault": fault,
            "code": code, "answers": n, "detail": details[run_id, fault, code],
        }
        for (run_id, fault, code), n in sorted(counts.items())
    ]  # fmt: skip
    conn.execute(adding(conn.dialect.name), rows)


def count_return(conn: Connection, channel: str, returned: Final, *, accepted: bool) -> None:
    """Count a message that came back, which was counted as `accepted` before.

    In rows of no worker: whoever takes mails writes them.
    """
    count(conn, NO_WORKER, channel, [returned])
    if accepted:
        none = {"run_id": returned.run_id, "channel": channel, "worker_id": NO_WORKER}
        conn.execute(
            adding(conn.dialect.name),
            {**none, "fault": "none", "code": "", "answers": -1, "detail": None},
        )


@cache
def adding(database: str, rows: Select[Any] | None = None) -> Insert:
    """The statement that adds to the counts, built once: it is part of every exchange.

    `rows`: a SELECT of them, in the order of the table's columns; None: given when it is executed.
    """
    new = insert_on(database, run_answers)
    if rows is not None:
        new = new.from_select(list(a.keys()), rows)
    return new.on_conflict_do_update(
        index_elements=[a.run_id, a.channel, a.worker_id, a.fault, a.code],
        set_={"answers": a.answers + new.excluded.answers, "detail": new.excluded.detail},
    )


def standing(conn: Connection, run_id: int, channel: str) -> Standing:
    """What the workers counted of a run on a channel, together."""
    n = func.sum(a.answers).label("n")
    query = (
        select(a.fault, a.code, n, func.max(a.detail).label("detail"))
        .where(a.run_id == run_id, a.channel == channel)
        .group_by(a.fault, a.code)
        .order_by(n.desc(), a.fault, a.code)
    )
    rows = conn.execute(query).all()
    refused: Counter[Fault] = Counter()
    for row in rows:
        if row.fault != Fault.NONE:
            refused[Fault(row.fault)] += int(row.n)
    # Less than none: a person let the run go on meanwhile, and what was accepted is forgotten.
    accepted = max(0, sum(int(row.n) for row in rows if row.fault == Fault.NONE))
    most = next((row for row in rows if row.fault != Fault.NONE), None)
    if most is None:
        return Standing(accepted, {})
    return Standing(accepted, dict(refused), most.code, most.detail or "", Fault(most.fault))


def answers_of(conn: Connection, run_ids: Collection[int], channel: str) -> int:
    """How many messages of these runs were answered for good on a channel, together."""
    theirs = (is_any_of(conn, a.run_id, sorted(run_ids)), a.channel == channel)
    return int(conn.execute(select(func.sum(a.answers)).where(*theirs)).scalar() or 0)


def begin_anew(conn: Connection, run_id: int) -> None:
    """Forget what was counted: a person looked at the run and lets it go on."""
    conn.execute(delete(run_answers).where(a.run_id == run_id))
