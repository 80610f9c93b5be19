"""Front: the page that leads to everything else."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitoring.serving.pages import page
from monitoring.serving.site import Site
from monitoring.serving.watched import watched

router = APIRouter()


@router.get("/", include_in_schema=False)
def front(request: Request) -> HTMLResponse:
    """Show the use cases with their newest reports, and where else to look."""
    site: Site = request.app.state.site
    return page("front", site=site, watched=watched(site))
