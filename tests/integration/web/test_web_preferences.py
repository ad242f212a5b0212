"""`/p/{token}`: what the reader of a message gets, as it stands, and as the reader wants it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from makers import NOW, grant, make_customer, make_delivery, suppress, withdraw
from sqlalchemy import Engine, select, update
from websites import MovingClock, Website, everything, ledger, refused, stands, website

from outreach.store.engine import reading, writing
from outreach.store.tables import consents, customers

ANN, PHONE = "ann@example.com", "+12025550101"
SHOWN = {"shown_at": NOW.isoformat()}
_BOX = re.compile(r'name="yes" value="([^"]+)"( checked)?>')


@pytest.fixture
def clock() -> MovingClock:
    """A clock that stands at NOW until it is moved."""
    return MovingClock()


@pytest.fixture
def site(sqlite_engine: Engine, clock: MovingClock) -> Iterator[Website]:
    """A site whose only customer got a mail, for what no database has a part in."""
    fill(sqlite_engine)
    with website(sqlite_engine, clock) as found:
        yield found


@pytest.fixture
def either(engine: Engine, clock: MovingClock) -> Iterator[Website]:
    """The same on each database."""
    fill(engine)
    with website(engine, clock) as found:
        yield found


def fill(engine: Engine) -> None:
    """A customer who said yes to greetings by mail, and got one."""
    with writing(engine) as conn:
        customer = make_customer(conn, "ann", email=ANN, phone=PHONE, locale="de")
        grant(conn, customer)
        make_delivery(conn, customer, address=ANN, locale="de")


def boxes(page: str) -> dict[str, bool]:
    return {name: bool(checked) for name, checked in _BOX.findall(page)}


def save(site: Website, **fields: object) -> str:
    return site.client.post(f"/p/{site.token(1)}", data=SHOWN | fields).text


def test_the_page_shows_how_things_stand_in_the_customers_language(site: Website) -> None:
    page = site.client.get(f"/p/{site.token(1)}", headers={"Accept-Language": "fr"}).text

    assert boxes(page) == {
        "email/greetings": True, "sms/greetings": False,
        "email/offers": False, "sms/offers": False,
    }  # fmt: skip
    assert '<html lang="de">' in page
    assert "Nichts mehr schicken" in page
    assert "Kommt bei Bedarf, was immer Sie hier wählen: Your orders</p>" in page
    assert ANN not in page
    assert "<script" not in page


def test_every_box_has_a_label_and_every_group_a_legend(site: Website) -> None:
    page = site.client.get(f"/p/{site.token(1)}").text

    labels = re.findall(r"<label><input type=\"checkbox\"[^>]*> \S[^<]*</label>", page)
    assert len(labels) == page.count('type="checkbox"') == 4
    assert page.count("<fieldset>") == page.count("<legend>") == 2


def test_a_tick_is_a_new_yes_with_the_version_of_the_text(
    either: Website, clock: MovingClock
) -> None:
    clock.at += timedelta(minutes=1)

    page = save(either, yes=["email/greetings", "sms/offers"], shown="email/greetings")

    assert ledger(either.engine)[1:] == [(1, "sms", "offers", "granted", "preferences")]
    assert boxes(page)["sms/offers"]
    assert "Gespeichert" in page
    with reading(either.engine) as conn:
        proof = conn.execute(select(consents.c.proof).order_by(consents.c.id.desc())).scalar()
    assert re.fullmatch(r"text de [0-9a-f]{12}, message 1, testclient", str(proof))


def test_an_unticked_box_is_a_no_for_the_address_too(site: Website) -> None:
    page = save(site, shown="email/greetings")

    assert stands(site.engine, 1) == {"greetings": "withdrawn"}
    assert refused(site.engine) == {("email", ANN, "greetings")}
    assert not any(boxes(page).values())


def test_all_of_it_off_is_a_no_to_everything_that_needs_a_yes(either: Website) -> None:
    save(either, yes="sms/offers", shown="email/greetings", nothing="yes")

    for channel, address in (("email", ANN), ("sms", PHONE)):
        assert stands(either.engine, 1, channel) == {
            "greetings": "withdrawn",
            "offers": "withdrawn",
        }
        assert (channel, address, "offers") in refused(either.engine)


def test_saving_twice_adds_no_word(site: Website, clock: MovingClock) -> None:
    for _ in range(2):
        clock.at += timedelta(minutes=1)
        save(site, shown="email/greetings", nothing="yes")

    assert len(ledger(site.engine)) == 1 + 4


def test_an_old_page_sent_again_does_not_undo_a_no(site: Website, clock: MovingClock) -> None:
    clock.at += timedelta(minutes=5)
    save(site, shown="email/greetings")

    clock.at += timedelta(minutes=5)
    save(site, yes="email/greetings")

    assert stands(site.engine, 1) == {"greetings": "withdrawn"}


def test_a_no_is_lifted_by_a_newer_yes_of_the_person(site: Website, clock: MovingClock) -> None:
    save(site, shown="email/greetings")

    clock.at += timedelta(minutes=5)
    page = save(site, yes="email/greetings", shown_at=clock.at.isoformat())

    assert stands(site.engine, 1) == {"greetings": "granted"}
    assert boxes(page)["email/greetings"]


def test_a_no_at_the_address_shows_as_no(either: Website) -> None:
    with writing(either.engine) as conn:
        withdraw(conn, make_customer(conn, "bob", email=ANN), at=NOW)

    page = either.client.get(f"/p/{either.token(1)}").text

    assert not boxes(page)["email/greetings"]


def test_who_has_another_address_by_now_can_say_no_but_not_yes(
    site: Website, clock: MovingClock
) -> None:
    clock.at += timedelta(minutes=1)
    with writing(site.engine) as conn:
        conn.execute(update(customers).values(email="new@example.com"))

    save(site, yes="email/offers", shown="email/greetings")

    assert stands(site.engine, 1) == {"greetings": "withdrawn"}
    assert ("email", ANN, "greetings") in refused(site.engine)


def test_a_blocked_channel_is_told(site: Website) -> None:
    with writing(site.engine) as conn:
        suppress(conn, "sms", PHONE, "opted_out")

    page = site.client.get(f"/p/{site.token(1)}").text

    assert "<strong>SMS:</strong>" in page


def test_a_forged_token_shows_nothing_and_changes_nothing(site: Website) -> None:
    before = everything(site.engine)

    shown = site.client.get("/p/x.1.y")
    saved = site.client.post("/p/x.1.y", data=SHOWN | {"yes": "email/offers", "nothing": "yes"})

    assert (shown.status_code, saved.status_code) == (200, 200)
    assert not any((boxes(shown.text) | boxes(saved.text)).values())
    assert everything(site.engine) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing_there_either(site: Website, method: str) -> None:
    before = everything(site.engine)

    answer = site.client.request(method, f"/p/{site.token(1)}")

    assert answer.status_code in (200, 204)
    assert everything(site.engine) == before


def test_what_no_page_has_is_not_recorded(site: Website, clock: MovingClock) -> None:
    clock.at += timedelta(minutes=1)

    save(site, yes=["email/service", "fax/offers", "email", ""], shown_at="2026-07-03")
    save(site, yes="email/service", shown="sms/service")

    assert len(ledger(site.engine)) == 1
