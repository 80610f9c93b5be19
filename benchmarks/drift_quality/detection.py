"""How many rows pass between the drift of a stream and the first verdict of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from benchmarks.drift_quality.table import scaled, table
from benchmarks.drift_quality.tools import drifted, evidently, judged, ks_bonferroni, nannyml
from monitoring.drift.verdict import SHARE_LIMIT
from tests.drift.made import FEATURES, frame, reference_of, rows_of

REFERENCE_ROWS = 20_000
STREAM_ROWS = 16_000
SIZES = (100, 500, 2000)
MOVED = FEATURES.numeric[:12]
TOOLS = ("ours", "KS + Bonferroni", "Evidently", "NannyML")


def detection(scale: float) -> None:
    """Print the delay of each tool."""
    head = ("rows per window", "streams", *(f"{tool}: too early" for tool in TOOLS))
    delays = (f"{tool}: rows, median (most)" for tool in TOOLS)
    title = (
        "Time to detection: rows from where 12 of 30 columns move (x 1.2 + 0.4) to the end of the "
        "first window with more than 30% of its columns flagged"
    )
    table(title, (*head, *delays), _delays(scale))


def _delays(scale: float) -> Iterator[Sequence[object]]:
    streams = scaled(12, scale, least=3)
    for rows in SIZES:
        found: dict[str, list[tuple[bool, int | None]]] = {tool: [] for tool in TOOLS}
        for seed in range(streams):
            rng = np.random.default_rng([seed, rows])
            before = frame(rng, REFERENCE_ROWS)
            at = STREAM_ROWS // 2 + int(rng.integers(0, rows))
            windows = _cut(_drifting(rng, at), rows)
            for tool, flags in _flags(before, windows).items():
                found[tool].append(_first(flags, rows, at))
        yield (
            f"{rows:,}",
            streams,
            *(sum(early for early, _ in found[tool]) for tool in TOOLS),
            *(_said([delay for early, delay in found[tool] if not early]) for tool in TOOLS),
        )


def _drifting(rng: np.random.Generator, at: int) -> pd.DataFrame:
    data = frame(rng, STREAM_ROWS)
    late = data.index >= at
    data.loc[late, list(MOVED)] = data.loc[late, list(MOVED)] * 1.2 + 0.4
    return data


def _cut(data: pd.DataFrame, rows: int) -> list[pd.DataFrame]:
    starts = range(0, len(data) - rows + 1, rows)
    return [data.iloc[start : start + rows].reset_index(drop=True) for start in starts]


def _flags(before: pd.DataFrame, windows: list[pd.DataFrame]) -> dict[str, Iterable[set[str]]]:
    """Return what each tool flags, window by window, as far as it is asked for."""
    reference = reference_of(rows_of(before), chunk=REFERENCE_ROWS)
    return {
        "ours": (drifted(judged(reference, rows_of(window))) for window in windows),
        "KS + Bonferroni": (ks_bonferroni(before, window, FEATURES) for window in windows),
        "Evidently": (evidently(before, window, FEATURES) for window in windows),
        "NannyML": nannyml([(before, windows)], FEATURES)[0],
    }


def _first(flags: Iterable[set[str]], rows: int, at: int) -> tuple[bool, int | None]:
    """Return whether a window before the drift was called, and the delay; None if never called."""
    for number, flagged in enumerate(flags):
        end = (number + 1) * rows
        if len(flagged) / len(FEATURES.names) > SHARE_LIMIT:
            return end <= at, end - at
    return False, None


def _said(delays: list[int | None]) -> str:
    """Say the median and the most of delays; one that never ended is the longest."""
    if not delays:
        return "all too early"
    never = sum(delay is None for delay in delays)
    known = sorted(delay for delay in delays if delay is not None)
    if never:
        return f"never in {never} of {len(delays)}"
    return f"{np.median(known):,.0f} ({known[-1]:,})"
