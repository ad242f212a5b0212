"""`/u/{token}`: one click is enough, a look changes nothing, a forged token neither."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from makers import NOW, grant, make_customer, make_delivery
from sqlalchemy import Engine, select, update
from websites import (
    ONE_CLICK,
    MovingClock,
    Website,
    everything,
    ledger,
    refused,
    stands,
    website,
)

from outreach.store.engine import reading, writing
from outreach.store.tables import consents, customers, deliveries
from outreach.tokens import Purpose

ANN = "ann@example.com"


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
    """A customer who agreed to two topics, and got a mail of one."""
    with writing(engine) as conn:
        customer = make_customer(conn, "ann", email=ANN, phone="+12025550101")
        for topic in ("greetings", "offers"):
            grant(conn, customer, topic=topic)
        make_delivery(conn, customer, address=ANN, locale="en")


@pytest.mark.parametrize("kind", ["urlencoded", "multipart", "without a type"])
def test_one_post_unsubscribes_without_cookie_from_anywhere(site: Website, kind: str) -> None:
    url, headers = f"/u/{site.token(1)}", {"Origin": "https://elsewhere.example"}

    if kind == "multipart":
        form = {name: (None, value) for name, value in ONE_CLICK.items()}
        answer = site.client.post(url, files=form, headers=headers)
    elif kind == "urlencoded":
        answer = site.client.post(url, data=ONE_CLICK, headers=headers)
    else:
        answer = site.client.post(url, content=b"List-Unsubscribe=One-Click", headers=headers)

    assert (answer.status_code, answer.history) == (200, [])
    assert "set-cookie" not in answer.headers
    assert stands(site.engine, 1) == {"greetings": "withdrawn", "offers": "granted"}
    assert refused(site.engine) == {("email", ANN, "greetings")}


def test_a_repetition_is_answered_alike_and_adds_no_word(
    either: Website, clock: MovingClock
) -> None:
    url = f"/u/{either.token(1)}"

    answers = []
    for _ in range(3):
        answers.append(either.client.post(url, data=ONE_CLICK))
        clock.at += timedelta(hours=1)

    assert {(one.status_code, one.text) for one in answers} == {(200, answers[0].text)}
    assert len(ledger(either.engine)) == 3


def test_the_word_says_how_it_was_said(site: Website) -> None:
    agent = {"User-Agent": "Mail/1.0 " + "x" * 500}

    site.client.post(f"/u/{site.token(1)}", data=ONE_CLICK, headers=agent)

    with reading(site.engine) as conn:
        word = conn.execute(select(consents).order_by(consents.c.id.desc())).first()
    assert word is not None
    assert (word.source, word.at, word.recorded_at) == ("one_click", NOW, NOW)
    assert word.proof == "message 1, Mail/1.0 " + "x" * 71


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_looking_changes_nothing(site: Website, method: str) -> None:
    before = everything(site.engine)

    answer = site.client.request(method, f"/u/{site.token(1)}")

    assert answer.status_code == {"GET": 200, "HEAD": 200, "OPTIONS": 204}.get(method, 405)
    assert everything(site.engine) == before


def test_the_confirm_page_is_a_form_that_posts_to_itself(site: Website) -> None:
    token = site.token(1)

    page = site.client.get(f"/u/{token}")

    assert '<html lang="en">' in page.text
    assert '<form method="post">' in page.text
    assert 'name="List-Unsubscribe" value="One-Click"' in page.text
    assert f'href="../p/{token}"' in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_the_page_speaks_the_browsers_language(site: Website) -> None:
    wishes = {"Accept-Language": "tlh, de-AT;q=0.8, en;q=0.5"}

    page = site.client.get(f"/u/{site.token(1)}", headers=wishes)

    assert '<html lang="de">' in page.text
    assert "Abbestellen" in page.text


@pytest.mark.parametrize(
    "forge",
    [
        lambda site: "x",
        lambda site: site.token(1)[:-1] + "!",
        lambda site: site.token(99),
        lambda site: site.token(1, Purpose.CALLBACK),
        lambda site: site.token(1).upper(),
        lambda site: "%00%0d%0a",
    ],
)
def test_a_forged_token_gets_the_same_answer_and_changes_nothing(
    site: Website, forge: object
) -> None:
    token = forge(site)  # type: ignore[operator]
    before = everything(site.engine)

    answer = site.client.post(f"/u/{token}", data=ONE_CLICK)

    assert everything(site.engine) == before
    true = site.client.post(f"/u/{site.token(1)}", data=ONE_CLICK)
    assert answer.status_code == true.status_code == 200
    assert answer.text.partition("../p/")[0] == true.text.partition("../p/")[0]
    assert answer.headers == {**true.headers, "content-length": answer.headers["content-length"]}


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=No", b'{"a": 1}', b"\xff\xfe&&=="])
def test_a_form_that_does_not_ask_changes_nothing(site: Website, body: bytes) -> None:
    before = everything(site.engine)

    answer = site.client.post(f"/u/{site.token(1)}", content=body)

    assert answer.status_code == 400
    assert everything(site.engine) == before


@pytest.mark.parametrize("charset", ["undefined", "utf-16", "punycode", "idna", "hex"])
@pytest.mark.parametrize("page", ["u", "p"])
def test_a_form_is_read_as_utf_8_whatever_charset_it_names(
    site: Website, page: str, charset: str
) -> None:
    kind = f'multipart/form-data; charset={charset}; boundary="a\\"b"'
    field = 'Content-Disposition: form-data; name="List-Unsubscribe"'
    body = f'--a"b\r\n{field}\r\n\r\nOne-Click\r\n--a"b--\r\n'

    answer = site.client.post(
        f"/{page}/{site.token(1)}", content=body, headers={"Content-Type": kind}
    )

    assert answer.status_code == 200
    assert refused(site.engine) == ({("email", ANN, "greetings")} if page == "u" else set())


@pytest.mark.parametrize("more", ["", "; boundary=", '; boundary=""', "; boundary=" + "x" * 400])
def test_a_form_in_parts_without_a_sound_boundary_is_refused(site: Website, more: str) -> None:
    kind = {"Content-Type": f"multipart/form-data{more}"}

    answer = site.client.post(f"/u/{site.token(1)}", content=b"--\r\n\r\n", headers=kind)

    assert answer.status_code == 400


def test_a_body_that_is_too_long_is_refused(site: Website) -> None:
    body = b"List-Unsubscribe=One-Click&x=" + b"x" * 70_000

    answer = site.client.post(f"/u/{site.token(1)}", content=body)

    assert answer.status_code == 413
    assert refused(site.engine) == set()


def test_a_token_never_expires_and_holds_for_the_address_the_message_went_to(
    either: Website, clock: MovingClock
) -> None:
    with writing(either.engine) as conn:
        conn.execute(update(customers).values(email="new@example.com"))
    clock.at += timedelta(days=4000)

    either.client.post(f"/u/{either.token(1)}", data=ONE_CLICK)

    of = {("email", ANN, "greetings"), ("email", "new@example.com", "greetings")}
    assert refused(either.engine) == of
    assert stands(either.engine, 1)["greetings"] == "withdrawn"


def test_whoever_has_the_address_now_is_taken_out_of_the_workers_hands(either: Website) -> None:
    with writing(either.engine) as conn:
        conn.execute(update(customers).values(email=None))
        other = make_customer(conn, "bob", email=ANN)
        grant(conn, other)
        mine = make_delivery(conn, other, "claimed", address=ANN, worker_id=7)
        offer = make_delivery(conn, other, "claimed", address=ANN, worker_id=7, topic="offers")

    either.client.post(f"/u/{either.token(1)}", data=ONE_CLICK)

    with reading(either.engine) as conn:
        d = deliveries.c
        states = dict(conn.execute(select(d.id, d.state)).all())
    assert (states[mine], states[offer]) == ("due", "claimed")


def test_a_no_by_a_merged_customers_mail_is_that_of_the_one_it_became(site: Website) -> None:
    with writing(site.engine) as conn:
        into = make_customer(conn, "anna", email="anna@example.com")
        grant(conn, into)
        conn.execute(update(customers).where(customers.c.id == 1).values(merged_into=into))

    site.client.post(f"/u/{site.token(1)}", data=ONE_CLICK)

    of = {("email", ANN, "greetings"), ("email", "anna@example.com", "greetings")}
    assert refused(site.engine) == of
    assert stands(site.engine, into) == {"greetings": "withdrawn"}


def test_the_answer_comes_when_nothing_against_it_begins_any_more(either: Website) -> None:
    with writing(either.engine) as conn:
        make_delivery(conn, 1, "handing", address=ANN, worker_id=7)
    answered = threading.Event()

    def ask() -> None:
        either.client.post(f"/u/{either.token(1)}", data=ONE_CLICK)
        answered.set()

    asking = threading.Thread(target=ask)
    asking.start()
    waited = not answered.wait(0.4)
    with writing(either.engine) as conn:
        conn.execute(update(deliveries).where(deliveries.c.worker_id == 7).values(worker_id=None))

    assert waited
    assert answered.wait(20)
    asking.join()
