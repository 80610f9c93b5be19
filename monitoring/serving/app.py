"""App: the server, made of one router a subject."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from monitoring.serving import front, health, models, reports, runbook, watch
from monitoring.serving.headers import SecurityHeaders
from monitoring.serving.pages import page
from monitoring.serving.site import LOOPBACK_NAMES, Site


def make_app(site: Site, *, also_called: str | None = None) -> FastAPI:
    """Return the server of `site`.

    It answers only to the names it is opened by, so that no page from elsewhere can reach it
    through a name of its own that it points at the loopback.

    Parameters
    ----------
    also_called
        A further name or address by which it is opened.
    """
    # Its documentation pages would fetch their scripts from elsewhere.
    app = FastAPI(title="Tocsin", version=version("tocsin"), docs_url=None, redoc_url=None)
    app.state.site = site
    names = {*LOOPBACK_NAMES, site.host, also_called} - {None}
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(filter(None, names)))
    app.add_exception_handler(404, _missing)
    app.add_middleware(SecurityHeaders, scripted=reports.PATH)
    for room in (health, front, runbook, watch, models, reports):
        app.include_router(room.router)
    app.mount(reports.PATH, reports.ReportFiles(site))
    return app


async def _missing(request: Request, error: Exception) -> Response:
    """Answer that there is nothing: by a page to a person, by JSON to a program."""
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler of this status alone
    if "text/html" not in request.headers.get("accept", ""):
        return await http_exception_handler(request, error)
    site: Site = request.app.state.site
    return page("missing", 404, what=error.detail, home=site.addresses.public.rstrip("/"))
