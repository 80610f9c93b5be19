"""scipy's two-sample Kolmogorov-Smirnov test, a numeric column each, at 0.05 by Bonferroni."""

from __future__ import annotations

import pandas as pd
from scipy.stats import ks_2samp

from benchmarks.peers.messages import (
    ColumnDrift,
    Comparison,
    DriftAnswer,
    DriftRequest,
    WindowDrift,
)
from benchmarks.peers.meter import Meter
from benchmarks.peers.serve import serve

LEVEL = 0.05


def answer(request: DriftRequest) -> DriftAnswer:
    """Test the numeric columns of every window of every comparison."""
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
    return DriftAnswer(windows=found, cost=meter.cost("scipy", "numpy"))


def _compared(
    comparison: Comparison, path: str, request: DriftRequest, frames: dict[str, pd.DataFrame]
) -> WindowDrift:
    before, now = frames[comparison.reference], frames[path]
    limit = LEVEL / len(request.numeric)
    columns = []
    for name in request.numeric:
        p_value = ks_2samp(
            before[name].dropna().to_numpy(), now[name].dropna().to_numpy(), method="asymp"
        ).pvalue
        columns.append(
            ColumnDrift(
                column=name,
                method="KS p-value",
                value=float(p_value),
                limit=limit,
                flagged=bool(p_value < limit),
            )
        )
    return WindowDrift(
        reference=comparison.reference,
        window=path,
        first_row=0,
        rows=len(now),
        columns=tuple(columns),
    )


if __name__ == "__main__":
    serve(DriftRequest, answer)
