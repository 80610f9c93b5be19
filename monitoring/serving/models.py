"""Models: where a use case's model is found in MLflow, wherever that is opened."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from monitoring.serving.site import Site
from monitoring.serving.watched import find

router = APIRouter()


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
        raise HTTPException(404, f"There is no use case {use_case!r}.")
    if site.mlflow is None:
        raise HTTPException(
            404, "Where people open MLflow is not known here: set TOCSIN_PUBLIC_MLFLOW_URL."
        )
    return f"{site.mlflow.rstrip('/')}/#/models/{case.name}"
