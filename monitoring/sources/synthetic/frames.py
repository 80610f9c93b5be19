"""Synthetic source files of a use case, for demos without real data and for tests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import InputError
from monitoring.rows.rows import POSITIVE
from monitoring.sources.derived import file_columns
from monitoring.sources.schema_check import check
from monitoring.sources.synthetic.populations import (
    Population,
    payments,
    survey_answers,
    visits,
)
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.sources.typed_columns import resolved_columns
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Columns, EventTime, Features, Target

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

POSITIVE_RATE = {"card": 0.0017, "survey": 0.585, "visits": 0.5}
"""Share of positives where no other is asked for, by kind."""

_DAY = 86_400

_QUIET = 0.85  # how much less there is going on at the quietest time of the day

_QUIET_AT = 3 * 3600

_ISO_START = np.datetime64("2024-01-01", "s")


def synthetic_frame(
    case: UseCase,
    rows: int,
    *,
    seed: int,
    days: float = 10,
    scenario: Scenario | None = None,
    from_share: float = 0.5,
    positive_rate: float | None = None,
) -> pd.DataFrame:
    """Generate a file of the use case, of the kind it names in `source.synthetic`.

    Parameters
    ----------
    days
        Time that the rows are spread over, in a daily cycle, where the use case has event times.
    scenario
        Drift to inject from the share `from_share` of the rows on.
    positive_rate
        Share of positives; rounded to whole rows.

    Returns
    -------
    Rows in order of event time, in exactly the columns that the use case declares.

    Raises
    ------
    InputError
        The use case names no kind, or there would not be a positive and a negative row.
    TypeError
        The use case's columns are not resolved yet.
    """
    _, target = resolved_columns(case)
    numeric, categorical = file_columns(case)
    features = Features.model_construct(numeric=numeric, categorical=categorical)
    kind = case.source.synthetic
    if kind is None:
        kinds = ", ".join(f"`{one}`" for one in POSITIVE_RATE)
        msg = f"use case {case.name}: `source.synthetic` is not set: give one of {kinds}"
        raise InputError(msg)
    rate = POSITIVE_RATE[kind] if positive_rate is None else positive_rate
    positives = max(round(rate * rows), 1)
    if not 0 < positives < rows:
        msg = f"{rows} rows, {rate:.2%} of them positive: rows of both classes are needed"
        raise InputError(msg)
    rng = np.random.default_rng(seed)
    make = {"card": payments, "survey": survey_answers, "visits": visits}[kind]
    made_up = make(features, case.columns.amount, rows, positives, rng)
    frame = _file(made_up, case.columns, target, days, rng)
    return frame if scenario is None else _planted(frame, case, scenario, seed, from_share)


def content_hash(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a frame's content, in hex: what stands for the hash of its file."""
    import pandas as pd

    return hashlib.sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest()


def _file(
    population: Population, columns: Columns, target: Target, days: float, rng: Generator
) -> pd.DataFrame:
    """Return a file's columns: time, id, features and amount, target."""
    import pandas as pd

    rows = population.positive.size
    content: dict[str, Any] = {}
    if isinstance(columns.event_time, EventTime):
        seconds = seconds_in_cycle(rows, days, rng)
        content[columns.event_time.name] = written(seconds, columns.event_time)
    if columns.id is not None:
        content[columns.id] = np.arange(1, rows + 1)
    content |= population.columns
    content[target.name] = _spelled(population.positive, target)
    return pd.DataFrame(content)


def _spelled(positive: NDArray[np.bool_], target: Target) -> Any:
    """Return the truth in the values of the target's column."""
    own: Any = target.positive
    if target.classes is not None:
        others = [value for value in target.classes if value not in target.watch]
        return np.where(positive, target.watch[0], np.resize(others, positive.size))
    if target.negative is not None:
        return np.where(positive, own, target.negative)
    if isinstance(target.positive, bool):
        return positive == target.positive
    if isinstance(target.positive, int):
        return np.where(positive, own, int(own == 0))
    return np.where(positive, own, f"not {own}")


def _planted(
    frame: pd.DataFrame, case: UseCase, scenario: Scenario, seed: int, from_share: float
) -> pd.DataFrame:
    """Return the frame with drift: synthetic rows are all valid and in order, so they align."""
    source_hash = content_hash(frame)
    rows = drifted(
        check(frame, case, source_hash=source_hash).rows,
        scenario,
        seed=seed,
        from_share=from_share,
    )
    _, target = resolved_columns(case)
    amount = case.columns.amount
    changed = frame.copy()
    names = [name for name in rows.features.columns if name not in case.derive]
    changed[names] = rows.features[names]
    if amount is not None and amount not in rows.features:
        changed[amount] = rows.amount
    changed[target.name] = _spelled(rows.label == POSITIVE, target)
    return changed


def seconds_in_cycle(rows: int, days: float, rng: Generator) -> NDArray[np.int64]:
    """Return ascending whole seconds over `days`, fewest at three in the night."""
    grid = np.arange(0, int(days * _DAY), 60)
    activity = 1 - _QUIET * np.cos(2 * np.pi * (grid - _QUIET_AT) / _DAY)
    minute = rng.choice(grid, rows, p=activity / activity.sum())
    return np.sort(minute + rng.integers(0, 60, rows))


def written(seconds: NDArray[np.int64], declared: EventTime) -> Any:
    """Return times as the column holds them: numbers since the origin, or ISO 8601 text."""
    if declared.unit == "iso":
        return np.datetime_as_string(_ISO_START + seconds, timezone="UTC").tolist()
    return seconds.astype(np.float64) * {"s": 1, "ms": 1000}[declared.unit]
