"""What a request brings along: read whole before anything else, up to a limit."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from python_multipart.multipart import parse_options_header
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
MOST_FIELDS = 500
SECONDS = 20.0  # until it must be there
URLENCODED = "application/x-www-form-urlencoded"


class BodyLimit:
    """Refuses requests whose body is too long (413) or too slow (408); the app sees whole ones."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES, seconds: float = SECONDS):
        self._app, self._most_bytes, self._seconds = app, most_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then call the app, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except TimeoutError:
            await _refuse(send, 408)
            return
        if body is None:
            await _refuse(send, 413)
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> bytes | None:
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return body  # it has gone: nobody hears the answer
            body += bytes(message.get("body", b""))
            if len(body) > self._most_bytes:
                return None
            if not message.get("more_body"):
                return body


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def form_of(request: Request) -> list[tuple[str, str]]:
    """The fields of a form, urlencoded or multipart; without a type it is read as urlencoded.

    HTTPException 400 for what is no form. Files in it are left out. It is in UTF-8, whatever it
    says itself: `charset` is no parameter of a form's type (RFC 7578 section 8).
    """
    kind = request.headers.get("content-type", URLENCODED).partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await _in_utf8(request).form(max_fields=MOST_FIELDS, max_files=MOST_FIELDS)
        return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    body = await request.body()
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "this is no form") from error


def _in_utf8(request: Request) -> Request:
    """The same form without any `charset`: not every codec of Python's reads bytes, or well."""
    _, options = parse_options_header(request.headers["content-type"])
    if not options.get(b"boundary"):
        raise HTTPException(400, "the form's type names no boundary")
    boundary = options[b"boundary"].replace(b"\\", rb"\\").replace(b'"', rb"\"")
    named = b'multipart/form-data; boundary="%s"' % boundary
    return Request({**request.scope, "headers": [(b"content-type", named)]}, request.receive)


def is_one_click(form: list[tuple[str, str]]) -> bool:
    """Whether a form asks for one-click unsubscribing (RFC 8058 section 3.2)."""
    said = {(name.strip().lower(), value.strip().lower()) for name, value in form}
    return ("list-unsubscribe", "one-click") in said


def first_values(form: list[tuple[str, str]]) -> Mapping[str, str]:
    """The first value of each field."""
    return dict(reversed(form))
