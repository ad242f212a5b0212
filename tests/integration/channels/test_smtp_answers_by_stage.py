"""SMTP against real servers that refuse, drop and dawdle at each stage."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from channel_source import ListSource, mail, outcome_of, serve
from pydantic import SecretStr
from scripted_smtp import DROP, Post, greeting_server, only_password, silent_server, smtp_server
from servers import free_port

from outreach.channels.adapter import Message
from outreach.channels.email.endings import Timeouts
from outreach.channels.email.smtp import SmtpAdapter
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

MakeSmtp = Callable[..., SmtpAdapter]


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[MakeSmtp]:
    """Makes adapters, and closes them in the end."""
    with ExitStack() as stack:

        def make(url: str, connections: int = 1, timeouts: Timeouts | None = None) -> SmtpAdapter:
            channels = {"email": ChannelSettings(connections=connections)}
            adapter = SmtpAdapter(
                "email",
                Company(brand=Brand(name="Shop"), channels=channels),
                Environment(project=tmp_path, smtp_url=SecretStr(url)),
                timeouts or Timeouts(),
            )
            stack.callback(adapter.close)
            return adapter

        yield make


@pytest.fixture(params=["pipelining", "one by one"])
def post(request: pytest.FixtureRequest) -> Iterator[Post]:
    """A server that takes everything until a test gives it a script."""
    hidden = () if request.param == "pipelining" else ("PIPELINING",)
    with smtp_server(Post(extensions_hidden=hidden)) as post:
        yield post


def at(stage: str, answer: str) -> Callable[[str, str], str | None]:
    """A script that gives one answer at one stage."""
    return lambda asked, _recipient: answer if asked == stage else None


@pytest.mark.parametrize(
    ("stage", "said", "answer", "fault", "code"),
    [
        ("mail", "550 5.7.1 sender refused", Answer.RETRY, Fault.CHANNEL, "550 5.7.1"),
        ("mail", "451 4.3.0 later", Answer.RETRY, Fault.TEMPORARY, "451 4.3.0"),
        ("rcpt", "550 5.1.1 nobody here", Answer.REJECTED, Fault.ADDRESS, "550 5.1.1"),
        ("rcpt", "552 5.2.2 full", Answer.RETRY, Fault.MAILBOX, "552 5.2.2"),
        ("rcpt", "450 4.7.1 greylisted", Answer.RETRY, Fault.TEMPORARY, "450 4.7.1"),
        ("rcpt", "550 5.7.1 not from you", Answer.REJECTED, Fault.POLICY, "550 5.7.1"),
        ("data", "421 4.3.2 going away", Answer.RETRY, Fault.TEMPORARY, "421 4.3.2"),
        ("data", "554 5.7.1 no", Answer.REJECTED, Fault.POLICY, "554 5.7.1"),
        ("dot", "554 5.6.0 malformed", Answer.REJECTED, Fault.CONTENT, "554 5.6.0"),
        ("dot", "550 5.7.26 unauthenticated", Answer.RETRY, Fault.CHANNEL, "550 5.7.26"),
        ("dot", "452 4.2.2 full", Answer.RETRY, Fault.MAILBOX, "452 4.2.2"),
        ("dot", "421 4.3.2 going away", Answer.RETRY, Fault.TEMPORARY, "421 4.3.2"),
    ],
)
def test_a_refusal_is_told_with_its_stage(
    smtp: MakeSmtp, post: Post, stage: str, said: str, answer: Answer, fault: Fault, code: str
) -> None:
    post.script = at(stage, said)

    outcome = outcome_of(smtp(post.url), mail(1))

    assert (outcome.answer, outcome.fault) == (answer, fault)
    assert (outcome.stage, outcome.code) == (stage, code)


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("mail", Answer.RETRY),
        ("rcpt", Answer.RETRY),
        ("data", Answer.RETRY),
        ("dot", Answer.UNKNOWN),
    ],
)
def test_a_lost_connection_is_unknown_only_after_the_dot(
    smtp: MakeSmtp, post: Post, stage: str, answer: Answer
) -> None:
    post.script = at(stage, DROP)

    outcome = outcome_of(smtp(post.url), mail(1))

    assert (outcome.answer, outcome.stage) == (answer, stage)
    assert len(post.contents) == (stage == "dot")


def test_silence_after_the_dot_is_unknown(smtp: MakeSmtp, post: Post) -> None:
    post.pause_seconds = 0.5

    outcome = outcome_of(smtp(post.url, timeouts=Timeouts(dot=0.1)), mail(1))

    assert (outcome.answer, outcome.stage) == (Answer.UNKNOWN, "dot")


def test_a_slow_answer_to_the_dot_is_waited_for_although_all_stops(
    smtp: MakeSmtp, post: Post
) -> None:
    post.pause_seconds = 0.1
    source = ListSource([mail(1), mail(2)], stop=lambda _source: post.dots > 0)

    smtp(post.url).serve(source)

    assert source.by_id[1].answer is Answer.ACCEPTED
    assert source.each_once()
    assert post.ids == [1]


def test_a_refused_neighbour_harms_nobody(smtp: MakeSmtp, post: Post) -> None:
    post.script = lambda stage, to: (
        "550 5.1.1 nobody" if stage == "rcpt" and to.startswith("customer2@") else None
    )

    source = serve(smtp(post.url), mail(1), mail(2), mail(3))

    assert post.ids == [1, 3]
    assert post.connections == 1
    assert source.by_id[2].fault is Fault.ADDRESS


def test_the_queue_id_is_the_providers_id(smtp: MakeSmtp, post: Post) -> None:
    assert outcome_of(smtp(post.url), mail(1)).provider_id == "4F2A1B"


def test_the_words_of_a_refusal_hide_the_address(smtp: MakeSmtp, post: Post) -> None:
    post.script = lambda stage, to: f"550 5.1.1 <{to}>: user customer1 unknown"

    outcome = outcome_of(smtp(post.url), mail(1))

    assert "customer1" not in outcome.detail
    assert "unknown" in outcome.detail


def test_connections_are_kept_between_calls(smtp: MakeSmtp, post: Post) -> None:
    adapter = smtp(post.url)

    serve(adapter, mail(1))
    serve(adapter, mail(2))

    assert post.ids == [1, 2]
    assert post.connections == 1


def test_a_kept_connection_that_went_away_is_replaced_at_once(smtp: MakeSmtp, post: Post) -> None:
    adapter = smtp(post.url)
    serve(adapter, mail(1))
    answers = iter(["421 4.4.2 idle for too long"])
    post.script = lambda stage, _to: next(answers, None) if stage == "mail" else None

    outcome = outcome_of(adapter, mail(2))

    assert outcome.answer is Answer.ACCEPTED
    assert post.connections == 2


def test_no_more_connections_than_allowed_are_opened(smtp: MakeSmtp, post: Post) -> None:
    serve(smtp(post.url, connections=3), *(mail(number) for number in range(1, 201)))

    assert sorted(post.ids) == list(range(1, 201))
    assert post.connections <= 3


def test_no_server_means_unreachable_and_an_end(smtp: MakeSmtp) -> None:
    source = serve(
        smtp(f"smtp://localhost:{free_port()}"), *(mail(number) for number in range(1, 6))
    )

    assert source.each_once()
    assert {outcome.answer for outcome in source.reported} == {Answer.UNREACHABLE}
    assert {outcome.stage for outcome in source.reported} == {"connect"}
    assert len(source.reported) < 5


@pytest.mark.parametrize(
    ("greeting", "answer", "fault"),
    [
        (b"554 5.7.1 we do not know you\r\n", Answer.RETRY, Fault.CHANNEL),
        (b"421 4.7.0 too many connections\r\n", Answer.UNREACHABLE, Fault.TEMPORARY),
        (b"", Answer.UNREACHABLE, Fault.TEMPORARY),
        (b"hello\r\n", Answer.UNREACHABLE, Fault.TEMPORARY),
    ],
)
def test_a_server_that_greets_badly(
    smtp: MakeSmtp, greeting: bytes, answer: Answer, fault: Fault
) -> None:
    with greeting_server(greeting) as url:
        outcome = outcome_of(smtp(url), mail(1))

    assert (outcome.answer, outcome.fault, outcome.stage) == (answer, fault, "connect")


def test_a_server_that_never_greets_is_unreachable(smtp: MakeSmtp) -> None:
    with silent_server() as url:
        outcome = outcome_of(smtp(url, timeouts=Timeouts(greeting=0.1)), mail(1))

    assert (outcome.answer, outcome.stage) == (Answer.UNREACHABLE, "connect")


def test_a_stop_is_noticed_while_connecting(smtp: MakeSmtp) -> None:
    source = ListSource([mail(1)], stop=lambda source: bool(source.pulled))
    with silent_server() as url:
        smtp(url).serve(source)

    assert not source.by_id[1].begun


def test_a_server_that_allows_one_connection_gets_one(smtp: MakeSmtp, post: Post) -> None:
    post.most_connections = 1
    adapter = smtp(post.url, connections=3)
    serve(adapter, mail(1))

    source = serve(adapter, *(mail(number) for number in range(2, 51)))

    assert source.each_once()
    begun = [outcome for outcome in source.reported if outcome.begun]
    assert {outcome.answer for outcome in begun} == {Answer.ACCEPTED}
    assert len(begun) >= 47


def test_an_answer_that_is_late_does_not_keep_those_behind_it_on_the_connection(
    smtp: MakeSmtp, post: Post
) -> None:
    class AtOnce(ListSource):
        def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:
            return super().pull(99)

    post.keeps = lambda stage, to: stage == "dot" and to == mail(2).to and 4 not in source.by_id
    source = AtOnce([mail(number, begin_by=time.monotonic() + 1) for number in range(1, 5)])

    smtp(post.url).serve(source)

    assert [outcome.id for outcome in source.reported] == [1, 3, 4, 2]
    assert [outcome.begun for outcome in source.reported] == [True, False, False, True]
    assert post.ids == [1, 2]


def test_a_channel_fault_spares_everyone_else(smtp: MakeSmtp, post: Post) -> None:
    post.script = at("mail", "550 5.7.1 not you")

    source = serve(smtp(post.url), *(mail(number) for number in range(1, 21)))

    assert source.each_once()
    assert [outcome.fault for outcome in source.reported if outcome.begun] == [Fault.CHANNEL]


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_wrong_password_is_the_channels_fault(smtp: MakeSmtp) -> None:
    with smtp_server(Post(), user="shop:wrong@", **only_password(b"right")) as post:
        outcome = outcome_of(smtp(post.url), mail(1))

    assert (outcome.answer, outcome.fault, outcome.stage) == (Answer.RETRY, Fault.CHANNEL, "auth")
    assert "wrong" not in repr(outcome)


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_right_password_is_let_in(smtp: MakeSmtp) -> None:
    with smtp_server(Post(), user="shop:p%40ss@", **only_password(b"p@ss")) as post:
        outcome = outcome_of(smtp(post.url), mail(1))

    assert outcome.answer is Answer.ACCEPTED
    assert post.ids == [1]


def test_a_server_that_drops_each_connection_is_left_alone(smtp: MakeSmtp, post: Post) -> None:
    post.script = at("rcpt", DROP)

    source = serve(smtp(post.url), *(mail(number) for number in range(1, 21)))

    assert source.each_once()
    assert len(source.reported) < 20
    assert post.connections == 3


def test_a_doctor_hears_why(smtp: MakeSmtp, post: Post) -> None:
    [well] = smtp(post.url).check()
    [ill] = smtp("smtp://localhost:1").check()

    assert well.ok
    assert "NOT encrypted" in well.detail
    assert not ill.ok
    assert "localhost:1: connect" in ill.detail


def test_no_mail_from_is_written_after_the_time_to_begin(smtp: MakeSmtp, post: Post) -> None:
    """The answer to the message before it took too long."""
    post.pause_seconds = 0.3

    source = serve(smtp(post.url), mail(1), mail(2, begin_by=time.monotonic() + 0.1), mail(3))

    assert not source.by_id[2].begun
    assert [one.answer for one in map(source.by_id.get, (1, 3)) if one] == [Answer.ACCEPTED] * 2
    assert (post.ids, len(post.mail_options)) == ([1, 3], 2)
