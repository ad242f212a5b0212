"""Twilio's adapter against a local server that speaks the Messages API."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from channel_source import ListSource, outcome_of, passed, serve, text
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from scripted_smtp import greeting_server
from werkzeug import Request, Response

from outreach.channels.loop import run
from outreach.channels.sms.twilio import TwilioAdapter
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

MESSAGES = "/2010-04-01/Accounts/AC1/Messages.json"
QUEUED = {"sid": "SM1", "status": "queued"}

MakeTwilio = Callable[..., TwilioAdapter]


@pytest.fixture
def twilio(tmp_path: Path, httpserver: HTTPServer) -> Iterator[MakeTwilio]:
    """Makes adapters, and closes them in the end."""
    with ExitStack() as stack:

        def make(
            seconds: float = 10, settings: ChannelSettings | None = None, **environment: Any
        ) -> TwilioAdapter:
            values = {
                "twilio_account_sid": "AC1",
                "twilio_auth_token": SecretStr("secret"),
                "twilio_api_base": httpserver.url_for(""),
            }
            adapter = TwilioAdapter(
                "sms",
                Company(brand=Brand(name="Shop"), channels={"sms": settings} if settings else {}),
                Environment(project=tmp_path, **(values | environment)),
                seconds,
            )
            stack.callback(adapter.close)
            return adapter

        yield make


def until(true: Callable[[], bool]) -> None:
    """Return as soon as something is true, or after five seconds."""
    give_up = time.monotonic() + 5
    while not true() and time.monotonic() < give_up:
        time.sleep(0.005)


def refusal(httpserver: HTTPServer, status: int, code: int, words: str = "no") -> None:
    body = {"status": status, "code": code, "message": words}
    httpserver.expect_request(MESSAGES).respond_with_json(body, status)


def test_an_accepted_message_carries_twilios_id(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    httpserver.expect_request(MESSAGES, method="POST").respond_with_json(QUEUED, 201)

    outcome = outcome_of(twilio(), text(1, "+447700900001", text="Hi 王总"))

    assert (outcome.answer, outcome.provider_id) == (Answer.ACCEPTED, "SM1")
    [(request, _)] = httpserver.log
    assert request.form.to_dict() == {
        "To": "+447700900001",
        "From": "+15005550006",
        "Body": "Hi 王总",
    }
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'AC1:secret').decode()}"


def test_an_api_key_signs_instead_of_the_account(
    twilio: MakeTwilio, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(MESSAGES).respond_with_json(QUEUED, 201)

    outcome_of(twilio(twilio_api_key="SK1", twilio_api_secret=SecretStr("key")), text(1))

    [(request, _)] = httpserver.log
    assert request.authorization is not None
    assert (request.authorization.username, request.authorization.password) == ("SK1", "key")


def test_a_messaging_service_chooses_the_number(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    httpserver.expect_request(MESSAGES).respond_with_json(QUEUED, 201)
    service = "MG" + "a" * 32

    outcome_of(twilio(), text(1, sender=service))

    [(request, _)] = httpserver.log
    assert request.form["MessagingServiceSid"] == service
    assert "From" not in request.form


def test_callbacks_come_back_under_the_token(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    httpserver.expect_request(MESSAGES).respond_with_json(QUEUED, 201)

    outcome_of(twilio(public_url="https://out.example.com"), text(1, token="abc"))

    [(request, _)] = httpserver.log
    callback = "https://out.example.com/webhooks/twilio/status/abc"
    assert request.form["StatusCallback"] == callback


@pytest.mark.parametrize(
    ("status", "code", "answer", "fault"),
    [
        (429, 20429, Answer.RETRY, Fault.TEMPORARY),
        (400, 21610, Answer.REJECTED, Fault.OPTED_OUT),
        (400, 21614, Answer.REJECTED, Fault.ADDRESS),
        (401, 20003, Answer.RETRY, Fault.CHANNEL),
        (429, 63038, Answer.RETRY, Fault.CHANNEL),
        (400, 21408, Answer.REJECTED, Fault.POLICY),
    ],
)
def test_a_refusal_is_read(
    twilio: MakeTwilio,
    httpserver: HTTPServer,
    status: int,
    code: int,
    answer: Answer,
    fault: Fault,
) -> None:
    refusal(httpserver, status, code)

    outcome = outcome_of(twilio(), text(1))

    assert (outcome.answer, outcome.fault, outcome.code) == (answer, fault, str(code))


def test_the_words_of_a_refusal_hide_the_number(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    refusal(httpserver, 400, 21211, "The 'To' number +44 7700-900001 is not valid")

    outcome = outcome_of(twilio(), text(1, "+447700900001"))

    assert "7700" not in outcome.detail
    assert "is not valid" in outcome.detail


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_leaves_it_unknown(twilio: MakeTwilio, httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data("<html>", status)

    assert outcome_of(twilio(), text(1)).answer is Answer.UNKNOWN


def test_no_answer_in_time_leaves_it_unknown(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    def dawdle(_request: Request) -> Response:
        time.sleep(0.3)
        return Response(json.dumps(QUEUED), 201)

    httpserver.expect_request(MESSAGES).respond_with_handler(dawdle)

    assert outcome_of(twilio(seconds=0.1), text(1)).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 400\r\n\r\n{",
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_half_an_answer_leaves_it_unknown(twilio: MakeTwilio, said: bytes) -> None:
    with greeting_server(said, wait_for=b"Body=Hello") as url:
        outcome = outcome_of(twilio(twilio_api_base=url.replace("smtp:", "http:")), text(1))

    assert outcome.answer is Answer.UNKNOWN


def test_no_server_means_unreachable_and_an_end(twilio: MakeTwilio) -> None:
    adapter = twilio(twilio_api_base="http://127.0.0.1:1", settings=ChannelSettings(connections=2))

    source = serve(adapter, *(text(number) for number in range(1, 51)))

    assert source.each_once()
    begun = [outcome for outcome in source.reported if outcome.begun]
    assert {outcome.answer for outcome in begun} == {Answer.UNREACHABLE}
    assert len(source.reported) < 50


def test_a_channel_fault_spares_everyone_else(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    refusal(httpserver, 401, 20003)
    adapter = twilio(settings=ChannelSettings(connections=2))

    source = serve(adapter, *(text(number) for number in range(1, 51)))

    assert source.each_once()
    assert len(httpserver.log) <= 2


def test_an_outage_makes_no_more_unknown_than_were_in_flight(
    twilio: MakeTwilio, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data("", 503)
    adapter = twilio(settings=ChannelSettings(connections=3))

    source = serve(adapter, *(text(number) for number in range(1, 51)))

    assert source.each_once()
    assert 1 <= len(httpserver.log) <= 3


def test_a_slow_answer_holds_one_place_only(twilio: MakeTwilio) -> None:
    source = ListSource([text(number) for number in range(1, 9)])

    def answer(request: Request) -> Response:
        if request.form["To"] == "+447700900001":
            until(lambda: len(source.reported) == 7)
        return Response(json.dumps(QUEUED), 201)

    with HTTPServer(threaded=True) as server:
        server.expect_request(MESSAGES).respond_with_handler(answer)
        adapter = twilio(
            settings=ChannelSettings(connections=2), twilio_api_base=server.url_for("")
        )
        adapter.serve(source)
        adapter.close()

    assert source.each_once()
    assert source.reported[-1].id == 1


def test_thirty_two_requests_are_in_flight_unless_the_channel_says_otherwise(
    twilio: MakeTwilio,
) -> None:
    """With 16, and the 100 ms that Twilio takes, two workers would stay under 400 messages/s."""
    in_flight: list[int] = []

    def look(source: ListSource) -> bool:
        in_flight.append(len(source.pulled) - len(source.reported))
        return False

    source = ListSource([text(number) for number in range(80)], stop=look)

    with HTTPServer(threaded=True) as server:
        server.expect_request(MESSAGES).respond_with_json(QUEUED, 201)
        adapter = twilio(twilio_api_base=server.url_for(""))
        adapter.serve(source)
        adapter.close()

    assert max(in_flight) == 32
    assert source.each_once()


def test_a_doctor_hears_of_account_and_sender(twilio: MakeTwilio, httpserver: HTTPServer) -> None:
    account = {"sid": "AC1", "status": "suspended"}
    httpserver.expect_request("/2010-04-01/Accounts/AC1.json").respond_with_json(account)

    checks = twilio().check()

    assert [check.ok for check in checks] == [False, False]
    assert "suspended" in checks[0].detail
    assert "channels.sms.from" in checks[1].detail


def test_a_request_that_connecting_delayed_beyond_its_time_is_not_written(
    twilio: MakeTwilio, httpserver: HTTPServer
) -> None:
    """The last look is right before the first byte, whatever went before took its time."""
    httpserver.expect_request(MESSAGES).respond_with_json(QUEUED, 201)
    adapter = twilio()

    late, in_time = run(adapter.post(text(1, begin_by=passed()))), run(adapter.post(text(2)))

    assert not late.begun
    assert in_time.answer is Answer.ACCEPTED
    assert len(httpserver.log) == 1
