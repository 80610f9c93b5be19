"""GET /model, POST /reload and GET /ready: which version answers, and whether all is there."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from monitoring.serving.api import Candidate, api, needs
from monitoring.serving.api_keys import Scope
from monitoring.serving.live_models import LiveModel

router = APIRouter(tags=["models"])


class ServedArm(BaseModel):
    """A version that answers a share of the rows; the champion has that share while it is null."""

    name: str
    share: float
    version: str | None


class Served(BaseModel):
    """The version that answers for a use case."""

    use_case: str
    version: str
    candidate: str
    threshold: float
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    trained_as_of: datetime
    loaded_at: datetime
    moved_libraries: tuple[str, ...]
    arms: tuple[ServedArm, ...]


class Ready(BaseModel):
    """The answer of a server that can store what it says."""

    status: str = "ready"


@router.get("/model/{use_case}", dependencies=[needs(Scope.PREDICT)])
def model(request: Request, use_case: str, candidate: Candidate = None) -> Served:
    """Tell which version answers."""
    return _served(api(request).models.of(use_case, candidate))


@router.post("/reload/{use_case}", dependencies=[needs(Scope.ADMIN)])
async def reload(request: Request, use_case: str, candidate: Candidate = None) -> Served:
    """Load the champion anew; requests in flight are answered by the old one."""
    parts = api(request)
    return _served(await asyncio.to_thread(parts.models.reload, use_case, candidate))


@router.get("/ready")
def ready(request: Request) -> Ready:
    """Report that the store answers: 503 where it does not."""
    api(request).check_store()
    return Ready()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Show what Prometheus scrapes."""
    parts = api(request)
    text = parts.metrics.text(parts.models.loaded, parts.components.answers())
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _served(live: LiveModel) -> Served:
    return Served(
        use_case=live.case.name,
        version=live.version,
        candidate=live.model.candidate,
        threshold=live.model.threshold,
        numeric=live.model.features.numeric,
        categorical=live.model.features.categorical,
        trained_as_of=live.model.trained_as_of,
        loaded_at=live.loaded_at,
        moved_libraries=live.model.moved_libraries,
        arms=tuple(
            ServedArm(name=name, share=share, version=arm.version if arm is not None else None)
            for name, share in live.case.serve.shares.items()
            for arm in (live.arms.get(name),)
        ),
    )
