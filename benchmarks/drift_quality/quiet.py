"""How often windows without drift are flagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.drift_quality.table import rate, scaled, table
from benchmarks.drift_quality.tools import (
    changed,
    drifted,
    evidently,
    judged,
    ks_bonferroni,
    nannyml,
)
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import Verdict
from monitoring.summary.build import summarise
from monitoring.summary.merge import merge
from monitoring.use_case_columns import Features
from tests.drift.made import FEATURES, LIMITS, frame, reference_of, rows_of

REFERENCE_ROWS = 20_000
COLUMNS = 30
AT_ONCE = 200_000
"""Rows that are made at once; larger windows are merged from summaries of as many."""

SIZES = {50: 400, 100: 400, 500: 200, 5000: 60, 50_000: 10, 1_000_000: 1}
"""Windows by rows of a window."""


@dataclass(frozen=True)
class Family:
    """Thirty columns of one kind, independent of each other; words where there are levels."""

    name: str
    levels: int = 0

    @property
    def features(self) -> Features:
        """The columns."""
        names = tuple(f"x{i}" for i in range(COLUMNS))
        return Features(categorical=names) if self.levels else Features(numeric=names)

    def frame(self, rng: np.random.Generator, rows: int) -> pd.DataFrame:
        """Return rows without drift."""
        return pd.DataFrame({name: self._column(rng, rows) for name in self.features.names})

    def _column(self, rng: np.random.Generator, rows: int) -> object:
        if self.levels:
            shares = 1 / np.arange(1, self.levels + 1)
            codes = rng.choice(self.levels, rows, p=shares / shares.sum())
            words = pd.Index([f"word {i}" for i in range(self.levels)])
            return pd.Categorical.from_codes(codes, words)
        if self.name == "normal":
            return rng.normal(size=rows)
        return rng.lognormal(size=rows) if self.name == "lognormal" else rng.standard_t(2.2, rows)


FAMILIES = (
    Family("normal"),
    Family("lognormal"),
    Family("t, 2.2 degrees"),
    Family("2 levels", 2),
    Family("30 levels", 30),
    Family("1000 levels", 1000),
)


def by_family(scale: float) -> None:
    """Print how often we flag windows of each kind of columns."""
    head = ["rows", "windows each", *(family.name for family in FAMILIES)]
    title = "False alarms by kind of columns: windows with any changed / any drifted"
    table(
        title, (*head, "largest share", "largest mean effect", "largest effect"), _families(scale)
    )


def _families(scale: float) -> Iterator[Sequence[object]]:
    for rows, most in SIZES.items():
        windows = scaled(most, scale, least=1)
        cells, everything = [], []
        for family in FAMILIES:
            found = list(_verdicts(family, rows, windows))
            any_changed = rate([bool(changed(verdict)) for verdict in found])
            cells.append(f"{any_changed} / {rate([bool(drifted(v)) for v in found])}")
            everything.append(found)
        yield (
            f"{rows:,}",
            windows,
            *cells,
            f"{max(v.share or 0 for found in everything for v in found):.2f}",
            f"{max(np.mean([v.mean_effect for v in found]) for found in everything):.5f}",
            f"{max(v.max_effect or 0 for found in everything for v in found):.3f}",
        )


def _verdicts(family: Family, rows: int, windows: int) -> Iterator[Verdict]:
    rng = np.random.default_rng([rows, FAMILIES.index(family)])
    for number in range(windows):
        if number % max(1, windows // 4) == 0:
            training = rows_of(family.frame(rng, REFERENCE_ROWS))
            reference = reference_of(training, features=family.features, chunk=REFERENCE_ROWS)
        parts = [
            summarise(rows_of(family.frame(rng, min(AT_ONCE, rows - start))), reference)
            for start in range(0, rows, AT_ONCE)
        ]
        yield drift_verdict(reference, merge(*parts), LIMITS, id="quiet")


TOOL_SIZES = {50: 300, 100: 300, 500: 120, 2000: 60, 5000: 40, 20_000: 8}
NANNYML_WINDOWS = 40


def by_tool(scale: float) -> None:
    """Print how often each tool flags windows of a mixed table."""
    head = (
        "rows",
        "windows",
        "changed: any",
        "drifted: any",
        "largest effect",
        "KS + Bonferroni: any",
        "mean share",
        "Evidently: any",
        "mean share",
        "NannyML: windows",
        "any",
        "mean share",
    )
    table("False alarms of each tool on a mixed table of 30 columns", head, _tools(scale))


def _tools(scale: float) -> Iterator[Sequence[object]]:
    for rows, most in TOOL_SIZES.items():
        rng = np.random.default_rng(rows)
        windows = scaled(most, scale, least=4)
        found: list[Verdict] = []
        flags: dict[str, list[set[str]]] = {"ks": [], "evidently": []}
        asked: list[tuple[pd.DataFrame, list[pd.DataFrame]]] = []
        for _ in range(4):
            before = frame(rng, REFERENCE_ROWS)
            reference = reference_of(rows_of(before), chunk=REFERENCE_ROWS)
            drawn = [frame(rng, rows) for _ in range(windows // 4)]
            found += [judged(reference, rows_of(window)) for window in drawn]
            flags["ks"] += [ks_bonferroni(before, window, FEATURES) for window in drawn]
            flags["evidently"] += [evidently(before, window, FEATURES) for window in drawn]
            asked.append((before, drawn[: scaled(NANNYML_WINDOWS, scale, least=4) // 4]))
        theirs = [flagged for one in nannyml(asked, FEATURES) for flagged in one]
        yield (
            f"{rows:,}",
            len(found),
            rate([bool(changed(verdict)) for verdict in found]),
            rate([bool(drifted(verdict)) for verdict in found]),
            f"{max(verdict.max_effect or 0 for verdict in found):.3f}",
            *_flagged(flags["ks"]),
            *_flagged(flags["evidently"]),
            len(theirs),
            *_flagged(theirs),
        )


def _flagged(flags: list[set[str]]) -> tuple[str, str]:
    return rate([bool(one) for one in flags]), rate([len(one) / COLUMNS for one in flags])
