"""`/u/{token}`: opting out by a message's own link, with one click or one button.

RFC 8058: the POST needs no cookie, comes from anywhere, may be repeated, and is answered without a
redirect. GET, HEAD and OPTIONS change nothing: scanners of mail open links.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from outreach.app.site import Site
from outreach.feedback.one_click import OneClick, Pending
from outreach.web import pages
from outreach.web.batches import Batches
from outreach.web.body import first_values, form_of, is_one_click

WAITERS = 8
NOT_KEPT = {"Cache-Control": "no-store"}
ALLOWED = {"Allow": "GET, HEAD, OPTIONS, POST"}
_FORM = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {"List-Unsubscribe": {"const": "One-Click"}},
                    "required": ["List-Unsubscribe"],
                }
            }
        }
    }
}


async def options() -> Response:
    """What may be asked here; nothing happens."""
    return Response(status_code=204, headers=ALLOWED)


class Unsubscribing:
    """What is done for `/u/`: noes gather into transactions, and are confirmed one by one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._batches: Batches[OneClick, Pending] = Batches(site.unsubscribe)
        self._waiters = ThreadPoolExecutor(WAITERS, "begun")

    async def ask(self, request: Request, token: str) -> Response:
        """The page that asks: the same for every token."""
        return await asyncio.to_thread(pages.unsubscribing, self._site, request, token, done=False)

    async def answer(self, request: Request, token: str) -> Response:
        """Write the no down; the answer comes when nothing against it begins any more."""
        form = await form_of(request)
        if not is_one_click(form):
            raise HTTPException(400, "the form lacks List-Unsubscribe=One-Click (RFC 8058)")
        by_page = "page" in first_values(form)
        source = "unsubscribe_page" if by_page else "one_click"
        agent = request.headers.get("user-agent", "")
        delivery_id = self._site.delivery_of(token)
        pending = await self._batches.put(OneClick(delivery_id, source, agent))
        if pending.handing:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._waiters, self._site.begun, pending)
        if not by_page:  # a mail program reads none: many a second are answered in a word
            return PlainTextResponse("unsubscribed", headers=NOT_KEPT)
        return pages.unsubscribing(self._site, request, token, done=True)

    def close(self) -> None:
        """End its threads."""
        self._batches.close()
        self._waiters.shutdown()


def add_routes(routes: FastAPI, site: Site) -> Callable[[], None]:
    """Add what is below `/u/`; how to end it.

    Not as a router of its own: FastAPI matches those anew for each request.
    """
    doing = Unsubscribing(site)

    @routes.head("/u/{token}", include_in_schema=False)
    @routes.get("/u/{token}", response_class=HTMLResponse)
    async def ask(request: Request, token: str) -> Response:
        return await doing.ask(request, token)

    routes.options("/u/{token}", include_in_schema=False)(options)

    @routes.post("/u/{token}", response_class=HTMLResponse, openapi_extra=_FORM)
    async def answer(request: Request, token: str) -> Response:
        return await doing.answer(request, token)

    return doing.close
