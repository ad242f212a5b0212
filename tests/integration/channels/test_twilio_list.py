"""What Twilio's list of messages says of those whose answer was never read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from channel_source import text
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from outreach.channels.adapter import Inquirer, Sought
from outreach.channels.sms.twilio import TwilioAdapter
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import ReceiptKind

MESSAGES = "/2010-04-01/Accounts/AC1/Messages.json"
TO = "+447700900001"
AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
SOUGHT = Sought(text(7, TO, text="Hi 王总"), AGO - timedelta(days=1))


@pytest.fixture
def twilio(tmp_path: Path, httpserver: HTTPServer) -> Iterator[TwilioAdapter]:
    environment = Environment(
        project=tmp_path,
        twilio_account_sid="AC1",
        twilio_auth_token=SecretStr("secret"),
        twilio_api_base=httpserver.url_for(""),
    )
    adapter = TwilioAdapter("sms", Company(brand=Brand(name="Shop")), environment, 5)
    yield adapter
    adapter.close()


def lists(httpserver: HTTPServer, *messages: dict[str, Any]) -> None:
    plain = {"body": "Hi 王总", "status": "sent", "error_code": None, "to": TO}
    created = {"date_created": format_datetime(AGO)}
    rows = [plain | created | each for each in messages]
    page = {"messages": rows, "page": 0, "page_size": 50, "next_page_uri": None}
    httpserver.expect_request(MESSAGES, method="GET").respond_with_json(page)


def test_a_message_is_found_by_address_and_text(
    twilio: TwilioAdapter, httpserver: HTTPServer
) -> None:
    lists(httpserver, {"sid": "SM1", "body": "another"}, {"sid": "SM2"})

    [found] = twilio.ask([SOUGHT])

    assert isinstance(twilio, Inquirer)
    assert (found.id, found.kind, found.provider_id, found.at) == (7, ReceiptKind.SENT, "SM2", AGO)
    [(request, _)] = httpserver.log
    assert request.args["To"] == TO
    assert request.args["DateSent>"].startswith(f"{SOUGHT.since:%Y-%m-%d}")


@pytest.mark.parametrize(
    ("status", "code", "kind", "hard"),
    [
        ("queued", None, ReceiptKind.SENT, False),
        ("accepted", None, ReceiptKind.SENT, False),
        ("delivered", None, ReceiptKind.DELIVERED, False),
        ("read", None, ReceiptKind.DELIVERED, False),
        ("undelivered", 30005, ReceiptKind.BOUNCED, True),
        ("undelivered", 30006, ReceiptKind.BOUNCED, True),
        ("undelivered", 30003, ReceiptKind.FAILED, False),
        ("failed", 30007, ReceiptKind.FAILED, False),
        ("failed", None, ReceiptKind.FAILED, False),
    ],
)
def test_its_status_says_what_became_of_it(
    twilio: TwilioAdapter,
    httpserver: HTTPServer,
    status: str,
    code: int | None,
    kind: ReceiptKind,
    hard: bool,
) -> None:
    lists(httpserver, {"sid": "SM1", "status": status, "error_code": code})

    [found] = twilio.ask([SOUGHT])

    assert (found.kind, found.hard) == (kind, hard)


def test_what_is_younger_than_a_minute_may_be_another_s_in_flight(
    twilio: TwilioAdapter, httpserver: HTTPServer
) -> None:
    lists(httpserver, {"sid": "SM1", "date_created": format_datetime(datetime.now(UTC))})

    assert twilio.ask([SOUGHT]) == []


@pytest.mark.parametrize("status", [401, 429, 500])
def test_an_answer_that_is_no_list_says_nothing(
    twilio: TwilioAdapter, httpserver: HTTPServer, status: int
) -> None:
    body = {"status": status, "code": 20003, "message": "no"}
    httpserver.expect_request(MESSAGES).respond_with_json(body, status)

    assert twilio.ask([SOUGHT]) == []


def test_a_twilio_that_is_not_there_says_nothing(
    twilio: TwilioAdapter, httpserver: HTTPServer
) -> None:
    httpserver.stop()

    assert twilio.ask([SOUGHT]) == []
    httpserver.start()
