"""Which columns of a window each tool calls drifted, with its defaults."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from benchmarks.peers.ask import NANNYML_DRIFT, ask
from benchmarks.peers.messages import Comparison, DriftRequest
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.rows.rows import Rows
from monitoring.summary.build import summarise
from monitoring.summary.types import Reference
from monitoring.use_case import Drift
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS

if TYPE_CHECKING:
    from evidently.legacy.calculations.stattests import StatTest

os.environ.setdefault("DO_NOT_TRACK", "1")


def judged(reference: Reference, window: Rows, limits: Drift = LIMITS) -> Verdict:
    """Return our verdict."""
    return drift_verdict(reference, summarise(window, reference), limits, id="bench")


def changed(verdict: Verdict) -> set[str]:
    """Return the columns that our verdict calls changed."""
    return {part.name for part in verdict.features if part.changed}


def drifted(verdict: Verdict) -> set[str]:
    """Return the columns that our verdict calls drifted."""
    return {part.name for part in verdict.drifted_features}


def ks_bonferroni(
    reference: pd.DataFrame, window: pd.DataFrame, features: Features, *, tests: int | None = None
) -> set[str]:
    """Return what Kolmogorov-Smirnov and chi-square flag at 0.05 / columns.

    Missing values are dropped before, as tools that use these tests do.
    """
    level = 0.05 / (tests or len(features.names))
    found = _p_values(reference, window, features)
    return {name for name, p_value in found.items() if p_value < level}


def certainly_different(
    reference: pd.DataFrame, window: pd.DataFrame, features: Features, level: float
) -> set[str]:
    """Return the columns of which these tests are certain at `level`."""
    found = _p_values(reference, window, features)
    return {name for name, p_value in found.items() if p_value < level}


def _p_values(
    reference: pd.DataFrame, window: pd.DataFrame, features: Features
) -> dict[str, float]:
    found = {}
    for name in features.names:
        before, now = _known(reference[name]), _known(window[name])
        if name in features.categorical:
            counts = pd.crosstab(
                np.repeat([0, 1], [len(before), len(now)]), pd.concat([before, now]).to_numpy()
            )
            found[name] = float(chi2_contingency(counts).pvalue)
        else:
            found[name] = float(ks_2samp(before, now, method="asymp").pvalue)
    return found


def evidently(reference: pd.DataFrame, window: pd.DataFrame, features: Features) -> set[str]:
    """Return what Evidently flags, by the test and limit that it chooses itself.

    Its `DataDriftPreset` asks the same function, and draws everything three times on top.
    """
    from evidently.legacy.core import ColumnType

    found = set()
    for name in features.names:
        kind = ColumnType.Numerical if name in features.numeric else ColumnType.Categorical
        before, now = _known(reference[name]), _known(window[name])
        test = _chosen(before, now, kind)
        if test(before, now, kind, None).drifted:
            found.add(name)
    return found


def _chosen(before: pd.Series, now: pd.Series, kind: object) -> StatTest:
    from evidently.legacy.calculations.stattests import get_stattest

    return get_stattest(before, now, kind, None)


def _known(column: pd.Series) -> pd.Series:
    return column.replace([np.inf, -np.inf], np.nan).dropna()


def nannyml(
    comparisons: Iterable[tuple[pd.DataFrame, Sequence[pd.DataFrame]]], features: Features
) -> list[list[set[str]]]:
    """Return what NannyML flags: for each reference, of each of its windows.

    Each window is one chunk, and the reference is cut into chunks as long.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = 0

        def keep(frame: pd.DataFrame) -> str:
            nonlocal kept
            kept += 1
            path = Path(folder) / f"{kept}.parquet"
            frame[list(features.names)].to_parquet(path, index=False)
            return str(path)

        asked = [
            Comparison(reference=keep(reference), windows=tuple(map(keep, windows)))
            for reference, windows in comparisons
        ]
        request = DriftRequest(
            comparisons=tuple(asked), numeric=features.numeric, categorical=features.categorical
        )
        answered = ask(NANNYML_DRIFT, request)
    flagged = {(found.reference, found.window): set(found.flagged) for found in answered.windows}
    return [[flagged[one.reference, window] for window in one.windows] for one in asked]
