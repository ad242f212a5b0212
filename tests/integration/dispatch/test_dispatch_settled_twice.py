"""A flush of answers whose commit nobody confirmed is written again, and counts once."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from dispatching import LIMITS, make_due
from makers import NOW, make_run
from sqlalchemy import Connection, Engine, select

from outreach.channels.adapter import Outcome
from outreach.clock import Instants
from outreach.dispatch.held import Held, Paid
from outreach.dispatch.settle import Answered, Ledger
from outreach.store import custody, deliveries, tables, workers
from outreach.store.deliveries import Claim
from outreach.store.engine import reading, writing
from outreach.store.tables import attempts, limits, run_answers, soft_bounces, suppressions
from outreach.vocabulary import Answer, Fault

TODAY = date(2026, 7, 3)
OUTCOMES = {
    "accepted": Outcome(1, Answer.ACCEPTED),
    "lost": Outcome(1, Answer.UNKNOWN, stage="dot"),
    "later": Outcome(1, Answer.RETRY, Fault.TEMPORARY, "rcpt", "450"),
    "full": Outcome(1, Answer.RETRY, Fault.MAILBOX, "rcpt", "452"),
    "refused": Outcome(1, Answer.REJECTED, Fault.POLICY, "rcpt", "550"),
    "nobody": Outcome(1, Answer.REJECTED, Fault.ADDRESS, "rcpt", "550"),
    "away": Outcome(1, Answer.UNREACHABLE, Fault.TEMPORARY, "connect"),
    "not begun": Outcome.not_begun(1),
}


class Flush:
    """One answer to a message that was handed over, and the worker that writes it down."""

    def __init__(self, engine: Engine, said: str, *, resend: bool) -> None:
        with writing(engine) as conn:
            run_id = make_run(conn)
            [id_] = make_due(conn, run_id, 1)
            worker_id = workers.register(conn, "w", timedelta(minutes=5))
            claim = Claim(id_, 0, "k0@example.com", None, None)
            deliveries.claim(conn, worker_id, [claim], NOW)
            custody.hand(conn, worker_id, [(id_, 1, "<m@example.com>")])
            conn.execute(limits.insert().values(name="email", full_at=NOW, used=5, day=TODAY))
        late_at = NOW + timedelta(days=1)
        held = Held(
            id_, 1, run_id, 1, "email", "k0@example.com", None, NOW, late_at, 0, 0, resend,
            paid=Paid(("email",), TODAY),
        )  # fmt: skip
        self.answers = [Answered(held, OUTCOMES[said], NOW)]
        self.ledger = Ledger(worker_id, "email", "smtp", LIMITS.backoff)

    def write(self, conn: Connection) -> None:
        self.ledger.exchange(conn, self.answers, (), Instants(NOW, NOW))


def counted(engine: Engine) -> list[list[Any]]:
    """All that answers are counted in."""
    found = (attempts, run_answers, suppressions, soft_bounces, limits)
    with reading(engine) as conn:
        return [[tuple(row) for row in conn.execute(select(table))] for table in found]


@pytest.mark.parametrize("resend", [False, True])
@pytest.mark.parametrize("said", OUTCOMES)
def test_an_answer_counts_once_however_often_it_is_written(
    engine: Engine, said: str, resend: bool
) -> None:
    flush = Flush(engine, said, resend=resend)
    with writing(engine) as conn:
        flush.write(conn)
    once = counted(engine)

    with writing(engine) as conn:
        flush.write(conn)

    assert counted(engine) == once
    assert len(once[0]) == (said != "not begun")


@pytest.mark.parametrize("said", ["nobody", "lost", "away"])
def test_it_counts_once_though_the_first_commit_comes_late(
    postgres_engine: Engine, said: str
) -> None:
    """The client has given the connection up, and the server has not."""
    flush = Flush(postgres_engine, said, resend=False)

    def once_more() -> None:
        with writing(postgres_engine) as conn:
            flush.write(conn)

    again = threading.Thread(target=once_more)
    with writing(postgres_engine) as conn:
        flush.write(conn)
        again.start()
        again.join(0.3)
    again.join(30)

    found = counted(postgres_engine)
    assert [len(rows) for rows in found[:2]] == [1, said == "nobody"]
    assert found[4][0][3] == (4 if said == "away" else 5)


def test_an_answer_that_a_receipt_overtook_is_counted(engine: Engine) -> None:
    flush = Flush(engine, "accepted", resend=False)
    with writing(engine) as conn:
        conn.execute(tables.deliveries.update().values(state="delivered", worker_id=None))

        flush.write(conn)

    attempt, answers = counted(engine)[:2]
    assert (len(attempt), len(answers)) == (1, 1)
