"""What every adapter keeps, whatever it sends through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from channel_source import ListSource, mail, passed, serve, text
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from scripted_smtp import Post, smtp_server
from werkzeug import Request, Response

from outreach.channels.adapter import Adapter, Message
from outreach.channels.registry import make_adapter
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer

COMPANY = Company(brand=Brand(name="Shop"))


@dataclass(frozen=True)
class Rig:
    """An adapter with something real behind it."""

    adapter: Adapter
    message: Callable[..., Message]
    arrived: Callable[[], int]


@pytest.fixture(params=["smtp", "twilio", "capture-email", "capture-sms"])
def rig(request: pytest.FixtureRequest, tmp_path: Path, httpserver: HTTPServer) -> Iterator[Rig]:
    """Each adapter in turn."""
    if request.param == "smtp":
        with smtp_server(Post()) as post:
            environment = Environment(project=tmp_path, smtp_url=SecretStr(post.url))
            yield from _rig(environment, "email", lambda: len(post.contents))
    elif request.param == "twilio":
        httpserver.expect_request("/2010-04-01/Accounts/AC1/Messages.json").respond_with_handler(
            _take
        )
        environment = Environment(
            project=tmp_path,
            twilio_account_sid="AC1",
            twilio_auth_token=SecretStr("secret"),
            twilio_api_base=httpserver.url_for(""),
        )
        yield from _rig(environment, "sms", lambda: len(httpserver.log))
    else:
        environment = Environment(project=tmp_path)
        files = lambda: len([*tmp_path.glob("**/*.eml"), *tmp_path.glob("**/*.txt")])  # noqa: E731
        yield from _rig(environment, str(request.param).rpartition("-")[2], files)


def _rig(environment: Environment, channel: str, arrived: Callable[[], int]) -> Iterator[Rig]:
    adapter = make_adapter(channel, COMPANY, environment)
    yield Rig(adapter, mail if channel == "email" else text, arrived)
    adapter.close()


def _take(request: Request) -> Response:
    return Response('{"sid": "SM1", "status": "queued"}', 201, mimetype="application/json")


def test_every_pulled_message_is_reported_once(rig: Rig) -> None:
    source = serve(rig.adapter, *(rig.message(number) for number in range(1, 101)))

    assert source.each_once()
    assert sorted(source.by_id) == list(range(1, 101))
    assert {outcome.answer for outcome in source.reported} == {Answer.ACCEPTED}
    assert rig.arrived() == 100


def test_nothing_is_pulled_while_stopping(rig: Rig) -> None:
    source = ListSource([rig.message(1)], stop=lambda _source: True)

    rig.adapter.serve(source)

    assert source.pulled == []


def test_a_stop_ends_it_and_what_was_pulled_is_reported(rig: Rig) -> None:
    messages = [rig.message(number) for number in range(1, 501)]
    source = ListSource(messages, stop=lambda source: len(source.reported) >= 20)

    rig.adapter.serve(source)

    assert source.each_once()
    begun = [outcome for outcome in source.reported if outcome.begun]
    assert len(begun) == rig.arrived() < 500


def test_what_should_have_begun_earlier_is_not_begun(rig: Rig) -> None:
    source = serve(rig.adapter, rig.message(1, begin_by=passed()), rig.message(2))

    assert source.each_once()
    assert not source.by_id[1].begun
    assert source.by_id[2].answer is Answer.ACCEPTED
    assert rig.arrived() == 1


def test_an_adapter_serves_again(rig: Rig) -> None:
    serve(rig.adapter, rig.message(1))
    rig.adapter.close()

    source = serve(rig.adapter, rig.message(2))

    assert source.by_id[2].answer is Answer.ACCEPTED


def test_an_error_of_the_source_is_not_swallowed(rig: Rig) -> None:
    class Broken(ListSource):
        def pull(self, most: int, connection: int | None = None) -> list[Message]:
            raise ConnectionError("the database is gone")

    with pytest.raises(ConnectionError, match="database"):
        rig.adapter.serve(Broken([]))


def test_no_outcome_names_an_address(rig: Rig) -> None:
    source = serve(rig.adapter, *(rig.message(number) for number in range(1, 4)))

    assert not [one for one in source.reported if "@" in one.detail or "+44" in one.detail]


def test_the_doctor_can_ask_without_sending(rig: Rig) -> None:
    checks = rig.adapter.check()

    assert checks
    assert all(check.detail for check in checks)


def test_it_says_where_it_sends_and_no_secret(rig: Rig) -> None:
    place = rig.adapter.place

    assert "localhost:" in place or "127.0.0.1:" in place or "outbox" in place
    assert "@" not in place
