"""RFC 2920: envelopes behind words, and what becomes of each when the server does not agree."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from channel_source import ListSource, mail
from pydantic import SecretStr

from outreach.channels.adapter import Message
from outreach.channels.email import connection
from outreach.channels.email.smtp import SmtpAdapter
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

ROOT = Path(__file__).resolve().parents[3]
HANG_UP = b""
AND_GO = b"!"  # behind a reply: hang up after it


class AtOnce(ListSource):
    """Gives out all in one pull."""

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:
        return super().pull(max(most, 99))


AGREED = {
    b"MAIL": b"250 ok\r\n",
    b"RCPT": b"250 ok\r\n",
    b"DATA": b"354 go on\r\n",
    b"RSET": b"250 ok\r\n",
}


@dataclass
class Talk:
    """A server's side of all connections: what it read at once, and what it answers to each line."""

    answer: Callable[[bytes, int], bytes]  # (command or b".", how many of it came) → its reply
    url: str = ""
    reads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    counts: dict[bytes, int] = field(default_factory=dict)
    connections: int = 0

    def converse(self, client: socket.socket) -> None:
        """Until it hangs up, or the client does."""
        self.connections += 1
        client.sendall(b"220 here\r\n")
        rest, body = b"", None
        while data := client.recv(65536):
            self.reads.append(data)
            *lines, rest = (rest + data).split(b"\r\n")
            said = b""
            for line in lines:
                if body is not None and line != b".":
                    body.append(line)
                    continue
                word = line[:4].upper()
                if word == b"EHLO":
                    said += b"250-here\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                    continue
                if word == b".":
                    self.bodies.append(b"\r\n".join(body or []))
                    body = None
                self.counts[word] = self.counts.get(word, 0) + 1
                reply = self.answer(word, self.counts[word])
                if reply == HANG_UP or reply.endswith(AND_GO):
                    client.sendall(said + reply.removesuffix(AND_GO))
                    return
                body = [] if reply.startswith(b"354") else body
                said += reply
            client.sendall(said)


@contextmanager
def talking(answer: Callable[[bytes, int], bytes | None]) -> Iterator[Talk]:
    """A server that agrees to everything but what `answer` says otherwise."""
    talk = Talk(lambda word, n: _or(answer(word, n), AGREED.get(word, b"250 2.0.0 ok\r\n")))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        talk.url = f"smtp://127.0.0.1:{listening.getsockname()[1]}"

        def accept() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    talk.converse(client)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield talk
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _or(said: bytes | None, otherwise: bytes) -> bytes:
    return otherwise if said is None else said


@pytest.fixture
def send(tmp_path: Path) -> Iterator[Callable[[Talk, int], ListSource]]:
    """Sends mails 1 to n over one connection."""
    adapters: list[SmtpAdapter] = []

    def send(talk: Talk, count: int) -> ListSource:
        company = Company(
            brand=Brand(name="Shop"), channels={"email": ChannelSettings(connections=1)}
        )
        adapters.append(
            SmtpAdapter(
                "email", company, Environment(project=tmp_path, smtp_url=SecretStr(talk.url))
            )
        )
        source = AtOnce([mail(number) for number in range(1, count + 1)])
        adapters[-1].serve(source)
        return source

    yield send
    for adapter in adapters:
        adapter.close()


Send = Callable[[Talk, int], ListSource]


def test_a_message_takes_one_round_trip(send: Send) -> None:
    with talking(lambda _word, _n: None) as talk:
        source = send(talk, 10)

        assert source.each_once()
        assert len(talk.bodies) == 10
        assert len(talk.reads) == 1 + 1 + 10  # EHLO, an envelope, words with the next envelope


def test_what_follows_a_refused_envelope_says_nothing_of_the_customer(send: Send) -> None:
    def refuse(word: bytes, number: int) -> bytes | None:
        if word == b"RCPT" and number == 2:
            return b"550 5.1.1 nobody\r\n"
        return b"503 5.5.1 no recipients\r\n" if word == b"DATA" and number == 2 else None

    with talking(refuse) as talk:
        source = send(talk, 3)

    assert source.by_id[2].fault is Fault.ADDRESS
    assert source.by_id[2].code == "550 5.1.1"
    assert [source.by_id[n].answer for n in (1, 3)] == [Answer.ACCEPTED, Answer.ACCEPTED]
    assert len(talk.bodies) == 2


def test_a_go_on_in_spite_of_a_refused_recipient_gets_a_lone_dot(send: Send) -> None:
    with talking(
        lambda word, n: b"550 5.1.1 nobody\r\n" if word == b"RCPT" and n == 2 else None
    ) as talk:
        source = send(talk, 3)

    assert source.by_id[2].fault is Fault.ADDRESS
    assert [body == b"" for body in talk.bodies] == [False, True, False]
    assert talk.connections == 1


def test_a_go_on_in_spite_of_a_refused_sender_ends_the_connection(send: Send) -> None:
    """Its recipient was taken: even a lone dot would be a message to somebody."""
    with talking(
        lambda word, n: b"451 4.3.0 later\r\n" if word == b"MAIL" and n == 2 else None
    ) as talk:
        source = send(talk, 3)

    assert source.by_id[2].answer is Answer.RETRY
    assert [body == b"" for body in talk.bodies] == [False, False]
    assert talk.connections == 2


def test_of_a_connection_lost_at_the_dot_one_message_is_unknown(send: Send) -> None:
    with talking(lambda word, n: HANG_UP if word == b"." and n == 2 else None) as talk:
        source = send(talk, 4)

    assert source.each_once()
    unknown = [id_ for id_, outcome in source.by_id.items() if outcome.answer is Answer.UNKNOWN]
    assert unknown == [2]
    assert source.by_id[4].answer is Answer.ACCEPTED
    again = [id_ for id_, outcome in source.by_id.items() if not outcome.begun]
    assert again == [3]  # its envelope was written, no word of it


@pytest.mark.parametrize(
    ("word", "said", "answer", "fault"),
    [
        (b"MAIL", b"550 5.7.1 not you\r\n", Answer.RETRY, Fault.CHANNEL),
        (b"RCPT", b"550 5.1.1 nobody\r\n", Answer.REJECTED, Fault.ADDRESS),
    ],
)
def test_a_refusal_counts_though_the_server_hangs_up_before_the_rest(
    send: Send, word: bytes, said: bytes, answer: Answer, fault: Fault
) -> None:
    with talking(lambda asked, n: said + AND_GO if asked == word and n == 1 else None) as talk:
        source = send(talk, 1)

    assert (source.by_id[1].answer, source.by_id[1].fault) == (answer, fault)
    assert source.by_id[1].code == said[:9].decode()


def test_behind_a_message_of_a_slow_server_no_envelope_is_written(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PROMPT_SECONDS", 0.0)
    with talking(lambda _word, _n: None) as talk:
        source = send(talk, 4)

    assert source.each_once()
    written = [read for read in talk.reads if b"\r\n.\r\n" in read]
    assert [b"MAIL FROM" in read for read in written] == [True, False, False, False]


def test_replies_that_come_in_pieces_are_read_in_order(send: Send) -> None:
    with talking(
        lambda word, n: (
            b"250-2.0.0 ok\r\n250-and\r\n250 queued as ABC%d\r\n" % n if word == b"." else None
        )
    ) as talk:
        source = send(talk, 5)

    assert [source.by_id[n].provider_id for n in range(1, 6)] == [f"ABC{n}" for n in range(1, 6)]


def test_a_server_that_speaks_unasked_is_not_believed(send: Send) -> None:
    """Its next answer could be one to anything."""

    def too_much(word: bytes, number: int) -> bytes | None:
        more = b"250 ok\r\n250 ok\r\n354 go on\r\n250 ok\r\n"
        return b"250 ok\r\n" + more if word == b"." and number == 1 else None

    with talking(too_much) as talk:
        source = send(talk, 2)

    assert source.each_once()
    assert source.by_id[1].answer is Answer.ACCEPTED
    assert source.by_id[2].answer is Answer.RETRY
    assert len(talk.bodies) == 1


def test_mails_go_out_without_uvloop_too() -> None:
    sending = "import sys; sys.modules['uvloop'] = None; from bench.send import sender; "
    with talking(lambda _word, _n: None) as talk:
        port = talk.url.rpartition(":")[2]
        command = [sys.executable, "-c", f"{sending} sender.main('{port}', '20', '1')"]
        subprocess.run(command, cwd=ROOT, check=True, timeout=60, stdout=subprocess.DEVNULL)

    assert talk.counts[b"."] == 20
