"""A large base is decided about by several connections at once, as one alone would decide."""

from datetime import datetime
from threading import Event
from typing import Any

import pytest
from database_world import Needs
from makers import NOW, grant, make_campaign, make_customer, make_revision, make_run
from sqlalchemy import Connection, Engine, select, update

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.decisions.asking import Question
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.planning import hands
from outreach.planning.decided import Decided
from outreach.planning.hands import decided_by, hands_for
from outreach.settings.company import Brand, Company, Topic
from outreach.store.engine import alone, begin_write, writing
from outreach.store.sharing import mark_sharing
from outreach.store.tables import customers

LOCAL = datetime(2026, 7, 3, 17)  # noqa: DTZ001  a wall clock's time
SHARED = "all@example.com"


def filled(engine: Engine) -> tuple[Ruling, int]:
    """Twelve customers, every third without consent; the first, the sixth and the last share a mail."""
    with writing(engine) as conn:
        keys = [f"c{number:02}" for number in range(12)]
        for number, key in enumerate(keys):
            id_ = make_customer(conn, key, email=f"{key}@example.com")
            if number % 3:
                grant(conn, id_)
        sharing = customers.c.key.in_(["c01", "c05", "c11"])
        conn.execute(update(customers).where(sharing).values(email=SHARED))
        mark_sharing(conn, "email", [SHARED])
        number = make_campaign(conn, "greeting")
        run_id = make_run(
            conn, "greeting", occurrence_at=NOW, state="planning", revision_id=make_revision(conn, number)
        )  # fmt: skip
    schedule = Schedule(ScheduleKind.CRON, cron="0 17 * * FRI", timezone="customer")
    steps = (Step("greet", ("email",), "greeting"),)
    campaign = Campaign(
        "greeting", "", "mei@example.com", "greetings", Selection(), schedule, steps
    )
    brand = Brand(name="Acme", timezone="Europe/Berlin")
    company = Company(brand=brand, topics={"greetings": Topic()})
    return make_ruling(number, 0, campaign, company, Needs({})), run_id  # type: ignore[arg-type]


def asked(conn: Any, ruling: Ruling, run_id: int) -> Question:
    """The question of a run's plan."""
    scope = Scope(run_at=NOW, run_id=run_id, local_at=LOCAL, seen_at=NOW)
    turns = {place.id: NOW for place in localities(conn)}
    return ask_base(conn, ruling, scope, turns, turns)


def test_two_connections_decide_together_as_one_does(engine: Engine) -> None:
    ruling, run_id = filled(engine)
    with alone(engine).connect() as conn:
        question, found = asked(conn, ruling, run_id), {}
        for hands in (1, 2):
            with decided_by(conn, question, hands) as parts:
                rows = [part.conn.execute(select(part.table)).all() for part in parts]
            found[hands] = rows

    assert [len(part) for part in found[2]] == [3, 3, 3, 3]
    assert [row for part in found[2] for row in part] == found[1][0]
    codes = {row.key: row.code for row in found[1][0]}
    assert codes["c05"] == codes["c11"] != codes["c01"]  # they are duplicates


def test_what_is_written_of_one_part_is_not_seen_by_those_decided_after_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ruling, run_id = filled(engine)
    first_is_written = Event()

    class Late(Decided):
        def __init__(self, conn: Connection, question: Question) -> None:
            if question.values["part_after"]:
                assert first_is_written.wait(20)
            super().__init__(conn, question)

    monkeypatch.setattr(hands, "Decided", Late)
    with alone(engine).connect() as conn:
        question, codes = asked(conn, ruling, run_id), {}
        with decided_by(conn, question, 2) as parts:
            for part in parts:
                found = part.conn.execute(select(part.table.c.key, part.table.c.code))
                codes.update({row.key: row.code for row in found})
                part.conn.rollback()
                with begin_write(part.conn):
                    part.conn.execute(update(customers).values(erased_at=NOW))
                first_is_written.set()

    free = {key for key, code in codes.items() if code is None}
    assert free == {"c01", "c02", "c04", "c07", "c08", "c10"}


def test_a_base_that_others_use_or_that_is_small_is_decided_by_one(engine: Engine) -> None:
    ruling, run_id = filled(engine)

    for each in (engine, alone(engine)):
        with each.connect() as conn:
            assert hands_for(conn, asked(conn, ruling, run_id)) == 1
