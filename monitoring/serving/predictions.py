"""POST /predict: rows in, scores and decisions out, each of them in the store before it is said."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from monitoring.serving.api import api, body_error
from monitoring.serving.api_keys import Scope
from monitoring.serving.limits import json_body
from monitoring.serving.live_models import LiveModel
from monitoring.serving.row_model import GivenRow, GivenRows
from monitoring.serving.scoring import Prediction

router = APIRouter(tags=["predictions"])


class Predictions(BaseModel):
    """What a model says of the rows of a request, in their order."""

    use_case: str
    model_version: str
    threshold: float = Field(description="A row raises an alarm where its score reaches it.")
    predictions: list[Prediction]


def may_predict(request: Request) -> None:
    """Let in who may predict."""
    api(request).gate.admit(request, Scope.PREDICT)


@router.post("/predict/{use_case}", dependencies=[Depends(may_predict)])
async def predict(request: Request, use_case: str) -> Predictions:
    """Score one row, or up to 1,000 as `{"rows": [...]}`, by the champion of a use case."""
    parts = api(request)
    body = await json_body(request)
    live = await asyncio.to_thread(parts.models.__getitem__, use_case)
    rows = read_rows(live, body)
    ids = [row.id or uuid4().hex for row in rows]
    scorer = await asyncio.to_thread(parts.scorer, use_case)
    said = await asyncio.wrap_future(scorer.submit(live, rows, ids))
    parts.metrics.predicted(use_case, live.version, said)
    return Predictions(
        use_case=use_case,
        model_version=live.version,
        threshold=live.model.threshold,
        predictions=said,
    )


def read_rows(live: LiveModel, body: bytes) -> list[GivenRow]:
    """Read the rows of a body.

    Raises
    ------
    BodyError
        It is no JSON, or a field of it is wrong.
    """
    model: type[GivenRow | GivenRows] = live.bodies.one
    try:
        content: Any = from_json(body, allow_inf_nan=True)
    except ValueError as error:
        raise body_error(_not_json(error)) from error
    if isinstance(content, dict) and "rows" in content:
        model = live.bodies.many
    try:
        given = model.model_validate(content)
    except ValidationError as error:
        raise body_error(error) from error
    return [given] if isinstance(given, GivenRow) else given.rows


def _not_json(error: ValueError) -> ValidationError:
    return ValidationError.from_exception_data(
        "body", [{"type": "json_invalid", "loc": (), "input": "", "ctx": {"error": str(error)}}]
    )
