"""NannyML's confidence-based performance estimate, with its defaults."""

from __future__ import annotations

import pandas as pd
from nannyml import CBPE

from benchmarks.peers.messages import (
    Estimate,
    EstimateAnswer,
    EstimateRequest,
    WindowEstimate,
)
from benchmarks.peers.meter import Meter
from benchmarks.peers.serve import known, serve


def answer(request: EstimateRequest) -> EstimateAnswer:
    """Estimate every window; each is one chunk, the reference is cut as the longest of them."""
    meter = Meter()
    with meter.reading():
        reference = pd.read_parquet(request.reference)
        frames = [pd.read_parquet(path) for path in request.windows]
    with meter.working():
        estimator = CBPE(
            metrics=list(request.metrics),
            y_pred_proba="y_pred_proba",
            y_pred="y_pred",
            y_true="y_true",
            problem_type="classification_binary",
            chunk_size=max(len(frame) for frame in frames),
        ).fit(reference)
        results = [
            estimator.estimate(frame).filter(period="analysis").data.iloc[0] for frame in frames
        ]
    return EstimateAnswer(
        windows=tuple(
            WindowEstimate(
                window=path,
                rows=len(frame),
                estimates=tuple(_estimate(result, metric) for metric in request.metrics),
            )
            for path, frame, result in zip(request.windows, frames, results, strict=True)
        ),
        cost=meter.cost("nannyml", "numpy", "pandas", "scikit-learn"),
    )


def _estimate(result: pd.Series, metric: str) -> Estimate:
    """Return one figure of a chunk's line of the result."""
    part = result[metric]
    return Estimate(
        metric=metric,
        value=known(part["value"]),
        sampling_error=known(part["sampling_error"]),
        low=known(part["lower_confidence_boundary"]),
        high=known(part["upper_confidence_boundary"]),
    )


if __name__ == "__main__":
    serve(EstimateRequest, answer)
