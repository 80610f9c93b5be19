"""GET /try: a form for one prediction, what drives it, and its confirmation or correction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitoring.pages.assets import asking_policy, try_script
from monitoring.pages.page import PLAIN_POLICY, page
from monitoring.serving.api import api
from monitoring.serving.explanations import usual_values
from monitoring.serving.live_models import ModelUnavailableError, NoChampionError
from monitoring.sources.derived import file_columns, sends_amount
from monitoring.use_case_columns import Target

if TYPE_CHECKING:
    from monitoring.serving.live_models import LiveModel
    from monitoring.use_case import UseCase

router = APIRouter()

_MOST = 200
"""Categories that are offered for one feature."""


@dataclass(frozen=True)
class Field:
    """One feature of the form.

    Attributes
    ----------
    usual
        What it is filled with: the median of the reference, or the commonest category.
    seen
        The range of a number in the reference; empty for a word.
    categories
        Those of a word that the model knows.
    """

    name: str
    is_number: bool
    usual: str
    seen: str
    categories: tuple[str, ...]


@router.get("/try/{use_case}", include_in_schema=False)
async def form(request: Request, use_case: str) -> HTMLResponse:
    """Show the form of a use case's rows."""
    parts = api(request)
    try:
        live = await parts.live(use_case, None)
    except (NoChampionError, ModelUnavailableError) as error:
        return page("refused", title="Nothing answers yet", what=str(error), home="..")
    drawn = page(
        "try",
        case=live.case,
        version=live.version,
        threshold=live.model.threshold,
        fields=await asyncio.to_thread(fields_of, live),
        labels=labels_of(live.case),
        needs_key=parts.gate.keys is not None,
        needs_amount=sends_amount(live.case),
        script=try_script(),
    )
    drawn.headers["Content-Security-Policy"] = asking_policy(PLAIN_POLICY)
    return drawn


def fields_of(live: LiveModel) -> tuple[Field, ...]:
    """Return the features of a row as the form asks for them."""
    sample, usual = live.model.reference_sample, usual_values(live)
    numeric, categorical = file_columns(live.case)
    fields = []
    for name in numeric:
        seen = ""
        if name in usual:
            seen = f"{sample[name].min():.4g} to {sample[name].max():.4g}"
        fields.append(Field(name, True, _written(usual.get(name)), seen, ()))
    for name in categorical:
        known = tuple(sorted(live.categories.get(name, ())))[:_MOST]
        fields.append(Field(name, False, _written(usual.get(name)), "", known))
    return tuple(fields)


def _written(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.6g}"


def labels_of(case: UseCase) -> tuple[tuple[str, str], ...]:
    """Return the labels that feedback may give: each value as JSON has it, and its words."""
    target = case.columns.target
    assert isinstance(target, Target)  # noqa: S101  # nosec B101 # a model was trained on it
    if target.classes is not None:
        return tuple((str(value), str(value)) for value in target.classes)
    one = case.words.positive
    other = "0" if target.negative is None else str(target.negative)
    return ((str(target.positive), one), (other, f"not {one}"))
