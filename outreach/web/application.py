"""The application: every public page and webhook of a site."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from outreach.app.site import Site
from outreach.logger import Logger
from outreach.web import choosing, reacting, twilio, unsubscribing
from outreach.web.body import BodyLimit
from outreach.web.pages import HEADERS

log = Logger(__name__)
LATER_SECONDS = "5"


def make_application(site: Site) -> FastAPI:
    """The application for an ASGI server. What it can not write down it answers with 503."""
    endings: list[Callable[[], None]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for end in endings:
            end()

    application = FastAPI(
        title="outreach", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    application.add_middleware(BodyLimit)
    application.add_exception_handler(SQLAlchemyError, _database_is_away)
    endings.append(unsubscribing.add_routes(application, site))
    endings.append(twilio.add_routes(application, site))
    choosing.add_routes(application, site)
    endings.append(reacting.add_routes(application, site))

    @application.get("/health")
    async def health() -> JSONResponse:
        """That the pages are served, by whom only those with the keys can tell."""
        return JSONResponse({"outreach": site.proof_of_keys()}, headers=HEADERS)

    return application


async def _database_is_away(_: Request, error: Exception) -> Response:
    """Never a 2xx for what was not committed: who asked, asks again."""
    name = type(getattr(error, "orig", None) or error).__name__
    log.error("request not served", error=name)
    headers = {**HEADERS, "Retry-After": LATER_SECONDS}
    return PlainTextResponse("please try again in a moment", 503, headers=headers)
