"""Pages as bytes: plain HTML that works without JavaScript, on a telephone, and read aloud."""

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from outreach.app.site import Shown, Site
from outreach.feedback.preferences import Choice
from outreach.feedback.words import Words

_ENVIRONMENT = Environment(
    loader=PackageLoader("outreach.web"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = _ENVIRONMENT.get_template("style.css").render()
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    # A token is in the address: it goes to no other site, no cache and no search engine.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
_TOKEN = "outreach-token-here"  # noqa: S105  filled in after rendering: pages are kept


def wishes_of(request: Request) -> list[str]:
    """The languages that a browser asks for, the dearest first (RFC 9110 section 12.5.4)."""
    found = []
    for place, part in enumerate(request.headers.get("accept-language", "")[:500].split(",")):
        tag, _, weight = part.strip().partition(";")
        try:
            q = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            q = 0.0
        if tag and q > 0:
            found.append((-q, place, tag.strip()))
    return [tag for _, _, tag in sorted(found)]


def unsubscribing(site: Site, request: Request, token: str, *, done: bool) -> Response:
    """The page that asks, or the one that says it is done: the same whoever's the token is."""
    words = site.words(wishes_of(request))
    page = _kept("unsubscribed.html" if done else "unsubscribe.html", words.language, words)
    return _answer(page.replace(_TOKEN, quote(token, safe="")), words.language)


def choosing(shown: Shown, words: Words, *, saved: bool) -> Response:
    """The page of topics and channels."""
    found = shown.preferences
    channels = list(dict.fromkeys(choice.channel for choice in found.choices))
    rows = [
        (shown.titles[topic], [_box(Choice(channel, topic), found.choices) for channel in channels])
        for topic in dict.fromkeys(choice.topic for choice in found.choices)
    ]
    template = _ENVIRONMENT.get_template("preferences.html")
    page = template.render(
        words=words.by_name,
        language=words.language,
        style=_STYLE,
        channels={name: words.by_name.get(name, name) for name in channels},
        blocked=sorted(found.blocked),
        rows=rows,
        as_needed=shown.as_needed,
        saved=saved,
        shown_at=shown.at.isoformat(),
    )
    return _answer(page, words.language)


def _box(choice: Choice, choices: Mapping[Choice, bool]) -> dict[str, object]:
    return {"name": f"{choice.channel}/{choice.topic}", "channel": choice.channel,
            "yes": choices[choice]}  # fmt: skip


def _answer(page: str, language: str) -> Response:
    headers = {**HEADERS, "Content-Language": language, "Vary": "Accept-Language"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _kept(template: str, language: str, words: Words) -> str:
    return _rendered(template, language, tuple(words.by_name.items()))


@lru_cache(maxsize=64)
def _rendered(template: str, language: str, words: tuple[tuple[str, str], ...]) -> str:
    values = {"words": dict(words), "language": language, "style": _STYLE, "token": _TOKEN}
    return _ENVIRONMENT.get_template(template).render(**values)
