"""`/webhooks/twilio/`: what became of our texts, and what customers text us.

Only what Twilio signed for our public address counts (never for `Host`). It may come twice and in
any order. The answer, 2xx, comes after the commit.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

from outreach.app.site import Site
from outreach.channels.sms import webhooks
from outreach.channels.sms.answers import said_later
from outreach.logger import Logger
from outreach.store.receipts import Receipt
from outreach.tokens import Purpose
from outreach.vocabulary import ReceiptKind
from outreach.web.batches import Batches
from outreach.web.body import first_values, form_of

log = Logger(__name__)
NAME = "twilio"
_REFUSED: dict[int | str, dict[str, Any]] = {
    403: {"description": "not signed by Twilio for our public URL"}
}


def add_routes(routes: FastAPI, site: Site) -> Callable[[], None]:
    """Add what is below `/webhooks/twilio/`; how to end it."""
    batches: Batches[Receipt, None] = Batches(site.receive)

    @routes.post("/webhooks/twilio/status/{token}", status_code=204, responses=_REFUSED)
    async def status(request: Request, token: str) -> Response:
        form = await _signed_form(site, request)
        receipt = _receipt(site, token, form)
        if receipt is not None:
            await batches.put(receipt)
        return Response(status_code=204)

    @routes.post("/webhooks/twilio/inbound", responses=_REFUSED)
    async def inbound(request: Request) -> Response:
        form = await _signed_form(site, request)
        text = webhooks.inbound_of(first_values(form))
        said = None if text is None else await asyncio.to_thread(site.text_came, NAME, text)
        return Response(webhooks.answer(said), media_type="text/xml")

    return batches.close


async def _signed_form(site: Site, request: Request) -> list[tuple[str, str]]:
    form = await form_of(request)
    query = request.url.query
    url = site.public_url.rstrip("/") + request.url.path + (f"?{query}" if query else "")
    signature = request.headers.get("x-twilio-signature", "")
    if not webhooks.is_signed(site.twilio_token, url, form, signature):
        log.warning("webhook refused", provider=NAME, why="its signature is not Twilio's")
        raise HTTPException(403, "not signed by Twilio for our public URL")
    return form


def _receipt(site: Site, token: str, form: list[tuple[str, str]]) -> Receipt | None:
    """What a signed form says of the delivery that its address names; None: nothing."""
    delivery_id = site.delivery_of(token, Purpose.CALLBACK)
    said = webhooks.status_of(first_values(form))
    later = None if said is None else said_later(said.status, said.code)
    if delivery_id is None or said is None or later is None:
        return None
    kind, hard = later
    reached = kind in (ReceiptKind.SENT, ReceiptKind.DELIVERED)
    raw = {"status": said.status} | ({} if reached or not said.code else {"code": said.code})
    now = site.clock.now()
    return Receipt("sms", kind, now, NAME, delivery_id, said.name, hard, raw, dated=False)
