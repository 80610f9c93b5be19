"""Ours with the reference at hand, as it is in production: summarise the window and judge it."""

from __future__ import annotations

import pandas as pd

from benchmarks.peers.messages import DriftAnswer, DriftRequest
from benchmarks.peers.meter import Meter
from benchmarks.peers.our_words import window_drift
from benchmarks.peers.serve import serve
from monitoring.drift.detection import drift_verdict
from monitoring.summary.build import summarise
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of


def answer(request: DriftRequest) -> DriftAnswer:
    """Judge every window of every comparison; the references are fitted beforehand."""
    meter = Meter()
    with meter.reading():
        paths = {path for c in request.comparisons for path in (c.reference, *c.windows)}
        rows = {path: rows_of(pd.read_parquet(path)) for path in paths}
    features = Features(numeric=request.numeric, categorical=request.categorical)
    pairs = [
        (
            one.reference,
            path,
            reference_of(rows[one.reference], features=features, chunk=len(rows[path])),
        )
        for one in request.comparisons
        for path in one.windows
    ]
    with meter.working():
        found = [
            (reference, path, drift_verdict(fitted, summarise(rows[path], fitted), LIMITS, id=path))
            for reference, path, fitted in pairs
        ]
    return DriftAnswer(
        windows=tuple(
            window_drift(verdict, reference, path, len(rows[path]))
            for reference, path, verdict in found
        ),
        cost=meter.cost("tocsin", "numpy", "pandas"),
    )


if __name__ == "__main__":
    serve(DriftRequest, answer)
