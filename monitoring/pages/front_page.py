"""The front page, and the links to models in MLflow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitoring.pages.glance import Glance, glances
from monitoring.pages.page import page
from monitoring.pages.servers import Servers
from monitoring.pages.site import Site, find, watched
from monitoring.signals.prometheus import PrometheusError
from monitoring.use_case_file import UseCaseError

router = APIRouter()


@router.get("/", include_in_schema=False)
def front(request: Request) -> Response:
    """Show all models at a glance, or lead to how the newest retrains went."""
    site: Site = request.app.state.site
    return models(request) if site.front == "models" else RedirectResponse("latest")


@router.get("/models", include_in_schema=False)
def models(request: Request) -> HTMLResponse:
    """Show all models at a glance, their newest reports, and where else to look."""
    site: Site = request.app.state.site
    servers: Servers = request.app.state.servers
    try:
        there = watched(site)
    except UseCaseError as error:
        return page("front", site=site, watched=(), known={}, away="", wrong=error)
    cases = [one.case for one in there if one.case is not None]
    known, away = {}, ""
    try:
        known = glances(servers.prometheus, cases, datetime.now(UTC))
    except PrometheusError as error:
        away = str(error)
    urgent = sorted(there, key=lambda one: _urgency(known.get(one.name)), reverse=True)
    return page("front", site=site, watched=urgent, known=known, away=away, wrong="")


def _urgency(glance: Glance | None) -> tuple[int, int, bool]:
    return (0, 0, False) if glance is None else glance.urgency


@router.get("/models/{use_case}", include_in_schema=False)
def model(request: Request, use_case: str) -> RedirectResponse:
    """Lead to all versions of a use case's model."""
    return RedirectResponse(_in_mlflow(request, use_case))


@router.get("/models/{use_case}/{version}", include_in_schema=False)
def version(
    request: Request, use_case: str, version: Annotated[int, Path(ge=1)]
) -> RedirectResponse:
    """Lead to one version; dashboards link here, so that they need not know where MLflow is."""
    return RedirectResponse(f"{_in_mlflow(request, use_case)}/versions/{version}")


def _in_mlflow(request: Request, use_case: str) -> str:
    site: Site = request.app.state.site
    case = find(site, use_case)
    if case is None:
        raise HTTPException(404, f"No use case {use_case!r}.")
    if site.mlflow is None:
        raise HTTPException(404, "MLflow has no public address: set TOCSIN_PUBLIC_MLFLOW_URL.")
    return f"{site.mlflow.rstrip('/')}/#/models/{case.name}"
