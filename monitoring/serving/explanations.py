"""POST /explain: what drives a score, feature by feature; nothing is stored."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from pydantic import BaseModel

from monitoring.rows.serving_skew import log_odds
from monitoring.serving.api import Candidate, api, needs
from monitoring.serving.api_keys import Scope
from monitoring.serving.bodies import BodyError, read_body
from monitoring.serving.limits import json_body
from monitoring.serving.row_model import rows_of, values_of, with_value
from monitoring.sources.derived import file_columns

if TYPE_CHECKING:
    import pandas as pd

    from monitoring.serving.api import Api
    from monitoring.serving.live_models import LiveModel
    from monitoring.serving.row_model import GivenRow

router = APIRouter(tags=["predictions"])

_CERTAIN = 1e-6
"""A score of 0 or 1 has no odds: how near to them it is taken to be."""


class Driver(BaseModel):
    """What one feature does to a score.

    Attributes
    ----------
    usual
        The median of the reference, or its commonest category.
    change
        In log-odds: by how much the value raises the score over that of the same row with the
        usual value.
    """

    feature: str
    value: float | str | None
    usual: float | str | None
    change: float


class Explanation(BaseModel):
    """A score, and what drives it: what changes it most comes first."""

    use_case: str
    model_version: str
    score: float
    drivers: list[Driver]


@router.post("/explain/{use_case}", dependencies=[needs(Scope.PREDICT)])
async def explain(request: Request, use_case: str, candidate: Candidate = None) -> Explanation:
    """Tell what drives the score of one row; it is neither stored nor counted."""
    parts = api(request)
    body = await json_body(request)
    live = await parts.live(use_case, candidate)
    given = read_body(body, live.row, "rows")
    if len(given) > 1:
        fault = {"field": "rows", "value": f"a list of {len(given)}", "problem": "not one row"}
        raise BodyError([fault])
    return await asyncio.to_thread(_explained, parts, live, given[0])


def _explained(parts: Api, live: LiveModel, given: GivenRow) -> Explanation:
    usual = usual_values(live)
    values = values_of(live.case, given)
    changed = [name for name in values if name in usual and values[name] != usual[name]]
    variants = [given, *(with_value(live.case, given, name, usual[name]) for name in changed)]
    ids, earlier = [str(n) for n in range(len(variants))], parts.store.history(live.case)
    rows = rows_of(live.case, variants, ids, datetime.now(UTC), earlier)
    scores = live.model.score(rows.features)
    odds = log_odds(scores, _CERTAIN)
    drivers = [
        Driver(feature=name, value=values[name], usual=usual[name], change=float(odds[0] - other))
        for name, other in zip(changed, odds[1:], strict=True)
    ]
    return Explanation(
        use_case=live.case.name,
        model_version=live.version,
        score=float(scores[0]),
        drivers=sorted(drivers, key=lambda driver: -abs(driver.change)),
    )


def usual_values(live: LiveModel) -> dict[str, float | str]:
    """Return the median, or the commonest category, of each feature that a file holds."""
    sample: pd.DataFrame = live.model.reference_sample
    numeric, categorical = file_columns(live.case)
    usual: dict[str, float | str] = {}
    for name in numeric:
        if name in sample and sample[name].notna().any():
            usual[name] = float(sample[name].median())
    for name in categorical:
        if name in sample and sample[name].notna().any():
            usual[name] = str(sample[name].mode().iloc[0])
    return usual
