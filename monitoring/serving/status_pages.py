"""Pages drawn by the server: front page, status pages, runbook, links to models."""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.exceptions import HTTPException

from monitoring.reports.pages import templates
from monitoring.serving.site import Site, find, watched
from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.panel import Display, Query
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import anchor
from monitoring.use_case_file import UseCaseError

router = APIRouter()

# A symbolic link to docs/runbook.md; a wheel carries the file itself.
_TEXT = pathlib.Path(__file__).with_name("runbook.md")


@dataclass(frozen=True)
class Heading:
    """An entry of the runbook."""

    title: str
    anchor: str


@dataclass(frozen=True)
class Runbook:
    """The runbook as a page shows it."""

    title: str
    body: Markup
    entries: tuple[Heading, ...]


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page that `template` makes of `values`."""
    drawn = templates("monitoring.serving").get_template(f"{template}.html.j2")
    return HTMLResponse(drawn.render(**values), status)


@router.get("/", include_in_schema=False)
def front(request: Request) -> HTMLResponse:
    """Show the use cases with their newest reports, and where else to look."""
    site: Site = request.app.state.site
    try:
        return page("front", site=site, watched=watched(site), wrong="")
    except UseCaseError as error:
        return page("front", site=site, watched=(), wrong=error)


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
        raise HTTPException(404, f"No use case {use_case!r}, or its file is not valid.")
    boards = (case_board(case, site.addresses),)
    return page("watch", boards=boards, home="..", graph=partial(graph, site))


def graph(site: Site, query: Query, display: Display) -> str | None:
    """Return where Prometheus shows a query's result; None where it has no public address."""
    if site.prometheus is None:
        return None
    drawn = display is Display.LINES
    shown = {"g0.expr": query.expr, "g0.tab": 0 if drawn else 1, "g0.range_input": "1d"}
    return f"{site.prometheus.rstrip('/')}/graph?{urlencode(shown)}"


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


def rendered(text: str) -> Runbook:
    """Return Markdown that begins with its title as HTML; each heading below is an entry."""
    markdown = MarkdownIt("commonmark", {"html": False})
    _, title, _, *tokens = markdown.parse(text)
    entries = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            heading = Heading(inline.content, _slug(inline.content))
            opening.attrSet("id", heading.anchor)
            entries.append(heading)
    body = markdown.renderer.render(tokens, markdown.options, {})
    # Safe, for it is made of Markdown without HTML of its own.
    safe = Markup(body)  # noqa: S704  # nosec B704 # as above
    return Runbook(title.content, safe, tuple(entries))


def _slug(title: str) -> str:
    return anchor(re.sub(r"[^\w]+", "-", title))


@cache
def _runbook() -> Runbook:
    return rendered(_TEXT.read_text(encoding="utf-8"))


@router.get("/runbook", include_in_schema=False)
def runbook() -> HTMLResponse:
    """Show what each alert means and what to do."""
    return page("runbook", runbook=_runbook())
