"""NannyML's univariate drift with its defaults: Jensen-Shannon, three sigma of the chunks."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from nannyml import UnivariateDriftCalculator

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
    """Judge every window of every comparison."""
    meter = Meter()
    with meter.reading():
        paths = {path for c in request.comparisons for path in (c.reference, *c.windows)}
        frames = {path: pd.read_parquet(path) for path in paths}
    with meter.working():
        found = [
            window for one in request.comparisons for window in _compared(one, request, frames)
        ]
    return DriftAnswer(windows=tuple(found), cost=meter.cost("nannyml", "numpy", "pandas", "scipy"))


def _compared(
    comparison: Comparison, request: DriftRequest, frames: dict[str, pd.DataFrame]
) -> Iterator[WindowDrift]:
    """Yield the verdicts of one reference's windows; one fit serves all that are cut alike."""
    fitted: dict[int, UnivariateDriftCalculator] = {}
    for path in comparison.windows:
        window = frames[path]
        chunk_rows = request.chunk_rows or len(window)
        if chunk_rows not in fitted:
            fitted[chunk_rows] = UnivariateDriftCalculator(
                column_names=[*request.numeric, *request.categorical],
                treat_as_numerical=list(request.numeric),
                treat_as_categorical=list(request.categorical),
                chunk_size=chunk_rows,
            ).fit(frames[comparison.reference])
        result = fitted[chunk_rows].calculate(window).filter(period="analysis").data
        for _, chunk in result.iterrows():
            first, last = int(chunk[_CHUNK_START]), int(chunk[_CHUNK_END])
            yield WindowDrift(
                reference=comparison.reference,
                window=path,
                first_row=first,
                rows=last - first + 1,
                columns=tuple(
                    _column(chunk, name) for name in (*request.numeric, *request.categorical)
                ),
            )


_CHUNK_START, _CHUNK_END = ("chunk", "chunk", "start_index"), ("chunk", "chunk", "end_index")


def _column(chunk: pd.Series, name: str) -> ColumnDrift:
    """Return what a chunk's line of the result says of a column."""
    part = chunk[name, _METHOD]
    return ColumnDrift(
        column=name,
        method=_METHOD,
        value=known(part["value"]),
        limit=known(part["upper_threshold"]),
        flagged=bool(part["alert"]),
    )


_METHOD = "jensen_shannon"


if __name__ == "__main__":
    serve(DriftRequest, answer)
