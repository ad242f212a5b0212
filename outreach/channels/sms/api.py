"""Twilio's API: the official client over an HTTP client that tells what was written."""

import json
import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

MOST = 50  # messages of a list
API = "https://api.twilio.com"

# The client in between takes no parameter of ours; each request has a task, and so a context.
_begin_by: ContextVar[float] = ContextVar("begin_by", default=float("inf"))

# Twilio's client logs URLs with their parameters, which may hold addresses.
_silent = logging.getLogger("outreach.channels.twilio.http")
_silent.disabled = True


@dataclass(frozen=True, slots=True)
class Account:
    """Whose messages they are and who signs the requests."""

    sid: str
    user: str  # the account's sid, or an API key
    secret: str
    base: str = API

    def __repr__(self) -> str:
        return f"Account({self.sid!r})"


@dataclass(frozen=True, slots=True)
class Said:
    """A complete answer of Twilio's."""

    status: int
    code: int = 0
    words: str = ""
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in Twilio's list."""

    sid: str
    text: str
    status: str
    code: int
    at: datetime


class NotWrittenError(Exception):
    """Raised when a request failed before its first byte was written."""


class TooLateError(Exception):
    """Raised when a request was not written because the time to begin it had passed."""


class AnswerLostError(Exception):
    """Raised when a request may have been read by Twilio and no complete answer came."""


class Api:
    """Twilio for one account; to be made, used and closed on the event loop."""

    def __init__(self, account: Account, seconds: float, places: int) -> None:
        self._account = account
        self._http = _Http(account.base, seconds, places)
        self._client = Client(
            account.user,
            account.secret,
            account_sid=account.sid,
            http_client=self._http,
            # An empty mapping would make the client read TWILIO_* from the process's environment.
            environment={"": ""},
        )

    async def send(self, begin_by: float, **parameters: str) -> Said:
        """Create a message; NotWrittenError or AnswerLostError when no complete answer was read.

        TooLateError where the request could not be written before `begin_by` (time.monotonic).
        """
        _begin_by.set(begin_by)
        return await self._asked(self._client.messages.create_async(**parameters), 201)

    async def listed(self, to: str, since: datetime) -> list[Kept]:
        """The messages to a number since then, the newest first.

        NotWrittenError, AnswerLostError or TwilioException where there is no whole answer.
        """
        found = await self._client.messages.list_async(to=to, date_sent_after=since, limit=MOST)
        return [_kept(one) for one in found if one.date_created is not None]

    async def account(self) -> Said:
        """Read the account: who we are to Twilio."""
        return await self._asked(self._client.api.accounts(self._account.sid).fetch_async(), 200)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def _asked(self, request: Any, status: int) -> Said:
        try:
            made = await request
        except TwilioRestException as error:
            return Said(error.status, _number(error.code), str(error.msg))
        except TwilioServiceException as error:
            return Said(error.status, _number(error.code), str(error.detail or error.title))
        except json.JSONDecodeError as error:  # a 2xx that is not Twilio's
            raise AnswerLostError("the answer is not JSON") from error
        return Said(status, words=str(made.status), sid=str(made.sid or ""))


class _Http(AsyncHttpClient):  # type: ignore[misc]
    """The transport under Twilio's client, which has neither time-outs nor another host."""

    def __init__(self, base: str, seconds: float, places: int) -> None:
        super().__init__(_silent, is_async=True)
        self._base = base.rstrip("/")
        tracing = aiohttp.TraceConfig()
        tracing.on_request_headers_sent.append(_note_written)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, 10)),
            connector=aiohttp.TCPConnector(limit=places),
            trace_configs=[tracing],
        )

    async def request(
        self,
        method: str,
        uri: str,
        *,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        """One request and its whole answer."""
        noted = {"written": False, "begin_by": _begin_by.get()}
        try:
            async with self._session.request(
                method,
                uri.replace(API, self._base, 1),
                params=params,
                data=data,
                headers=_signed(headers, auth),
                allow_redirects=False,
                trace_request_ctx=noted,
            ) as answer:
                return Response(answer.status, await answer.text(), answer.headers)
        except (aiohttp.ClientError, OSError, UnicodeDecodeError) as error:
            lost = AnswerLostError if noted["written"] else NotWrittenError
            raise lost(type(error).__name__) from error

    async def close(self) -> None:
        await self._session.close()


def _signed(headers: dict[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    signature = {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}
    return (headers or {}) | signature


async def _note_written(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _sent: object
) -> None:
    """Called right before the first byte: connecting, before it, may have taken its time."""
    noted = context.trace_request_ctx
    if time.monotonic() >= noted["begin_by"]:
        raise TooLateError
    noted["written"] = True


def _kept(one: Any) -> Kept:
    created = one.date_created.astimezone(UTC)
    return Kept(str(one.sid), str(one.body), str(one.status), _number(one.error_code), created)


def _number(code: object) -> int:
    return code if isinstance(code, int) else 0
