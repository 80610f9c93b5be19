"""How the newest retrains went: `/latest` leads to `/success` or `/failure`, or says neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitoring.airflow_api import AirflowError
from monitoring.pages.page import page
from monitoring.pages.run_states import NO_AIRFLOW, RunState
from monitoring.pages.servers import Servers
from monitoring.pages.site import Site, find, use_cases
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError

router = APIRouter()


class Outcome(StrEnum):
    """What a run came to, as far as is known."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNDER_WAY = "under way"
    NONE = "no run yet"
    UNKNOWN = "unknown"


_OUTCOMES = {"success": Outcome.SUCCESS, "failed": Outcome.FAILURE}

_COLOURS = {Outcome.SUCCESS: "good", Outcome.FAILURE: "critical", Outcome.UNKNOWN: "warning"}


@dataclass(frozen=True)
class Seen:
    """What is known of the newest retrain of a use case.

    Attributes
    ----------
    run
        None where there is none, or nobody knows.
    away
        Why `run` is only what was known last; empty where it is what Airflow says now.
    log
        Where the log of the failing task is, or the run; empty where Airflow has no public address.
    """

    case: UseCase
    outcome: Outcome
    run: RunState | None
    away: str
    log: str

    @property
    def colour(self) -> str:
        """The colour of its outcome."""
        return _COLOURS.get(self.outcome, "")


@router.get("/latest", include_in_schema=False)
def latest(request: Request) -> Response:
    """Lead to `/failure` if the newest retrain of any use case failed, to `/success` if none did.

    Where neither is known, that is said.
    """
    return _led(_all(request))


@router.get("/latest/{use_case}", include_in_schema=False)
def latest_of(request: Request, use_case: str) -> Response:
    """Lead to the page of what the newest retrain of a use case came to."""
    return _led((_seen(request, _case(request, use_case)),), use_case)


@router.get("/success", include_in_schema=False)
def success(request: Request) -> HTMLResponse:
    """Show the newest retrain of each use case, those that succeeded first."""
    return _shown(_all(request), Outcome.SUCCESS)


@router.get("/failure", include_in_schema=False)
def failure(request: Request) -> HTMLResponse:
    """Show the newest retrain of each use case, those that failed first."""
    return _shown(_all(request), Outcome.FAILURE)


@router.get("/success/{use_case}", include_in_schema=False)
def success_of(request: Request, use_case: str) -> HTMLResponse:
    """Show the newest retrain of a use case, and whether it succeeded."""
    return _shown((_seen(request, _case(request, use_case)),), Outcome.SUCCESS, up="../")


@router.get("/failure/{use_case}", include_in_schema=False)
def failure_of(request: Request, use_case: str) -> HTMLResponse:
    """Show the newest retrain of a use case, and whether it failed."""
    return _shown((_seen(request, _case(request, use_case)),), Outcome.FAILURE, up="../")


def _led(seen: tuple[Seen, ...], use_case: str = "") -> Response:
    outcome = _together(seen)
    if outcome in (Outcome.SUCCESS, Outcome.FAILURE):
        return RedirectResponse(f"../{outcome}/{use_case}" if use_case else outcome.value)
    return _shown(seen, outcome, up="../" if use_case else "")


def _together(seen: tuple[Seen, ...]) -> Outcome:
    """Return what the newest runs came to: a failure of one is that of all; unknown comes next."""
    outcomes = {one.outcome for one in seen}
    for outcome in (Outcome.FAILURE, Outcome.UNKNOWN, Outcome.UNDER_WAY, Outcome.SUCCESS):
        if outcome in outcomes:
            return outcome
    return Outcome.NONE


def _shown(seen: tuple[Seen, ...], outcome: Outcome, up: str = "") -> HTMLResponse:
    ordered = sorted(seen, key=lambda one: (one.outcome is not outcome, one.case.title))
    reached = [one for one in ordered if one.outcome is outcome]
    return page("runs", seen=ordered, outcome=outcome, reached=reached, up=up)


def _all(request: Request) -> tuple[Seen, ...]:
    site: Site = request.app.state.site
    try:
        cases = [case for case in use_cases(site).valid if not case.is_watched]
    except UseCaseError as error:
        raise HTTPException(503, str(error)) from error
    return tuple(_each(request, cases))


def _each(request: Request, cases: Sequence[UseCase]) -> Iterator[Seen]:
    """Yield what is known of each; a server that is away is asked once."""
    away = ""
    for case in cases:
        seen = _seen(request, case, away)
        away = seen.away
        yield seen


def _case(request: Request, use_case: str) -> UseCase:
    site: Site = request.app.state.site
    case = find(site, use_case)
    if case is None:
        raise HTTPException(404, f"No use case {use_case!r}, or its file is not valid.")
    return case


def _seen(request: Request, case: UseCase, away: str = "") -> Seen:
    site: Site = request.app.state.site
    servers: Servers = request.app.state.servers
    states = servers.run_states
    if not states.asked:
        away = NO_AIRFLOW
    run = None
    if not away:
        try:
            run = states.newest(case, datetime.now(UTC))
        except AirflowError as error:
            away = str(error)
    if away:
        run = states.last_known(case)
    return Seen(case, _outcome(run, away), run, away, "" if run is None else _log(site, run))


def _outcome(run: RunState | None, away: str) -> Outcome:
    if away:
        return Outcome.UNKNOWN
    return Outcome.NONE if run is None else _OUTCOMES.get(run.state, Outcome.UNDER_WAY)


def _log(site: Site, run: RunState) -> str:
    return site.addresses.run(run.dag_id, run.run_id, run.failing_task) or ""
