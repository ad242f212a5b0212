"""Whether the public URL leads to our pages, as `outreach doctor` asks it."""

import json
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from outreach import tokens
from outreach.app.context import Context
from outreach.channels.adapter import Check
from outreach.errors import OutreachError
from outreach.tokens import Purpose

SECONDS = 5.0
MOST_BYTES = 4_096
_HINT = "is `outreach web` or `outreach run` behind it?"


class _NoRedirects(HTTPRedirectHandler):
    """RFC 8058 section 3.1: the address itself has to answer."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none."""


def public_site(context: Context) -> Iterator[Check]:
    """What is to be said of the public URL; nothing where there is none."""
    url = context.public_url
    if not url:
        return
    yield _reached(context, url)
    environment = context.environment
    if environment.twilio_account_sid and environment.twilio_auth_token is None:
        why = "OUTREACH_TWILIO_AUTH_TOKEN is unset: no status and no STOP can be believed"
        yield Check("twilio webhooks", False, f"{why}; set it besides the API key")


def _reached(context: Context, url: str) -> Check:
    try:
        said = _said(f"{url}/health")
        keys = [key.get_secret_value() for key in context.environment.secret_keys()]
    except OutreachError as error:
        return Check("public url", False, f"{url}: {error.message}")
    except HTTPError as error:
        return Check("public url", False, f"{url}: answers {error.code}; {_HINT}")
    except (URLError, HTTPException, OSError) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        return Check("public url", False, f"{url}: no answer: {why}; {_HINT}")
    if said is None:
        return Check("public url", False, f"{url}: something else answers there; {_HINT}")
    if tokens.verify(keys, Purpose.SITE, said) is None:
        why = "an outreach with other keys answers there, and ignores our links"
        return Check("public url", False, f"{url}: {why}; set the same OUTREACH_SECRET_KEY")
    return Check("public url", True, f"{url}: our pages answer")


def _said(url: str) -> str | None:
    """What the pages behind a public URL say of themselves; None where they are not ours."""
    here = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    opener = build_opener(_NoRedirects, *([ProxyHandler({})] if here else []))
    with opener.open(url, timeout=SECONDS) as answer:
        content = answer.read(MOST_BYTES)
    try:
        found = json.loads(content)
    except ValueError:
        return None
    said = found.get("outreach") if isinstance(found, dict) else None
    return said if isinstance(said, str) else None
