"""The status pages: the boards' panels with their numbers, for who has no Grafana."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from monitoring.pages.assets import drawing_policy, scripts
from monitoring.pages.drawn_board import View, drawn_board
from monitoring.pages.drawn_panel import page_of
from monitoring.pages.page import PLAIN_POLICY, page
from monitoring.pages.servers import Servers
from monitoring.pages.site import Site, find, use_cases
from monitoring.signals.catalogue import PROMOTED
from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.panel import SHOWN, Board, Display, Query
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.prometheus import Prometheus, PrometheusError
from monitoring.signals.promql import now
from monitoring.use_case import UseCase

router = APIRouter()

SINCE, LENGTHS = "since", ("6h", "24h", "7d", SHOWN, "30d", "90d")
"""Parameter of how far back the figures reach, and what it may be."""

VERSION = "version"
"""Parameter that shows the time in which one version served."""

_LONGEST = timedelta(days=90)

_HOURS = {"h": 1, "d": 24}


@dataclass(frozen=True)
class Served:
    """The time in which a version served; `until` is None while it does."""

    version: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Choice:
    """Something to choose on the page, and what is chosen."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@router.get("/watch", include_in_schema=False)
def fleet(request: Request) -> HTMLResponse:
    """Show the panels on all models and on the pipelines."""
    site: Site = request.app.state.site
    cases = use_cases(site).valid
    return _drawn(request, (fleet_board(cases), health_board(cases)), ())


@router.get("/watch/{use_case}", include_in_schema=False)
def use_case(request: Request, use_case: str) -> HTMLResponse:
    """Show the panels of one use case."""
    site: Site = request.app.state.site
    servers: Servers = request.app.state.servers
    case = find(site, use_case)
    if case is None:
        raise HTTPException(404, f"No use case {use_case!r}, or its file is not valid.")
    served = versions(servers.prometheus, case, datetime.now(UTC))
    return _drawn(request, (case_board(case, site.addresses),), served, up="../")


def versions(prometheus: Prometheus, case: UseCase, moment: datetime) -> tuple[Served, ...]:
    """Return which versions served and when, the newest first; none where nobody knows."""
    promoted = now(PROMOTED, case.name, by=PROMOTED.labels)
    days = f"{_LONGEST.days}d"
    try:
        found = prometheus.at(f"max_over_time(({promoted})[{days}:1h]) or {promoted}", moment)
    except PrometheusError:
        return ()  # the page says that it does not answer
    began = sorted((one.newest, one.labels["version"]) for one in found)
    since = [datetime.fromtimestamp(at, UTC) for at, _ in began]
    return tuple(
        Served(version, since[place], since[place + 1] if place + 1 < len(since) else None)
        for place, (_, version) in enumerate(began)
    )[::-1]


def _drawn(
    request: Request, boards: tuple[Board, ...], served: tuple[Served, ...], up: str = ""
) -> HTMLResponse:
    site: Site = request.app.state.site
    servers: Servers = request.app.state.servers
    choices = _choices(request, served)
    view = _view(choices, served, datetime.now(UTC))
    answer = page(
        "watch",
        boards=[drawn_board(board, servers.prometheus, view) for board in boards],
        choices=choices,
        view=view,
        up=up,
        page_of=page_of,
        scripts=scripts(),
        site=site,
        graph=partial(graph, site),
    )
    answer.headers["Content-Security-Policy"] = drawing_policy(PLAIN_POLICY)
    return answer


def _choices(request: Request, served: tuple[Served, ...]) -> tuple[Choice, ...]:
    """Return what is to be chosen, with what was.

    Raises
    ------
    HTTPException
        Something else was.
    """
    offered = [Choice(SINCE, "Show", tuple((length, length) for length in LENGTHS), SHOWN)]
    if served:
        of_versions = tuple((one.version, f"version {one.version}") for one in served)
        offered.append(Choice(VERSION, "While it served", (("", "any version"), *of_versions), ""))
    chosen = []
    for one in offered:
        value = request.query_params.get(one.name, one.chosen)
        allowed = [option for option, _ in one.options]
        if value not in allowed:
            raise HTTPException(404, f"{one.name} is one of {', '.join(filter(None, allowed))}.")
        chosen.append(Choice(one.name, one.title, one.options, value))
    return tuple(chosen)


def _view(choices: tuple[Choice, ...], served: tuple[Served, ...], moment: datetime) -> View:
    chosen = {choice.name: choice.chosen for choice in choices}
    of_version = [one for one in served if one.version == chosen.get(VERSION)]
    if of_version:
        end = of_version[0].until or moment
        return View(max(of_version[0].since, end - _LONGEST), end)
    since = chosen[SINCE]
    length = timedelta(hours=int(since[:-1]) * _HOURS[since[-1]])
    return View(moment - length, moment)


def graph(site: Site, query: Query, display: Display) -> str | None:
    """Return where Prometheus shows a query's result; None where it has no public address."""
    if site.prometheus is None:
        return None
    drawn = display is Display.LINES
    shown = {"g0.expr": query.expr, "g0.tab": 0 if drawn else 1, "g0.range_input": "1d"}
    return f"{site.prometheus.rstrip('/')}/graph?{urlencode(shown)}"
