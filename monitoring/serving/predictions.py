"""POST /predict: rows in, scores and decisions out, each of them in the store before it is said."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from monitoring.rows.rows import Role
from monitoring.serving.api import Candidate, api, needs
from monitoring.serving.api_keys import Scope
from monitoring.serving.bodies import read_body
from monitoring.serving.limits import json_body
from monitoring.serving.scoring import Prediction

router = APIRouter(tags=["predictions"])


class Predictions(BaseModel):
    """What a model says of the rows of a request, in their order."""

    use_case: str
    predictions: list[Prediction]


@router.post("/predict/{use_case}", dependencies=[needs(Scope.PREDICT)], response_model=Predictions)
async def predict(request: Request, use_case: str, candidate: Candidate = None) -> Response:
    """Score one row, or up to 1,000 as `{"rows": [...]}`, by the champion of a use case."""
    parts = api(request)
    body = await json_body(request)
    live = await parts.live(use_case, candidate)
    role = Role.CHAMPION if candidate is None else Role.SHADOW
    rows = read_body(body, live.row, "rows")
    ids = [row.id or uuid4().hex for row in rows]
    scorer = await parts.scorer(use_case)
    said = await asyncio.wrap_future(scorer.submit(live, role, rows, ids))
    parts.metrics.predicted(use_case, said)
    answer = Predictions(use_case=use_case, predictions=said)
    # Not by FastAPI, which would check what was just made, value by value.
    return Response(answer.model_dump_json(), media_type="application/json")
