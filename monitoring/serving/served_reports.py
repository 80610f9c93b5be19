"""The files under the reports folder, and redirects to the newest of each kind."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from monitoring.reports.entry import ReportKind
from monitoring.reports.pages import INDEX, all_page, use_case_page
from monitoring.serving.site import Site, find, newest

PATH = "/reports"

router = APIRouter()


@router.get(PATH, include_in_schema=False)
def reports() -> RedirectResponse:
    """Lead to the list of all reports; relative, so that it holds behind any proxy."""
    return RedirectResponse(f"{PATH.removeprefix('/')}/")


@router.get("/newest/{use_case}/{kind}", include_in_schema=False)
def newest_report(request: Request, use_case: str, kind: ReportKind) -> RedirectResponse:
    """Lead to a use case's newest report of a kind; to the list of its reports before there is one.

    Dashboards link here from their first day on.
    """
    site: Site = request.app.state.site
    case = find(site, use_case)
    if case is None:
        raise HTTPException(404, f"No use case {use_case!r}.")
    names = (entry.html for entry in newest(site, case.name) if entry.kind is kind)
    return RedirectResponse(f"../..{PATH}/{case.name}/{next(names, INDEX)}")


class ReportFiles(StaticFiles):
    """The files under the reports folder; hidden ones are being written, and not there yet.

    Lists that no report was written to yet are there all the same: alerts link to them.
    """

    def __init__(self, site: Site) -> None:
        site.reports.mkdir(parents=True, exist_ok=True)
        super().__init__(directory=site.reports, html=True)
        self._site = site

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at `path`, or the empty list that stands for it."""
        parts = path.split("/")
        if path != "." and any(part.startswith(".") for part in parts):
            raise HTTPException(404)
        try:
            return await super().get_response(path, scope)
        except HTTPException as missing:
            if missing.status_code != 404:
                raise
            listed = self._list(parts)
            if listed is None:
                raise
            return HTMLResponse(listed)

    def _list(self, parts: list[str]) -> str | None:
        """Return the list that belongs at a path; None where none does."""
        if parts in (["."], [INDEX]):
            return all_page(self._site.reports)
        if len(parts) == 2 and parts[1] == INDEX:
            case = find(self._site, parts[0])
            return None if case is None else use_case_page(self._site.reports, case)
        return None
