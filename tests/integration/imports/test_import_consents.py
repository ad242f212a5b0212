"""The ledger: the last word holds, no import lifts a no, a withdrawal takes deliveries back."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Engine, func, select

from outreach.imports import ConsentsResult, Options, import_consents
from outreach.settings.company import Brand, Company, Topic
from outreach.store.consents import Recorded, Word, record_consents
from outreach.store.customers import rows_by_key, update_customers
from outreach.store.engine import reading, writing
from outreach.store.tables import consent_states, consents, deliveries, refusals
from outreach.store.withdrawals import carry_refusals
from outreach.vocabulary import ConsentState

COMPANY = Company(brand=Brand(name="Sample"), topics={"offers": Topic(), "greetings": Topic()})
DAY = timedelta(days=1)
YES, NO = ConsentState.GRANTED, ConsentState.WITHDRAWN


def word(id_: int, state: ConsentState, at: datetime = NOW, **more: Any) -> Word:
    return Word(id_, "email", "greetings", state, at, **{"source": "form"} | more)


def record(engine: Engine, *words: Word, now: datetime = NOW) -> Recorded:
    with writing(engine) as conn:
        return record_consents(conn, words, now)


def state_of(engine: Engine, id_: int) -> tuple[str, datetime] | None:
    with reading(engine) as conn:
        t = consent_states.c
        row = conn.execute(select(t.state, t.at).where(t.customer_id == id_)).one_or_none()
        return row and (row.state, row.at)


def ledger(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return list(conn.execute(select(consents.c.state).order_by(consents.c.id)).scalars())


def refused(engine: Engine) -> list[tuple[str, datetime]]:
    with reading(engine) as conn:
        rows = conn.execute(select(refusals.c.address, refusals.c.at).order_by(refusals.c.address))
        return [tuple(row) for row in rows]


@pytest.fixture
def ann(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_customer(conn, "ann", email="ann@example.com", phone="+4930901820")


def test_the_last_word_by_its_date_holds(engine: Engine, ann: int) -> None:
    record(engine, word(ann, YES, NOW - DAY), word(ann, NO), word(ann, YES, NOW - 2 * DAY))

    assert state_of(engine, ann) == ("withdrawn", NOW)
    assert ledger(engine) == ["granted", "withdrawn", "granted"]


def test_of_two_words_at_one_instant_the_no_holds(engine: Engine, ann: int) -> None:
    record(engine, word(ann, NO), word(ann, YES))
    assert state_of(engine, ann) == ("withdrawn", NOW)

    record(engine, word(ann, YES, NOW + DAY))
    record(engine, word(ann, NO, NOW + DAY))
    assert state_of(engine, ann) == ("withdrawn", NOW + DAY)


def test_a_repetition_adds_nothing(engine: Engine, ann: int) -> None:
    said = word(ann, YES, expires_at=NOW + 30 * DAY, proof="page 3")
    record(engine, said)

    assert record(engine, said, said) == Recorded(unchanged=2)
    assert ledger(engine) == ["granted"]


def test_a_newer_yes_of_the_person_lifts_a_no(engine: Engine, ann: int) -> None:
    record(engine, word(ann, NO, NOW - DAY))

    assert record(engine, word(ann, YES)) == Recorded(recorded=1)
    assert state_of(engine, ann) == ("granted", NOW)


def test_an_imported_yes_that_is_not_newer_is_refused(engine: Engine, ann: int) -> None:
    record(engine, word(ann, NO))

    said = record(engine, word(ann, YES, NOW - DAY, source="import of May"))

    assert (said, ledger(engine)) == (Recorded(refused=1), ["withdrawn"])


@pytest.mark.parametrize(("first", "then"), [(NO, YES), (YES, YES), (NO, NO)])
def test_a_standing_word_lifts_and_repeats_nothing(
    engine: Engine, ann: int, first: ConsentState, then: ConsentState
) -> None:
    record(engine, word(ann, first))

    record(engine, word(ann, then, NOW + DAY, standing=True), now=NOW + DAY)

    assert ledger(engine) == [first.value]


def test_a_no_said_now_holds_though_the_yes_is_dated_later(engine: Engine, ann: int) -> None:
    record(engine, word(ann, YES, NOW + DAY))

    record(engine, word(ann, NO))

    assert state_of(engine, ann) == ("withdrawn", NOW + DAY)


def test_a_no_holds_for_its_address_with_the_latest_date(engine: Engine, ann: int) -> None:
    record(engine, word(ann, NO), word(ann, NO, NOW - DAY))

    assert refused(engine) == [("ann@example.com", NOW)]


def test_a_standing_yes_for_an_address_that_someone_refused_is_refused(
    engine: Engine, ann: int
) -> None:
    with writing(engine) as conn:
        other = make_customer(conn, "other", email="ann@example.com")
    record(engine, word(ann, NO))

    assert record(engine, word(other, YES, standing=True)) == Recorded(refused=1)
    assert record(engine, word(other, YES, NOW + DAY)) == Recorded(recorded=1)


def test_a_no_follows_its_customer_to_a_new_address(engine: Engine, ann: int) -> None:
    record(engine, word(ann, NO))
    with writing(engine) as conn:
        update_customers(conn, [rows_by_key(conn, ["ann"])["ann"] | {"email": "new@example.com"}])
        carry_refusals(conn, [ann])

    assert refused(engine) == [("ann@example.com", NOW), ("new@example.com", NOW)]


def test_a_no_takes_claimed_deliveries_back(engine: Engine, ann: int) -> None:
    with writing(engine) as conn:
        sharer = make_customer(conn, "sharer", email="ann@example.com")
        run = make_run(conn)
        at = {"run_id": run, "at": NOW, "worker_id": 1}
        taken = [
            make_delivery(conn, ann, "claimed", **at),
            make_delivery(conn, sharer, "claimed", **at),
        ]
        make_delivery(conn, ann, "handing", **at, step="b")
        make_delivery(conn, ann, "claimed", **at, step="c", channel="sms")
        make_delivery(conn, ann, "claimed", **at, step="d", topic="offers")

    assert record(engine, word(ann, NO)) == Recorded(recorded=1, taken_back=2)
    with reading(engine) as conn:
        t = deliveries.c
        rows = conn.execute(select(deliveries).where(t.state == "due").order_by(t.id)).all()
    assert [row.id for row in rows] == taken
    assert {(row.ready, row.firm, row.slot_at, row.worker_id) for row in rows} == {
        (True, False, NOW, None)
    }


def test_a_no_without_an_address_is_kept(engine: Engine) -> None:
    with writing(engine) as conn:
        nobody = make_customer(conn, "nobody")

    assert record(engine, word(nobody, NO)) == Recorded(recorded=1)
    assert refused(engine) == []


HEADER = "key,channel,topic,state,at,source,proof,expires_at\n"


def take(engine: Engine, folder: Path, text: str, **options: Any) -> ConsentsResult:
    path = folder / "consents.csv"
    path.write_text(text)
    return import_consents(engine, path, COMPANY, NOW, Options(**options))


FILE = HEADER + (
    "ann,email,greetings,withdrawn,2026-03-01T12:00:00Z,link,,\n"
    "ann,email,greetings,granted,2026-01-01,form,text v2,2027-01-01\n"
)


def test_a_file_is_recorded_once_whatever_its_order(
    engine: Engine, ann: int, tmp_path: Path
) -> None:
    first = take(engine, tmp_path, FILE)
    again = take(engine, tmp_path, FILE)

    assert (first.recorded, again.recorded, again.unchanged) == (2, 0, 2)
    assert state_of(engine, ann) == ("withdrawn", datetime.fromisoformat("2026-03-01T12:00Z"))
    assert first.customers == (ann,)


def test_words_that_can_not_be_meant_are_refused(engine: Engine, ann: int, tmp_path: Path) -> None:
    result = take(
        engine,
        tmp_path,
        HEADER + "ann,email,greetings,granted,2026-01-01,,,\n"
        "ann,emial,greetings,yes,2026-01-01,x,,\n"
        "ann,email,greeting,granted,2030-01-01,x,,\n"
        "bob,email,greetings,granted,2026-01-01,x,,\n",
    )

    assert result.rejected == 4
    assert [(reject.line, reject.column, reject.message) for reject in result.rejects] == [
        (2, "source", "is blank; a yes needs to say where it was given"),
        (3, "channel", "there is no channel `emial`; did you mean `email`?"),
        (3, "state", "there is no state `yes`; states: `granted`, `withdrawn`"),
        (4, "topic", "there is no topic `greeting`; did you mean `greetings`?"),
        (4, "at", "lies in the future"),
        (5, "key", "there is no customer with this key"),
    ]
    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(consents)).scalar() == 0


@pytest.mark.parametrize("ends", ["2026-01-01", "2026-01-02"])
def test_a_yes_that_ends_before_it_begins_is_refused(
    sqlite_engine: Engine, tmp_path: Path, ends: str
) -> None:
    with writing(sqlite_engine) as conn:
        make_customer(conn, "eve")
    path = tmp_path / "words.csv"
    header = "key,channel,topic,state,at,source,expires_at"
    path.write_text(f"{header}\neve,email,offers,granted,2026-01-02,shop,{ends}\n")

    found = import_consents(sqlite_engine, path, COMPANY, NOW)

    assert (found.recorded, found.rejected) == (0, 1)
    assert (found.rejects[0].column, found.rejects[0].message) == (
        "expires_at",
        "is not after `at`",
    )
