"""COMPLIANCE 13 and 14: what an erasure takes away, and what outlives it."""

from datetime import datetime
from pathlib import Path

import pytest
from makers import (
    grant,
    make_customer,
    make_delivery,
    make_event,
    make_run,
    suppress,
    withdraw,
)
from sqlalchemy import Connection, Engine, func, insert, select

from outreach.errors import SetupError
from outreach.imports import Options, import_customers
from outreach.settings.company import Brand, Company, Topic
from outreach.store import tables
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import Erasure, erase
from outreach.store.interests import Learnt, learn
from outreach.store.journal import ADDED, LIFTED, record
from outreach.store.listed_suppressions import lift
from outreach.store.merging import merge
from outreach.store.named_dates import NamedDate, write_dates
from outreach.store.suppressions import reasons_against
from outreach.store.tables import customers, deliveries, metadata, refusals, runs

KEY = Erased(b"a key of erasures that never changes")
COMPANY = Company(
    brand=Brand(name="Sample", country="DE"), topics={"greetings": Topic(), "offers": Topic()}
)
PERSONAL = (
    "K-4711", "Annegret", "Mustermann", "annegret@example.com", "+4930901820", "1980-02-01",
    "Buxtehude", "chess", "call 17", "shoes", "mailbox of", "raw answer",
    "2014-06-14", "her Otto", "wine fair", "her_uncle_asked", "Otto rang",
)  # fmt: skip
WHERE = "email in ['Annegret@Example.com', '{}'] or phone == '+4930901820'"


@pytest.fixture
def ann(engine: Engine, now: datetime) -> int:
    """A customer with something in every table that can hold something of a person."""
    with writing(engine) as conn:
        id_ = make_customer(
            conn, "K-4711", first_name="Annegret", last_name="Mustermann", city="Buxtehude",
            email="annegret@example.com", phone="+4930901820", birthday="1980-02-01",
            attributes={"hobby": "chess"}, tags=["chess"],
        )  # fmt: skip
        grant(conn, id_, "sms", "greetings", proof="call 17")
        withdraw(conn, id_, "email", "offers", proof="call 17")
        write_dates(conn, [(id_, {}, {"wedding": NamedDate("2014-06-14", "her Otto")})])
        learn(conn, [Learnt(id_, "chess", "wine fair", now)], now)
        make_event(conn, id_, amount=100, data={"bought": "shoes"})
        suppress(conn, "sms", "+4930901820", "opted_out")
        suppress(conn, "email", "annegret@example.com", "her_uncle_asked")
        record(conn, now, "mei", ADDED, "email", reason="her_uncle_asked", customers=[id_])
        lifted = {"reasons": ["complaint", "her_uncle_asked"], "why": "Otto rang", "anyway": True}
        record(conn, now, "mei", LIFTED, "sms", **lifted, customers=[id_])
        make_run(conn, params={"where": WHERE.format("bob@example.com")})
        run = make_run(conn, params={"to": ["K-4711"], "where": "key == 'K-4711'"})
        sent = make_delivery(conn, id_, "sent", run_id=run, address="annegret@example.com")
        make_delivery(conn, id_, "claimed", worker_id=1, address="annegret@example.com")
        make_delivery(conn, id_, "held", run_id=make_run(conn, "win-back"))
        add_answers(conn, sent, now)
        make_customer(conn, "K-4711-old", first_name="Annegret")
        assert not merge(conn, "K-4711-old", "K-4711", "mei", now).refused
        return id_


def add_answers(conn: Connection, delivery: int, now: datetime) -> None:
    about = {"delivery_id": delivery, "at": now}
    attempt = {"fence": 1, "channel": "email", "adapter": "smtp", "worker_id": 1}
    answer = {"answer": "accepted", "fault": "none", "detail": "mailbox of annegret@example.com"}
    conn.execute(insert(tables.attempts).values(**about, **attempt, **answer))
    receipt = {"kind": "delivered", "raw": {"said": "raw answer"}}
    conn.execute(insert(tables.receipts).values(**about, **receipt))
    mail = {"digest": "d", "run_id": 1, "kind": "bounced", "detail": "mailbox of Annegret"}
    conn.execute(insert(tables.feedback_mails).values(**about, **mail))
    soft = {"address": "annegret@example.com", "channel": "email", "days": 1}
    conn.execute(insert(tables.soft_bounces).values(**soft, first_at=now, last_at=now))


def forget(engine: Engine, now: datetime, key: str = "K-4711") -> Erasure:
    with writing(engine) as conn:
        found = erase(conn, KEY, key, "mei", now)
    assert found is not None
    return found


def everything(engine: Engine) -> str:
    with reading(engine) as conn:
        rows = [(t.name, *row) for t in metadata.sorted_tables for row in conn.execute(select(t))]
    return "\n".join(map(str, rows))


def test_compliance_14_an_erasure_leaves_nothing_of_a_person_in_any_table(
    engine: Engine, ann: int, now: datetime
) -> None:
    before = everything(engine)

    forget(engine, now)

    after = everything(engine)
    assert [word for word in PERSONAL if word not in before] == []
    assert [word for word in PERSONAL if word in after] == []


def test_compliance_14_who_else_a_run_was_narrowed_to_stays(
    engine: Engine, ann: int, now: datetime
) -> None:
    with writing(engine) as conn:
        make_customer(conn, "son", phone="+4930901820")
        run = make_run(conn, params={"where": WHERE.format("bob.annegret@example.com")})

    told = forget(engine, now)

    with reading(engine) as conn:
        params = conn.execute(select(runs.c.params).where(runs.c.id == run)).scalar_one()
    assert params == {
        "where": f"email in ['{told.key}', 'bob.annegret@example.com'] or phone == '+4930901820'"
    }


def test_compliance_14_the_audit_log_keeps_who_lifted_what_was_said(
    engine: Engine, ann: int, now: datetime
) -> None:
    forget(engine, now)

    a = tables.audit.c
    with reading(engine) as conn:
        row = conn.execute(select(a.actor, a.detail).where(a.action == LIFTED)).one()
    assert row.actor == "mei"
    assert row.detail == {
        "reasons": ["complaint", "listed"], "why": "erased", "anyway": True, "customers": [ann],
    }  # fmt: skip


def test_compliance_14_an_erasure_keeps_the_counts(engine: Engine, ann: int, now: datetime) -> None:
    counted = (tables.deliveries, tables.events, tables.consents, tables.attempts, tables.receipts)

    def counts() -> list[int]:
        with reading(engine) as conn:
            return [
                conn.execute(select(func.count()).select_from(each)).scalar_one()
                for each in counted
            ]

    before = counts()
    told = forget(engine, now)

    assert counts() == before
    assert (told.stopped, told.kept, len(told.messages)) == (2, 3, 3)
    with reading(engine) as conn:
        states = conn.execute(select(deliveries.c.state, deliveries.c.reason).order_by("id"))
        assert [tuple(row) for row in states] == [
            ("sent", None), ("skipped", "erased"), ("skipped", "erased"),
        ]  # fmt: skip


def test_compliance_13_an_opted_out_number_stays_opted_out_when_its_record_is_made_anew(
    engine: Engine, ann: int, now: datetime, tmp_path: Path
) -> None:
    forget(engine, now)
    path = tmp_path / "again.csv"
    path.write_text(
        "key,email,phone,consent.email.offers\nnew-1,Annegret@example.com,030 901820,yes\n"
    )

    options = Options(consent_source="shop")
    found = import_customers(engine, path, COMPANY, now, options, erased=KEY)

    assert (found.created, found.consents_refused) == (1, 1)
    with reading(engine) as conn:
        assert reasons_against(conn, "sms", "+4930901820") == {"opted_out"}
        noes = conn.execute(select(refusals.c.channel, refusals.c.address, refusals.c.topic))
        assert [tuple(row) for row in noes] == [("email", "annegret@example.com", "offers")]


def test_compliance_13_an_erased_key_comes_not_back_with_the_next_import(
    engine: Engine, ann: int, now: datetime, tmp_path: Path
) -> None:
    forget(engine, now)
    path = tmp_path / "again.csv"
    path.write_text("key,email\nK-4711,annegret@example.com\n")

    found = import_customers(engine, path, COMPANY, now, erased=KEY)

    assert [(one.column, one.message) for one in found.rejects] == [
        ("key", "this customer was erased")
    ]
    with reading(engine) as conn:
        assert conn.execute(select(customers.c.email)).scalars().all() == [None, None]


def test_compliance_13_an_address_that_another_customer_has_stays_refused_and_suppressed(
    engine: Engine, ann: int, now: datetime
) -> None:
    with writing(engine) as conn:
        make_customer(conn, "b", email="annegret@example.com", phone="+4930901820")

    forget(engine, now)

    with reading(engine) as conn:
        assert reasons_against(conn, "sms", "+4930901820") == {"opted_out"}
        assert conn.execute(select(refusals.c.topic)).scalars().all() == ["offers"]
        shares = conn.execute(select(customers.c.shares).where(customers.c.key == "b"))
        assert shares.scalar_one() is False


@pytest.mark.parametrize("key", [None, b"another key, made by chance, of 32 characters"])
def test_no_address_comes_in_without_the_key_of_erasures(
    engine: Engine, ann: int, now: datetime, tmp_path: Path, key: bytes | None
) -> None:
    forget(engine, now)
    path = tmp_path / "again.csv"
    path.write_text("key,email\nnew-1,a@example.com\n")

    with pytest.raises(SetupError, match="erased under a key that is not here"):
        import_customers(engine, path, COMPANY, now, erased=Erased(key))
    with writing(engine) as conn:
        make_customer(conn, "b")
        with pytest.raises(SetupError):
            erase(conn, Erased(key), "b", "mei", now)


def test_a_hash_is_lifted_only_anyway(engine: Engine, ann: int, now: datetime) -> None:
    forget(engine, now)

    with writing(engine) as conn:
        assert lift(conn, "sms", "+4930901820", False, KEY) == (set(), {"opted_out"})
        assert lift(conn, "sms", "+4930901820", True, KEY) == ({"opted_out"}, set())
        assert lift(conn, "sms", "+4930901820", False, KEY) == (set(), set())


def test_nobody_is_erased_twice(engine: Engine, ann: int, now: datetime) -> None:
    told = forget(engine, now)

    with writing(engine) as conn:
        assert erase(conn, KEY, "K-4711", "mei", now) is None
        assert erase(conn, KEY, told.key, "mei", now) is None
