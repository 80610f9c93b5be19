"""POST /predict: rows in, scores and decisions out, each of them in the store before it is said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from monitoring.rows.rows import Role
from monitoring.serving.api import Candidate, api
from monitoring.serving.api_keys import Scope
from monitoring.serving.bodies import BodyError, read_body
from monitoring.serving.limits import json_body
from monitoring.serving.row_model import GivenRow
from monitoring.serving.scoring import Prediction

router = APIRouter(tags=["predictions"])


class Predictions(BaseModel):
    """What a model says of the rows of a request, in their order."""

    use_case: str
    predictions: list[Prediction]


Replayed = Annotated[
    bool,
    Query(description="Rows came when they happened, and not now; wants a key of scope admin."),
]


# In the server's own thread: it waits for nothing.
async def _admit(request: Request, replayed: Replayed = False) -> None:
    """Let in who may predict; whoever says when rows came writes the past, and needs more."""
    api(request).gate.admit(request, Scope.ADMIN if replayed else Scope.PREDICT)


@router.post("/predict/{use_case}", dependencies=[Depends(_admit)], response_model=Predictions)
async def predict(
    request: Request, use_case: str, candidate: Candidate = None, replayed: Replayed = False
) -> Response:
    """Score one row, or up to 1,000 as `{"rows": [...]}`, by the champion of a use case."""
    parts = api(request)
    body = await json_body(request)
    live = await parts.live(use_case, candidate)
    role = Role.CHAMPION if candidate is None else Role.SHADOW
    rows = read_body(body, live.row, "rows")
    if replayed:
        _check_times(rows)
    ids = [row.id or uuid4().hex for row in rows]
    scorer = await parts.scorer(use_case)
    said = await asyncio.wrap_future(scorer.submit(live, role, rows, ids, replayed=replayed))
    parts.metrics.predicted(use_case, said)
    answer = Predictions(use_case=use_case, predictions=said)
    # Not by FastAPI, which would check what was just made, value by value.
    return Response(answer.model_dump_json(), media_type="application/json")


def _check_times(rows: Sequence[GivenRow]) -> None:
    for place, row in enumerate(rows):
        if row.event_time is None:
            field, problem = f"rows.{place}.event_time", "a row that is replayed names its time"
            raise BodyError([{"field": field, "value": "missing", "problem": problem}])
