"""Evidently's `DataDriftPreset` with its defaults."""

from __future__ import annotations

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from benchmarks.peers.messages import (
    ColumnDrift,
    Comparison,
    DriftAnswer,
    DriftRequest,
    WindowDrift,
)
from benchmarks.peers.meter import Meter
from benchmarks.peers.serve import known, serve


def answer(request: DriftRequest) -> DriftAnswer:
    """Judge every window of every comparison, a report each."""
    meter = Meter()
    with meter.reading():
        paths = {path for c in request.comparisons for path in (c.reference, *c.windows)}
        frames = {path: pd.read_parquet(path) for path in paths}
    with meter.working():
        found = tuple(
            _compared(one, path, request, frames)
            for one in request.comparisons
            for path in one.windows
        )
    return DriftAnswer(windows=found, cost=meter.cost("evidently", "numpy", "pandas", "scipy"))


def _compared(
    comparison: Comparison, path: str, request: DriftRequest, frames: dict[str, pd.DataFrame]
) -> WindowDrift:
    definition = DataDefinition(
        numerical_columns=list(request.numeric), categorical_columns=list(request.categorical)
    )
    names = [*request.numeric, *request.categorical]
    current, reference = (
        Dataset.from_pandas(frames[side][names], data_definition=definition)
        for side in (path, comparison.reference)
    )
    metrics = Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]
    found = {
        metric["config"]["column"]: metric
        for metric in metrics
        if metric["config"]["type"].endswith(":ValueDrift")
    }
    return WindowDrift(
        reference=comparison.reference,
        window=path,
        first_row=0,
        rows=len(frames[path]),
        columns=tuple(
            _column(name, float(found[name]["value"]), found[name]["config"]) for name in names
        ),
    )


def _column(name: str, value: float, config: dict[str, object]) -> ColumnDrift:
    """Return what Evidently says of a column: p-values count below their limit, distances at it."""
    method, limit = str(config["method"]), float(str(config["threshold"]))
    return ColumnDrift(
        column=name,
        method=method,
        value=known(value),
        limit=limit,
        flagged=value < limit if method.endswith("p_value") else value >= limit,
    )


if __name__ == "__main__":
    serve(DriftRequest, answer)
