"""The web server: its routes, allowed host names and security headers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.pages import (
    assets,
    front_page,
    run_status,
    runbook_page,
    served_reports,
    watched_board,
)
from monitoring.pages.page import PLAIN_POLICY, page
from monitoring.pages.servers import Servers
from monitoring.pages.site import LOOPBACK_NAMES, Site
from monitoring.serving import explanations, feedback, model_routes, predictions, try_page
from monitoring.serving.api import Api, add_to
from monitoring.serving.described import describe
from monitoring.stored_files import StorageError

log = logging.getLogger(__name__)

LAST_ANSWERS_SECONDS = 5
"""How long open requests may take when the server is stopped."""

IDLE_SECONDS = 75
"""How long a connection stays open without a request.

A program that sends its next row on one that is being closed gets no answer, and it can't know
whether the row was taken: rows should seldom come so far apart.
"""

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# Evidently's documents carry their scripts, styles and fonts in themselves. They show text from
# the data, so they get an origin of their own: what runs in them reaches no other page.
_SCRIPTED = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-scripts allow-popups allow-downloads"
)


class Healthy(BaseModel):
    """The answer of a server that is well."""

    status: str = "ok"


def make_app(
    site: Site, api: Api, servers: Servers, *, also_called: Collection[str] = ()
) -> FastAPI:
    """Return the server of `site`.

    It answers only to the names it is opened by, so that no page from elsewhere can reach it
    through a name of its own that it points at the loopback.

    Parameters
    ----------
    also_called
        Further names or addresses by which it is opened.
    """

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        with api.running():
            yield

    # Its documentation pages would fetch their scripts from elsewhere.
    app = FastAPI(
        title="Tocsin",
        version=version("tocsin"),
        docs_url=None,
        redoc_url=None,
        lifespan=running,
    )
    app.state.site, app.state.servers = site, servers
    add_to(app, api)
    names = {*LOOPBACK_NAMES, site.host, *also_called}
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(filter(None, names)))
    app.add_exception_handler(404, _missing)
    app.add_exception_handler(StorageError, _away)
    app.add_middleware(SecurityHeaders, scripted=served_reports.PATH)
    app.add_api_route("/health", health)
    for routes in (predictions, explanations, feedback, model_routes, try_page):
        app.include_router(routes.router)
    for pages in (front_page, run_status, watched_board, runbook_page, served_reports, assets):
        app.include_router(pages.router)
    app.mount(served_reports.PATH, served_reports.ReportFiles(site))
    # As use-case files are when it is asked for, which FastAPI would find out but once.
    app.openapi = partial(describe, app, site)  # type: ignore[method-assign]
    return app


async def _missing(request: Request, error: Exception) -> Response:
    """Answer 404: with a page in a browser, with JSON to a program."""
    assert isinstance(error, HTTPException)  # noqa: S101  # nosec B101 # the handler of this status alone
    return await _refused(request, error, "Not found")


async def _away(request: Request, error: Exception) -> Response:
    """Answer 503 where files that lie far away can't be reached; all other pages go on."""
    log.warning("%s: %s", request.url.path, error)
    answer = HTTPException(503, str(error), {"Retry-After": "30"})
    return await _refused(request, answer, "Reports unavailable")


async def _refused(request: Request, error: HTTPException, title: str) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return await http_exception_handler(request, error)
    site: Site = request.app.state.site
    home = site.addresses.public.rstrip("/")
    drawn = page("refused", error.status_code, title=title, what=error.detail, home=home)
    drawn.headers.update(error.headers or {})
    return drawn


def server_of(
    site: Site,
    api: Api,
    servers: Servers,
    *,
    host: str,
    port: int,
    also_called: Collection[str] = (),
) -> uvicorn.Server:
    """Return the server of `site` and `api`; `run` serves until SIGINT or SIGTERM.

    Parameters
    ----------
    servers
        Whom its pages ask.
    """
    config = uvicorn.Config(
        make_app(site, api, servers, also_called={host, *also_called}),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
    )
    return uvicorn.Server(config)


class SecurityHeaders:
    """Adds the headers to every answer.

    Parameters
    ----------
    scripted
        Pages below this path may run the scripts that stand in them.
    """

    def __init__(self, app: ASGIApp, scripted: str) -> None:
        self._app = app
        self._scripted = f"{scripted}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _SCRIPTED if scope["path"].startswith(self._scripted) else PLAIN_POLICY

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_EVERYWHERE)
                headers.setdefault("Content-Security-Policy", policy)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def health() -> Healthy:
    """Report that the server answers."""
    return Healthy()
