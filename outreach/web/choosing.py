"""`/p/{token}`: the page on which the reader of a message chooses what to get."""

import asyncio
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from outreach.app.site import Site
from outreach.feedback.preferences import Choice, Filled
from outreach.web import pages
from outreach.web.body import form_of
from outreach.web.unsubscribing import options

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def add_routes(routes: FastAPI, site: Site) -> None:
    """Add what is below `/p/`."""

    @routes.head("/p/{token}", include_in_schema=False)
    @routes.get("/p/{token}", response_class=HTMLResponse)
    async def show(request: Request, token: str) -> Response:
        return await asyncio.to_thread(_page, site, request, site.delivery_of(token))

    routes.options("/p/{token}", include_in_schema=False)(options)

    @routes.post("/p/{token}", response_class=HTMLResponse)
    async def save(request: Request, token: str) -> Response:
        form = await form_of(request)
        return await asyncio.to_thread(_save, site, request, site.delivery_of(token), form)


def _page(
    site: Site, request: Request, delivery_id: int | None, *, saved: bool = False
) -> Response:
    shown = site.preferences(delivery_id)
    words = site.words([shown.locale, *pages.wishes_of(request)])
    return pages.choosing(shown, words, saved=saved)


def _save(
    site: Site, request: Request, delivery_id: int | None, form: list[tuple[str, str]]
) -> Response:
    before = site.preferences(delivery_id)
    words = site.words([before.locale, *pages.wishes_of(request)])
    agent = request.headers.get("user-agent", "")
    site.change(delivery_id, _filled(form), words, agent)
    return _page(site, request, delivery_id, saved=True)


def _filled(form: list[tuple[str, str]]) -> Filled:
    """What was sent; without a sound `shown_at` an old page is meant, on which no yes counts."""
    shown_at = _LONG_AGO
    for name, value in form:
        if name == "shown_at":
            shown_at = _instant(value)
    return Filled(
        _choices(form, "yes"), _choices(form, "shown"), shown_at, ("nothing", "yes") in form
    )


def _choices(form: list[tuple[str, str]], field: str) -> frozenset[Choice]:
    parts = (value.partition("/") for name, value in form if name == field)
    return frozenset(Choice(channel, topic) for channel, _, topic in parts)


def _instant(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return _LONG_AGO
    return found if found.tzinfo is not None else _LONG_AGO
