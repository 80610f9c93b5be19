"""Our verdict in the words of the messages."""

from __future__ import annotations

from benchmarks.peers.messages import ColumnDrift, WindowDrift
from monitoring.drift.decision import MIN_EFFECT
from monitoring.drift.verdict import Verdict


def window_drift(verdict: Verdict, reference: str, window: str, rows: int) -> WindowDrift:
    """Return a verdict as the answer about a window; `drifted` is what flags a column."""
    return WindowDrift(
        reference=reference,
        window=window,
        first_row=0,
        rows=rows,
        columns=tuple(
            ColumnDrift(
                column=part.name,
                method="effect",
                value=part.effect,
                limit=MIN_EFFECT,
                flagged=part.drifted,
            )
            for part in verdict.features
        ),
    )
