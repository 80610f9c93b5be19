"""`compare` fits the reference, summarises both sides and judges."""

from __future__ import annotations

import pandas as pd

from benchmarks.peers.messages import DriftAnswer, DriftRequest
from benchmarks.peers.meter import Meter
from benchmarks.peers.our_words import window_drift
from benchmarks.peers.serve import serve
from monitoring import compare


def answer(request: DriftRequest) -> DriftAnswer:
    """Judge every window of every comparison."""
    meter = Meter()
    with meter.reading():
        paths = {path for c in request.comparisons for path in (c.reference, *c.windows)}
        frames = {path: pd.read_parquet(path) for path in paths}
    names = [*request.numeric, *request.categorical]
    with meter.working():
        found = [
            (one.reference, path, compare(frames[one.reference], frames[path], columns=names))
            for one in request.comparisons
            for path in one.windows
        ]
    return DriftAnswer(
        windows=tuple(
            window_drift(verdict, reference, path, len(frames[path]))
            for reference, path, verdict in found
        ),
        cost=meter.cost("tocsin", "numpy", "pandas"),
    )


if __name__ == "__main__":
    serve(DriftRequest, answer)
