"""Imports and withdrawals at once, on a database that lets them be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from makers import NOW, make_customer
from sqlalchemy import Engine, select

from outreach.imports import Options, import_customers
from outreach.settings.company import Brand, Company, Topic
from outreach.store.consents import Word, record_consents
from outreach.store.engine import writing
from outreach.store.tables import consent_states, customers
from outreach.vocabulary import ConsentState

COMPANY = Company(brand=Brand(name="Sample"), topics={"offers": Topic()})
HEADER = "key,email,consent.email.offers\n"


def test_two_imports_and_withdrawals_at_once_end_with_every_no(
    engine: Engine, tmp_path: Path
) -> None:
    with writing(engine) as conn:
        ids = [make_customer(conn, f"c{n}", email=f"{n % 20}@example.com") for n in range(60)]
    for name, order in (("up", range(90)), ("down", range(89, -1, -1))):
        rows = "".join(f"c{n},{(n + len(name)) % 20}@example.com,yes\n" for n in order)
        (tmp_path / f"{name}.csv").write_text(HEADER + rows)

    def take(name: str) -> int:
        options = Options(consent_source="form")
        return import_customers(engine, tmp_path / f"{name}.csv", COMPANY, NOW, options).rejected

    def withdraw(part: int) -> None:
        at = NOW + timedelta(days=1)
        words = [
            Word(id_, "email", "offers", ConsentState.WITHDRAWN, at, "link") for id_ in ids[part::3]
        ]
        for word in reversed(words):
            with writing(engine) as conn:
                record_consents(conn, [word], at)

    with ThreadPoolExecutor(5) as pool:
        works = [pool.submit(take, "up"), pool.submit(take, "down")]
        works += [pool.submit(withdraw, part) for part in range(3)]
        for work in works:
            work.result()

    with writing(engine) as conn:
        t = consent_states.c
        states = {
            row.customer_id: row.state for row in conn.execute(select(t.customer_id, t.state))
        }
        assert {states[id_] for id_ in ids} == {"withdrawn"}
        assert len(conn.execute(select(customers.c.id)).all()) == 90
