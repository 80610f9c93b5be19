"""Combine: rows of several origins as one, each row once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from monitoring.rows.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


def together(parts: Sequence[Rows]) -> Rows:
    """Return the rows of at least one part, part after part; scores are of one version.

    Amounts or scores that a part does not have, the whole does not have.
    """
    import pandas as pd

    if len(parts) == 1:
        return parts[0]
    return Rows(
        features=pd.concat([part.features for part in parts], ignore_index=True),
        row_id=np.concatenate([part.row_id for part in parts]),
        event_time=np.concatenate([part.event_time for part in parts]),
        arrival_time=np.concatenate([part.arrival_time for part in parts]),
        label=np.concatenate([part.label for part in parts]),
        label_time=np.concatenate([part.label_time for part in parts]),
        amount=_all_or_none([part.amount for part in parts]),
        score=_all_or_none([part.score for part in parts]),
        model_version=parts[0].model_version,
    )


def _all_or_none(parts: Sequence[NDArray[T] | None]) -> NDArray[T] | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if len(there) == len(parts) else None


def combined(history: Rows, production: Rows) -> Rows:
    """Return both, in order of event time; a row that is in both is taken from production.

    Scores are left out: they come from models of different versions.
    """
    again = np.isin(history.row_id, production.row_id)
    old = history.take(~again)
    if len(old) == 0 or len(production) == 0:
        rows = production if len(old) == 0 else old
    else:
        both = together((old, production))
        rows = both.take(np.argsort(both.event_time, kind="stable"))
    return replace(rows, score=None, model_version=None)
