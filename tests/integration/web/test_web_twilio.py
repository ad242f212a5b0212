"""Twilio's webhooks: believed only with its signature, twice or in any order the same."""

import re
import threading
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from makers import NOW, grant, make_customer, make_delivery, suppress
from sqlalchemy import Engine, select, update
from twilio.request_validator import RequestValidator
from websites import AUTH_TOKEN, URL, Website, everything, stopped, website

from outreach.store.engine import reading, writing
from outreach.store.tables import deliveries, events
from outreach.tokens import Purpose

PHONE = "+12025550101"
_MESSAGE = re.compile(r"<Message>(.*)</Message>")


@pytest.fixture
def site(sqlite_engine: Engine) -> Iterator[Website]:
    """A site whose only customer got a text, for what no database has a part in."""
    fill(sqlite_engine)
    with website(sqlite_engine) as found:
        yield found


@pytest.fixture
def either(engine: Engine) -> Iterator[Website]:
    """The same on each database."""
    fill(engine)
    with website(engine) as found:
        yield found


def fill(engine: Engine) -> None:
    """A customer to whom a text may have gone."""
    with writing(engine) as conn:
        customer = make_customer(conn, "ann", phone=PHONE, email="ann@example.com")
        grant(conn, customer, "sms")
        make_delivery(conn, customer, "unknown", channel="sms", address=PHONE)


def post(site: Website, path: str, secret: str = AUTH_TOKEN, url: str = URL, **form: str) -> Any:
    """What the site answers to a form that somebody with the secret signed for the address."""
    signature = RequestValidator(secret).compute_signature(f"{url}{path}", form)
    return site.client.post(path, data=form, headers={"X-Twilio-Signature": signature})


def status(site: Website, status: str, **form: str) -> Any:
    path = f"/webhooks/twilio/status/{site.token(1, Purpose.CALLBACK)}"
    return post(site, path, MessageSid="SM1", MessageStatus=status, **form)


def text(site: Website, body: str, name: str = "SM9", sender: str = PHONE, **form: str) -> str:
    """What is answered to a text; "" for nothing."""
    answer = post(site, "/webhooks/twilio/inbound", MessageSid=name, From=sender, Body=body, **form)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    found = _MESSAGE.search(answer.text)
    return found[1] if found else ""


def state(site: Website) -> str:
    with reading(site.engine) as conn:
        return str(conn.execute(select(deliveries.c.state)).scalar())


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
def test_statuses_in_any_order_come_to_the_same(site: Website, order: tuple[str, ...]) -> None:
    answers = [status(site, each).status_code for each in order]

    assert answers == [204, 204, 204]
    assert state(site) == "delivered"


def test_a_status_told_again_changes_nothing(either: Website) -> None:
    status(either, "undelivered", ErrorCode="30005")
    before = everything(either.engine)

    for _ in range(3):
        status(either, "undelivered", ErrorCode="30005")
        status(either, "sent")

    after = everything(either.engine)
    assert state(either) == "bounced"
    assert stopped(either.engine) == {PHONE: "hard_bounce"}
    assert [part for part in after if part not in before] == [after[6]]  # `sent` was received once
    assert len(after[6]) == 2


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": "another"},
        {"url": "https://evil.example.com"},
    ],
)
@pytest.mark.parametrize("path", ["/webhooks/twilio/inbound", "/webhooks/twilio/status/"])
def test_what_twilio_did_not_sign_for_us_is_refused(
    site: Website, path: str, forgery: dict[str, str]
) -> None:
    before = everything(site.engine)
    path += site.token(1, Purpose.CALLBACK) if path.endswith("/") else ""
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": PHONE, "Body": "STOP"}

    answers = [
        post(site, path, **forgery, **form),
        site.client.post(path, data=form),
        site.client.post(path, data=form, headers={"Host": "out.example.com"}),
    ]

    assert {one.status_code for one in answers} == {403}
    assert everything(site.engine) == before


@pytest.mark.parametrize(
    ("charset", "body"),
    [("undefined", b"hi"), ("utf-7", b"+2AA-"), ("unicode_escape", rb"\ud800"),
     ("punycode", rb"\ud800")],
)  # fmt: skip
def test_a_forgery_in_any_charset_is_refused(site: Website, charset: str, body: bytes) -> None:
    parts = b'--x\r\nContent-Disposition: form-data; name="Body"\r\n\r\n%s\r\n--x--\r\n' % body
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    headers = {"X-Twilio-Signature": "x", "Content-Type": kind}

    answer = site.client.post("/webhooks/twilio/inbound", content=parts, headers=headers)

    assert answer.status_code == 403


def test_without_the_auth_token_nothing_is_believed(site: Website) -> None:
    object.__setattr__(site.site, "twilio_token", "")

    answer = post(site, "/webhooks/twilio/inbound", secret="", From=PHONE, Body="STOP")

    assert answer.status_code == 403


@pytest.mark.parametrize("token", ["x", "1.2.3", "unsubscribe"])
def test_a_signed_status_with_a_forged_token_changes_nothing(site: Website, token: str) -> None:
    before = everything(site.engine)
    token = site.token(1) if token == "unsubscribe" else token

    answer = post(site, f"/webhooks/twilio/status/{token}", MessageSid="SM1", MessageStatus="sent")

    assert answer.status_code == 204
    assert everything(site.engine) == before


@pytest.mark.parametrize(
    "form", [{}, {"MessageStatus": "read"}, {"MessageSid": "SM1", "MessageStatus": "received"},
             {"MessageSid": "S\x00M", "MessageStatus": "sent"}]
)  # fmt: skip
def test_a_signed_form_that_says_nothing_changes_nothing(
    site: Website, form: dict[str, str]
) -> None:
    before = everything(site.engine)
    path = f"/webhooks/twilio/status/{site.token(1, Purpose.CALLBACK)}"

    answers = [post(site, where, **form) for where in (path, "/webhooks/twilio/inbound")]

    assert [one.status_code for one in answers] == [204, 200]
    assert everything(site.engine) == before


def test_stop_is_confirmed_once_and_holds_for_the_number(either: Website) -> None:
    with writing(either.engine) as conn:
        claimed = make_delivery(conn, 1, "claimed", channel="sms", address=PHONE, worker_id=7)

    answers = [text(either, "Stop!", f"SM{n}") for n in range(3)]

    assert answers == ["Harbour Tea: You will get no more texts from us. Reply START to get them "
                       "again.", "", ""]  # fmt: skip
    assert stopped(either.engine) == {PHONE: "opted_out"}
    with reading(either.engine) as conn:
        assert conn.execute(
            select(deliveries.c.state).where(deliveries.c.id == claimed)
        ).scalar() == "due"  # fmt: skip


def test_stop_is_answered_when_nothing_to_the_number_begins_any_more(site: Website) -> None:
    with writing(site.engine) as conn:
        make_delivery(conn, 1, "handing", channel="sms", address=PHONE, worker_id=7)
    answered = threading.Event()

    def ask() -> None:
        text(site, "STOP")
        answered.set()

    asking = threading.Thread(target=ask)
    asking.start()
    waited = not answered.wait(0.4)
    with writing(site.engine) as conn:
        conn.execute(update(deliveries).where(deliveries.c.worker_id == 7).values(worker_id=None))

    assert waited
    assert answered.wait(20)
    asking.join()


def test_start_lifts_the_stop_and_nothing_else(either: Website) -> None:
    with writing(either.engine) as conn:
        suppress(conn, "sms", "+12025550102", "hard_bounce")
    text(either, "STOP", "SM1")
    text(either, "stop", "SM2", sender="+12025550102")

    answers = [text(either, "Start", "SM3"), text(either, "UNSTOP", "SM4", sender="+12025550102")]

    assert "STOP to end" in answers[0]
    assert answers[1] == ""  # the number gets no texts all the same: it is not told that it does
    assert stopped(either.engine) == {"+12025550102": "hard_bounce"}


def test_start_is_confirmed_once(either: Website) -> None:
    text(either, "STOP", "SM1")

    answers = [text(either, "START", f"SM{n}") for n in (2, 3)]

    assert ["STOP to end" in one for one in answers] == [True, False]
    assert answers[1] == ""


def test_start_without_a_stop_is_not_answered(site: Website) -> None:
    assert text(site, "START") == text(site, "START", sender="+12025550177") == ""


def test_a_stop_told_again_after_a_start_does_nothing(either: Website) -> None:
    text(either, "STOP", "SM1")
    text(either, "START", "SM2")

    answers = [text(either, "STOP", "SM1"), text(either, "START", "SM2")]

    assert answers == ["", ""]
    assert stopped(either.engine) == {}


def test_a_stop_of_a_number_that_nobody_has_holds_for_who_gets_it(site: Website) -> None:
    text(site, "STOP", sender="+12025550177")

    assert stopped(site.engine) == {"+12025550177": "opted_out"}


@pytest.mark.parametrize("kind", ["STOP", "START", "HELP"])
def test_what_twilio_answered_is_not_answered_again(site: Website, kind: str) -> None:
    answer = text(site, "whatever", OptOutType=kind)

    assert answer == ""
    assert (PHONE in stopped(site.engine)) == (kind == "STOP")


def test_help_says_who_writes_and_how_it_ends_also_after_stop(site: Website) -> None:
    text(site, "STOP", "SM1")

    answer = text(site, " help? ", "SM2")

    for part in ("Harbour Tea", "+1 202-555-0142", "STOP", "frequency", "rates"):
        assert part in answer
    assert stopped(site.engine) == {PHONE: "opted_out"}


def test_any_other_text_is_a_reply_of_the_customer_and_nothing_else(site: Website) -> None:
    answers = [text(site, "Thanks <3, see you!", "SM5"), text(site, "Thanks <3, see you!", "SM5")]

    assert answers == ["", ""]
    with reading(site.engine) as conn:
        row = conn.execute(select(events)).one()
    assert (row.customer_id, row.kind, row.at) == (1, "reply", NOW)
    assert row.data == {"channel": "sms", "text": "Thanks <3, see you!", "delivery": 1}
    assert stopped(site.engine) == {}


def test_a_nul_in_a_text_costs_no_word_of_it(either: Website) -> None:
    """PostgreSQL keeps none: the text was answered with 503 for ever."""
    answers = [text(either, "Thank\x00s", "SM5"), text(either, "S\x00TOP", "SM6")]

    with reading(either.engine) as conn:
        said = conn.execute(select(events.c.data)).scalar_one()["text"]
    assert said == "Thanks"
    assert (answers[0], "no more texts" in answers[1]) == ("", True)


def test_of_several_with_the_number_the_one_written_to_last_replied(either: Website) -> None:
    with writing(either.engine) as conn:
        other = make_customer(conn, "bob", phone=PHONE)
        make_customer(conn, "cat", phone=PHONE)
        make_delivery(conn, other, channel="sms", address=PHONE)

    text(either, "Who is this?")

    with reading(either.engine) as conn:
        assert conn.execute(select(events.c.customer_id)).scalars().all() == [other]


@pytest.mark.parametrize("sender", ["+12025550143", "12345", "INFO", "whatsapp:+12025550101"])
def test_machines_are_never_answered(site: Website, sender: str) -> None:
    before = everything(site.engine)

    answers = [text(site, "HELP", "SM1", sender=sender), text(site, "STOP", "SM2", sender=sender)]

    assert answers == ["", ""]
    assert everything(site.engine) == before
