"""The live page's routes: each one question to the workbench, answered as `--json` would be."""

from collections.abc import Callable
from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from outreach.app.background import error_of
from outreach.app.looking import Who, Whom
from outreach.app.workbench import Workbench
from outreach.cli.document import plain
from outreach.errors import OutreachError, ProblemsFound
from outreach.web.live.campaign_tests import CampaignTests
from outreach.web.live.guard import Guard
from outreach.web.live.hub import Hub

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the token is in the address
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# A mail is a stranger's page: nothing in it runs, and without leave it loads nothing.
MAIL_POLICY = (
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src {pictures}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_STATIC = files("outreach.web.live") / "static"
Answer = Callable[[Request], object]


def make_live(
    workbench: Workbench, tests: CampaignTests, hub: Hub, token: str, port: int
) -> ASGIApp:
    """The application, which answers on this port to whoever has the token."""
    answers: dict[str, Answer] = {
        "/margin": lambda _: workbench.margin(),
        "/show": lambda request: workbench.show(_campaign(request), _whom(request)),
        "/plan": lambda request: workbench.plan(_campaign(request), again="again" in _of(request)),
        "/explain": lambda r: workbench.explain(_campaign(r), _of(r).get("key", "")),
        "/coming": lambda request: workbench.coming(_campaign(request)),
        "/words": lambda r: workbench.words(_campaign(r), _of(r).get("language", "en")),
        "/tests": lambda _: tests.tested(workbench.edited.version),
        "/customers": lambda request: workbench.customers_from(_of(request).get("key", "")),
    }
    routes = [Route(path, _answering(work)) for path, work in answers.items()]
    routes += [
        Route("/", lambda _: _file("page.html")),
        Route("/static/{name}", lambda request: _file(request.path_params["name"])),
        Route("/mail", lambda request: _mail(workbench, request)),
        Route("/events", lambda _: _events(hub)),
    ]
    return Guard(Starlette(routes=routes), token, port)


def _answering(work: Answer) -> Callable[[Request], Response]:
    """A route that answers with a document; an error is one too, as it is on a command's stdout."""

    def answer(request: Request) -> Response:
        try:
            document: object = work(request)
        except OutreachError as error:
            document = _said(error)
        except Exception as error:
            document = _said(error_of(error))
        return JSONResponse(plain(document), headers=HEADERS)

    return answer


def _said(error: OutreachError) -> dict[str, object]:
    said = {"code": error.code, "message": error.message, "hint": error.hint}
    return {
        "error": said,
        "problems": error.problems if isinstance(error, ProblemsFound) else [],
    }


def _mail(workbench: Workbench, request: Request) -> Response:
    """The mail itself, for a frame in the page; empty where it can not be made."""
    asked = _of(request)
    try:
        variant, dark = asked.get("variant", ""), "dark" in asked
        html = workbench.mail(_campaign(request), _whom(request), variant, dark=dark)
    except OutreachError:
        html = ""
    pictures = "data: https: http:" if "pictures" in asked else "data:"
    policy = MAIL_POLICY.format(pictures=pictures)
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return Response(html, media_type=_KINDS["html"], headers=headers)


def _file(name: str) -> Response:
    kind = _KINDS.get(name.rpartition(".")[2])
    found = _STATIC / name
    if kind is None or not found.is_file():
        return Response(status_code=404, headers=HEADERS)
    headers = {**HEADERS, "Content-Security-Policy": PAGE_POLICY}
    return Response(found.read_bytes(), media_type=kind, headers=headers)


def _events(hub: Hub) -> Response:
    return StreamingResponse(hub.stream(), media_type="text/event-stream", headers=HEADERS)


def _of(request: Request) -> dict[str, str]:
    return dict(request.query_params)


def _campaign(request: Request) -> str:
    return _of(request).get("campaign", "")


def _whom(request: Request) -> Whom:
    asked = _of(request)
    who = asked.get("who", "")
    who = who if who in set(Who) else Who.TYPICAL.value
    key = asked.get("key", "") if who == Who.CUSTOMER else ""
    return Whom(Who(who), key, asked.get("locale", ""), asked.get("step", ""))
