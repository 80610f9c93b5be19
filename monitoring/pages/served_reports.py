"""The files in the reports folder, here or on S3, and redirects to the newest of each kind."""

from __future__ import annotations

import re
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from monitoring.pages.site import Site, find, newest
from monitoring.reports.entry import ReportKind
from monitoring.reports.pages import INDEX, all_page, use_case_page
from monitoring.stored_files import RemotePath, particulars, read

PATH = "/reports"

LARGEST = 100_000_000
"""Most bytes of a report on S3 that are sent."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")

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
    """The files in the reports folder; hidden ones are being written, and not there yet.

    What lies on S3 is read at each request, as a whole: a page is sent whole or not at all. Lists
    that no report was written to yet are there all the same: alerts link to them.
    """

    def __init__(self, site: Site) -> None:
        here = site.reports if isinstance(site.reports, Path) else None
        if here is not None:
            here.mkdir(parents=True, exist_ok=True)
        super().__init__(directory=here, html=True)
        self._site = site

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at `path`, or the empty list that stands for it."""
        parts = path.split("/")
        if path != "." and any(part.startswith(".") for part in parts):
            raise HTTPException(404)
        try:
            if isinstance(self._site.reports, Path):
                return await super().get_response(path, scope)
            if scope["method"] not in ("GET", "HEAD"):
                raise HTTPException(405)
            return await run_in_threadpool(_far_away, self._site.reports, path, Request(scope))
        except HTTPException as missing:
            if missing.status_code != 404:
                raise
            listed = await run_in_threadpool(self._list, parts)
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


def _far_away(folder: RemotePath, path: str, request: Request) -> Response:
    """Return a file on S3, or the list of the folder at `path`."""
    names = [] if path == "." else path.split("/")
    if not all(map(_NAME.fullmatch, names)):
        raise HTTPException(404)
    if not names or "." not in names[-1]:
        if not request.scope["path"].endswith("/"):
            return RedirectResponse(request.url.replace(path=f"{request.url.path}/"))
        names.append(INDEX)
    place = folder
    for name in names:
        place = place / name
    known = particulars(place)
    if known is None:
        raise HTTPException(404)
    headers = {"ETag": known.etag}
    if known.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if known.size > LARGEST:
        raise HTTPException(413, f"Larger than {LARGEST:,} bytes, the most that is sent.")
    return Response(read(place, LARGEST), headers=headers, media_type=guess_type(place.name)[0])
