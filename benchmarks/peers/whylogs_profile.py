"""whylogs: one profile a window, all columns."""

from __future__ import annotations

import pandas as pd
import whylogs

from benchmarks.peers.messages import ProfileAnswer, ProfileRequest, WindowProfile
from benchmarks.peers.meter import Meter
from benchmarks.peers.serve import serve


def answer(request: ProfileRequest) -> ProfileAnswer:
    """Profile every window."""
    meter = Meter()
    with meter.reading():
        frames = [pd.read_parquet(path) for path in request.windows]
    with meter.working():
        profiles = [whylogs.log(frame).view() for frame in frames]
    return ProfileAnswer(
        windows=tuple(
            WindowProfile(
                window=path,
                rows=len(frame),
                columns=len(frame.columns),
                profile_bytes=len(profile.serialize()),
            )
            for path, frame, profile in zip(request.windows, frames, profiles, strict=True)
        ),
        cost=meter.cost("whylogs", "numpy", "pandas"),
    )


if __name__ == "__main__":
    serve(ProfileRequest, answer)
