"""A server that speaks Twilio's Messages API: `python -m bench.sms.server PORT [--answer-after 0.1]`.

It keeps connections open, takes every message that is signed and whole, and gives it a name of its own.
`GET /taken` says how many came, how many different numbers they were to, and what it used of the CPU.
https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

import argparse
import asyncio
import base64
import json
import time
from collections import Counter
from itertools import count
from urllib.parse import parse_qs

import httptools

ACCOUNT, TOKEN = "AC" + "0" * 32, "secret"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json".encode()
_SIGNED = b"Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode())


class Taken:
    """What came in, over all connections."""

    def __init__(self, answer_seconds: float) -> None:
        self.answer_seconds = answer_seconds
        self.numbers: Counter[str] = Counter()
        self._names = count(1)

    def answer(self, method: bytes, path: bytes, signed: bytes, body: bytes) -> bytes:
        """The whole response to a request."""
        if method == b"GET" and path == b"/taken":
            found = {"messages": self.numbers.total(), "numbers": len(self.numbers)}
            return _response(b"200 OK", {**found, "cpu_seconds": time.process_time()})
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        if signed != _SIGNED:
            return _refusal(b"401 Unauthorized", 20003)
        if (method, path) != (b"POST", MESSAGES) or not form.keys() >= {"To", "From", "Body"}:
            return _refusal(b"400 Bad Request", 21604)
        self.numbers[form["To"]] += 1
        return _response(b"201 Created", _message(f"SM{next(self._names):032x}", form))


class Connection(asyncio.Protocol):
    """One client; its requests are answered in the order in which they came."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._path = self._signed = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._signed = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method()
        answer = self._taken.answer(method, self._path, self._signed, self._body)
        loop = asyncio.get_running_loop()
        loop.call_later(self._taken.answer_seconds, self._transport.write, answer)


def _message(name: str, form: dict[str, str]) -> dict[str, object]:
    return {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": form["Body"],
        "date_created": "Fri, 03 Jul 2026 09:00:00 +0000", "date_sent": None,
        "date_updated": "Fri, 03 Jul 2026 09:00:00 +0000", "direction": "outbound-api",
        "error_code": None, "error_message": None, "from": form["From"],
        "messaging_service_sid": None, "num_media": "0", "num_segments": "1", "price": None,
        "price_unit": "USD", "sid": name, "status": "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{name}/Media.json"},
        "to": form["To"], "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{name}.json",
    }  # fmt: skip


def _refusal(status: bytes, code: int) -> bytes:
    return _response(status, {"code": code, "message": "refused", "status": int(status[:3])})


def _response(status: bytes, document: dict[str, object]) -> bytes:
    body = json.dumps(document).encode()
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


async def serve(port: int, answer_seconds: float) -> None:
    """Answer until the process is told to end."""
    taken = Taken(answer_seconds)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(taken), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--answer-after", type=float, default=0.0, help="seconds; 0")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.answer_after))
