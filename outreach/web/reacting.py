"""`/c/{token}/{name}`: links of messages; `/o/{token}.gif`: the picture that tells they are open;
`/i/{name}`: pictures of theirs.

A link is answered at once, with where it leads; what was done is written down a moment later, when
it is known whether a machine followed all links of the message together.
"""

import asyncio
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from outreach import tokens
from outreach.app.site import Site
from outreach.clock import SystemClock
from outreach.feedback.following import Followed
from outreach.feedback.readers import follower, shown_to
from outreach.logger import Logger
from outreach.store.reactions import Reaction
from outreach.tokens import Purpose
from outreach.vocabulary import ReactionKind

log = Logger(__name__)
HELD_SECONDS = 2.0  # until what came is written down, so that a scanner's links are seen together
LOOK_SECONDS = 0.5
MOST = 500  # written down in one transaction
MOST_HELD = 100_000  # while the database is away; what comes then is not counted
_HEADERS = {
    "Cache-Control": "no-store",  # the next click is another one
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_KEPT = {  # its name is made from its bytes
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1 × 1, transparent
_PURPOSES = ("sec-purpose", "purpose", "x-moz", "x-purpose")


class Notes:
    """What came, until it is written down by a thread of its own, which begins with the first."""

    def __init__(self, write: Callable[[Sequence[Reaction]], None]) -> None:
        self._write = write
        self._held: list[tuple[float, Reaction]] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, one: Reaction) -> None:
        """Note what came; never waits."""
        with self._lock:
            if len(self._held) < MOST_HELD:
                self._held.append((time.monotonic(), one))
            if self._thread is None:  # no process waits for it but by `close`
                self._thread = threading.Thread(target=self._work, name="reactions", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Write down the rest; returns when that is done, or can not be."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            self._write_some(time.monotonic() - HELD_SECONDS)
        while self._write_some(time.monotonic()):
            pass

    def _write_some(self, until: float) -> bool:
        """Write down what came until then, and with it all that is about the same messages."""
        with self._lock:
            old = [one for at, one in self._held if at <= until][:MOST]
            messages = {one.delivery_id for one in old}
            taken = [one for _, one in self._held if one.delivery_id in messages]
        if not taken:
            return False
        try:
            self._write(taken)
        except SQLAlchemyError as error:  # it stays for the next time
            log.error("clicks not written down", error=type(error).__name__, waiting=len(taken))
            return False
        except Exception as error:  # a second time would end no better
            log.error("clicks are lost", error=type(error).__name__, lost=len(taken))
        done = set(map(id, taken))
        with self._lock:
            self._held = [each for each in self._held if id(each[1]) not in done]
        return True


def add_routes(routes: FastAPI, site: Site) -> Callable[[], None]:
    """Add what is below `/c/` and `/o/`; how to end it."""
    notes = Notes(site.reacted)

    @routes.head("/c/{token}/{name}", include_in_schema=False)
    @routes.get("/c/{token}/{name}", status_code=302, response_class=Response)
    async def follow(request: Request, token: str, name: str, to: str = "") -> Response:
        found = await asyncio.to_thread(site.link, token, name, to)
        if found is None:
            return PlainTextResponse("this link leads nowhere", 404, headers=_HEADERS)
        if found.delivery_id is not None:
            notes.add(_followed(site, request, found, found.delivery_id))
        return RedirectResponse(found.address, 302, headers=_HEADERS)

    @routes.head("/i/{name}", include_in_schema=False)
    @routes.get("/i/{name}", response_class=Response)
    async def picture(name: str) -> Response:
        found = await asyncio.to_thread(site.picture, name)
        if found is None:
            return PlainTextResponse("there is no such picture", 404, headers=_HEADERS)
        return Response(found.content, media_type=found.media_type, headers=_KEPT)

    @routes.head("/o/{token}", include_in_schema=False)
    @routes.get("/o/{token}", response_class=Response)
    async def show(request: Request, token: str) -> Response:
        word = token.removesuffix(".gif")
        delivery_id = tokens.verify_short(site.keys, Purpose.OPEN, word)
        if delivery_id is not None:
            kind = shown_to(request.method, request.headers.get("user-agent", ""))
            notes.add(_reaction(site, delivery_id, kind))
        return Response(_GIF, media_type="image/gif", headers=_HEADERS)

    return notes.close


def _followed(site: Site, request: Request, found: Followed, delivery_id: int) -> Reaction:
    given = request.headers
    purposes = [value for name in _PURPOSES if (value := given.get(name))]
    kind = follower(request.method, given.get("user-agent", ""), purposes)
    plain = None if found.name else found.address.partition("?")[0].partition("#")[0]
    return _reaction(site, delivery_id, kind, found.name, plain)


def _reaction(
    site: Site,
    delivery_id: int,
    kind: ReactionKind,
    name: str | None = None,
    address: str | None = None,
) -> Reaction:
    now, real = site.clock.now(), SystemClock().now()
    return Reaction(delivery_id, kind, now, real, name, address)
