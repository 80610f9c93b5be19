"""Watch: the dashboards' panels as plain pages, where no Grafana draws them."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from monitoring.serving.pages import page
from monitoring.serving.site import Site
from monitoring.serving.watched import find
from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.panel import Display, Query
from monitoring.signals.dashboards.use_case_board import case_board

router = APIRouter()


@router.get("/watch", include_in_schema=False)
def fleet(request: Request) -> HTMLResponse:
    """Show the panels on all models and on the pipelines."""
    site: Site = request.app.state.site
    boards = (fleet_board(), health_board())
    return page("watch", boards=boards, home=".", graph=partial(graph, site))


@router.get("/watch/{use_case}", include_in_schema=False)
def use_case(request: Request, use_case: str) -> HTMLResponse:
    """Show the panels of one use case."""
    site: Site = request.app.state.site
    case = find(site, use_case)
    if case is None:
        raise HTTPException(404, f"There is no use case {use_case!r}, or its file is wrong.")
    boards = (case_board(case, site.addresses),)
    return page("watch", boards=boards, home="..", graph=partial(graph, site))


def graph(site: Site, query: Query, display: Display) -> str | None:
    """Return where Prometheus shows a query's result; None where people can't open it."""
    if site.prometheus is None:
        return None
    drawn = display is Display.LINES
    shown = {"g0.expr": query.expr, "g0.tab": 0 if drawn else 1, "g0.range_input": "1d"}
    return f"{site.prometheus.rstrip('/')}/graph?{urlencode(shown)}"
