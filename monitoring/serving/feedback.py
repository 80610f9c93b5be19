"""POST /feedback: labels in, by the ids of the rows that they are of."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from monitoring.rows.quarantine import CLOCK_SKEW
from monitoring.rows.rows import moment64
from monitoring.serving.api import api, needs
from monitoring.serving.api_keys import Scope
from monitoring.serving.bodies import BodyError, read_body
from monitoring.serving.limits import json_body
from monitoring.serving.row_model import Id
from monitoring.sources.target_values import parse_target
from monitoring.use_case_columns import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitoring.serving.api import Api
    from monitoring.use_case import UseCase

router = APIRouter(tags=["labels"])


class GivenLabel(BaseModel):
    """The truth of one row.

    Attributes
    ----------
    label
        A value of the use case's target.
    time
        When it became known, with its time zone; now if not given.
    """

    model_config = ConfigDict(extra="forbid")

    id: Id
    label: Annotated[str | int | float | bool, Field(union_mode="left_to_right")]
    time: AwareDatetime | None = None


class Feedback(BaseModel):
    """What became of labels.

    Attributes
    ----------
    repeated
        Were there already, and said the same.
    conflicting
        Contradict the label that is there: it stays, and both are kept.
    corrected
        The same where the use case says that the newest wins.
    unknown
        Of rows that are not there yet: kept, and valid once they come.
    """

    use_case: str
    added: int
    repeated: int
    conflicting: int
    corrected: int
    unknown: int


@router.post("/feedback/{use_case}", dependencies=[needs(Scope.FEEDBACK)])
async def feedback(request: Request, use_case: str) -> Feedback:
    """Store one label, or up to 1,000 as `{"labels": [...]}`; once more changes nothing."""
    body = await json_body(request)
    given = read_body(body, GivenLabel, "labels")
    return await asyncio.to_thread(_store, api(request), use_case, given)


def _store(parts: Api, use_case: str, given: Sequence[GivenLabel]) -> Feedback:
    case = parts.models.find(use_case)
    now = datetime.now(UTC)
    labels = _labels(case, given)
    times = np.array([moment64(it.time or now) for it in given], "datetime64[us]")
    late = np.flatnonzero(times > moment64(now) + CLOCK_SKEW)
    if late.size:
        place = int(late[0])
        raise _wrong(place, "time", given[place].time, "a time that has come")
    added = parts.store.add_labels(case, [it.id for it in given], labels, times, received_at=now)
    return Feedback(
        use_case=use_case,
        added=added.added,
        repeated=added.repeated,
        conflicting=added.conflicting,
        corrected=added.corrected,
        unknown=added.unknown,
    )


def _labels(case: UseCase, given: Sequence[GivenLabel]) -> list[int] | list[str]:
    """Return labels as the store takes them: 1 and 0, or names of classes."""
    import pandas as pd

    target = case.columns.target
    assert isinstance(target, Target)  # noqa: S101  # nosec B101 # `find` resolves `last`
    column = pd.Series([it.label for it in given], dtype=object)
    parsed = parse_target(column, target, history=False)
    unknown = np.flatnonzero(parsed.label < 0)
    if unknown.size:
        place = int(unknown[0])
        allowed = f"one of {', '.join(map(str, target.values))}"
        if target.classes is None:
            allowed = f"{target.positive!r}, or the other value of column {target.name!r}"
        raise _wrong(place, "label", given[place].label, allowed)
    classes = case.columns.classes
    if classes is None or parsed.true_class is None:
        return [int(label) for label in parsed.label]
    return [classes.names[place] for place in parsed.true_class.tolist()]


def _wrong(place: int, field: str, value: Any, allowed: str) -> BodyError:
    return BodyError(
        [{"field": f"labels.{place}.{field}", "value": str(value), "problem": f"not {allowed}"}]
    )
