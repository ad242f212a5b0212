"""First words of newcomers come out as the ledger's own way would have them, whoever has what."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Connection, Engine, select

from outreach.imports import Options, import_customers
from outreach.settings.company import Brand, Company, Topic
from outreach.store.consents import Word, record_consents
from outreach.store.engine import writing
from outreach.store.first_words import Newcomers, record_first_words
from outreach.store.sharing import lock_with_sharers
from outreach.store.tables import consent_states, consents, customers, deliveries, refusals
from outreach.vocabulary import ConsentState

COMPANY = Company(brand=Brand(name="Sample"), topics={"offers": Topic()})
ABOUTS = [("email", "greetings"), ("email", "offers"), ("sms", "greetings"), ("visit", "offers")]
MAILS = ["a@example.com", "b@example.com", "c@example.com", None]
PHONES = ["+493090182", "+493090183", None]
STATES = [ConsentState.GRANTED, ConsentState.WITHDRAWN, None]

people = st.lists(st.tuples(st.sampled_from(MAILS), st.sampled_from(PHONES)), max_size=4)
states = st.lists(st.sampled_from(STATES), min_size=len(ABOUTS), max_size=len(ABOUTS))


def add(conn: Connection, name: str, told: list[tuple[str | None, str | None]]) -> list[int]:
    return [
        make_customer(conn, f"{name}{n}", email=mail, phone=phone)
        for n, (mail, phone) in enumerate(told)
    ]


def found(conn: Connection) -> Any:
    """Everything that words change; ids of consents are not compared, but what they stand for."""
    s, r, d, c = consent_states.c, refusals.c, deliveries.c, consents.c
    meant = (c.customer_id, c.channel, c.topic, c.state, c.at, c.source, c.proof, c.expires_at)
    asked = [
        select(*meant, c.recorded_at, c.recorded_by).order_by(*meant[:4]),
        select(s, *meant)
        .with_only_columns(s.customer_id, s.topic, s.channel, s.state, s.at, s.expires_at, *meant)
        .join(consents, c.id == s.consent_id)
        .order_by(s.customer_id, s.topic, s.channel),
        # Of two noes of one instant at an address either consent may be the one that is kept.
        select(r.address, r.channel, r.topic, r.at, c.state)
        .join(consents, c.id == r.consent_id)
        .order_by(r.address, r.channel, r.topic),
        select(d.id, d.state, d.worker_id).order_by(d.id),
    ]
    return [list(map(tuple, conn.execute(query))) for query in asked]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(there=people, earlier=st.data(), coming=people)
def test_they_are_what_the_ledger_makes_of_them(
    engine: Engine, there: Any, earlier: st.DataObject, coming: Any
) -> None:
    with writing(engine) as conn:
        whole = conn.begin_nested()
        others = add(conn, "there", there)
        said = [earlier.draw(states) for _ in others]
        record_consents(conn, words(others, said), NOW)
        run_id = make_run(conn)
        for id_ in others:
            at = {"run_id": run_id, "at": NOW, "worker_id": 1}
            make_delivery(conn, id_, "claimed", **at)
            make_delivery(conn, id_, "claimed", **at, step="b", channel="sms")
        addresses = {"email": [mail for mail, _ in coming], "phone": [each for _, each in coming]}
        given_out = [set(filter(None, values)) for values in addresses.values()]
        holders = lock_with_sharers(conn, [], *given_out)._asdict()
        ids = add(conn, "new", coming)
        told = [earlier.draw(states) for _ in ids]
        columns = {
            about: [None if each[n] is None else each[n].value for each in told]
            for n, about in enumerate(ABOUTS)
        }

        part = conn.begin_nested()
        slowly = record_consents(conn, words(ids, told), NOW, ids)
        expected = found(conn)
        part.rollback()
        quickly = record_first_words(conn, Newcomers(ids, addresses, holders), columns, "list", NOW)

        assert quickly == slowly
        assert found(conn) == expected
        whole.rollback()


def words(ids: list[int], said: list[list[ConsentState | None]]) -> list[Word]:
    return [
        Word(id_, *about, state, NOW, "list", standing=True)
        for id_, told in zip(ids, said, strict=True)
        for about, state in zip(ABOUTS, told, strict=True)
        if state is not None
    ]


KNOWN, NEW = "known,a@example.com,no\n", "new,a@example.com,yes\n"


@pytest.mark.parametrize("rows", [KNOWN + NEW, NEW + KNOWN])
def test_a_yes_is_refused_where_another_row_of_the_batch_says_no_at_the_address(
    engine: Engine, tmp_path: Path, rows: str
) -> None:
    with writing(engine) as conn:
        make_customer(conn, "known", email="a@example.com")
    path = tmp_path / "customers.csv"
    path.write_text("key,email,consent.email.offers\n" + rows, "utf-8")

    result = import_customers(engine, path, COMPANY, NOW, Options(consent_source="form"))

    assert (result.created, result.consents_recorded, result.consents_refused) == (1, 1, 1)
    with writing(engine) as conn:
        t = consent_states.c
        assert conn.execute(select(t.state)).scalars().all() == ["withdrawn"]
        assert conn.execute(select(customers.c.shares)).scalars().all() == [True, True]
