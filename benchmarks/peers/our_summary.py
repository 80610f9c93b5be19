"""Ours, the one pass alone: rows in, a summary on the reference's bins out."""

from __future__ import annotations

import pandas as pd

from benchmarks.peers.messages import ProfileAnswer, ProfileRequest, WindowProfile
from benchmarks.peers.meter import Meter
from benchmarks.peers.serve import serve
from monitoring.summary.build import summarise
from monitoring.summary.files import to_json
from monitoring.use_case_columns import Features
from tests.drift.made import reference_of, rows_of


def answer(request: ProfileRequest) -> ProfileAnswer:
    """Summarise every window, all columns as numbers."""
    meter = Meter()
    with meter.reading():
        rows = [rows_of(pd.read_parquet(path)) for path in request.windows]
        training = rows_of(pd.read_parquet(request.reference or request.windows[0]))
    features = Features(numeric=tuple(training.features.columns))
    reference = reference_of(training, features=features, chunk=len(training))
    with meter.working():
        summaries = [summarise(window, reference) for window in rows]
    return ProfileAnswer(
        windows=tuple(
            WindowProfile(
                window=path,
                rows=summary.rows,
                columns=len(summary.features),
                profile_bytes=len(to_json(summary).encode()),
            )
            for path, summary in zip(request.windows, summaries, strict=True)
        ),
        cost=meter.cost("tocsin", "numpy", "pandas"),
    )


if __name__ == "__main__":
    serve(ProfileRequest, answer)
