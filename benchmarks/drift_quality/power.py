"""How often drift of one column in thirty is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.drift_quality.table import rate, scaled, table
from benchmarks.drift_quality.tools import evidently, judged, ks_bonferroni, nannyml
from monitoring.drift import decision
from monitoring.drift.verdict import SHARE_LIMIT, FeatureVerdict, Verdict
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.drift.made import FEATURES, LIMITS, frame, reference_of, rows_of

REFERENCE_ROWS = 20_000
SIZES = (50, 100, 200, 500, 2000)
HEAD = ("drift of one column in 30", *(f"{rows:,}" for rows in SIZES))


@dataclass(frozen=True)
class Change:
    """What happens to one column."""

    words: str
    column: str
    values: Callable[[pd.Series, np.random.Generator], pd.Series]

    def apply(self, window: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Return the window with its column changed."""
        return window.assign(**{self.column: self.values(window[self.column], rng)})


def _outlier(values: pd.Series, _: np.random.Generator) -> pd.Series:
    return (values + 3).where(values.index > 0, 1e6)


CHANGES = (
    Change("shift 0.1 sigma", "normal0", lambda x, _: x + 0.1),
    Change("shift 0.25 sigma", "normal0", lambda x, _: x + 0.25),
    Change("shift 0.5 sigma", "normal0", lambda x, _: x + 0.5),
    Change("shift 1 sigma", "normal0", lambda x, _: x + 1),
    Change("scale x 1.5", "normal0", lambda x, _: x * 1.5),
    Change("scale x 0.7", "normal0", lambda x, _: x * 0.7),
    Change("lognormal x 1.5", "lognormal0", lambda x, _: x * 1.5),
    Change("t, 2.2 degrees, + 0.5", "heavytail0", lambda x, _: x + 0.5),
    Change("missing 0% -> 10%", "normal0", lambda x, rng: x.mask(rng.random(len(x)) < 0.1)),
    Change("missing 5% -> 15%", "gaps0", lambda x, rng: x.mask(rng.random(len(x)) < 0.105)),
    Change("new category 5%", "c30", lambda x, rng: x.mask(rng.random(len(x)) < 0.05, "new")),
    Change("shift 3 sigma, one value 1e6", "normal0", _outlier),
    Change("no drift, one value 1e6", "normal0", lambda x, _: x.where(x.index > 0, 1e6)),
)


def power(scale: float) -> None:
    """Print how often we find each change."""
    table("Power: found as changed / as drifted, by rows of the window", HEAD, _ours(scale))


def _ours(scale: float) -> Iterator[Sequence[object]]:
    found = {
        rows: [_judged(reference, after) for reference, _, after in _windows(rows, 60, scale)]
        for rows in SIZES
    }
    for number, change in enumerate(CHANGES):
        cells = []
        for rows in SIZES:
            parts = [each[number] for each in found[rows]]
            changed = rate([part.changed for part in parts], 0)
            cells.append(f"{changed} / {rate([part.drifted for part in parts], 0)}")
        yield change.words, *cells


def _windows(
    rows: int, most: int, scale: float
) -> Iterator[tuple[Reference, pd.DataFrame, list[pd.DataFrame]]]:
    """Yield a reference, its rows, and a window without drift after each of the changes."""
    rng = np.random.default_rng([rows, 1])
    before = frame(rng, REFERENCE_ROWS)
    reference = reference_of(rows_of(before), chunk=REFERENCE_ROWS)
    for _ in range(scaled(most, scale, least=5)):
        window = frame(rng, rows)
        yield reference, before, [change.apply(window, rng) for change in CHANGES]


def _judged(reference: Reference, after: list[pd.DataFrame]) -> list[FeatureVerdict]:
    """Return what the verdict says of each changed column."""
    return [
        _of(judged(reference, rows_of(window)), change.column)
        for change, window in zip(CHANGES, after, strict=True)
    ]


def _of(verdict: Verdict, column: str) -> FeatureVerdict:
    return next(part for part in verdict.features if part.name == column)


def by_tool(scale: float) -> None:
    """Print how often the other tools flag the changed column."""
    title = "Power of other tools: KS + Bonferroni / Evidently / NannyML, by rows of the window"
    table(title, HEAD, _others(scale))


def _others(scale: float) -> Iterator[Sequence[object]]:
    names = {change.column for change in CHANGES}
    watched = Features(
        numeric=tuple(name for name in FEATURES.numeric if name in names),
        categorical=tuple(name for name in FEATURES.categorical if name in names),
    )
    cells: dict[str, list[str]] = {change.words: [] for change in CHANGES}
    for rows in SIZES:
        drawn = list(_windows(rows, 20, scale))
        before = drawn[0][1]
        changed = [window for _, _, after in drawn for window in after]
        theirs = nannyml([(before, changed)], watched)[0]
        for number, change in enumerate(CHANGES):
            own = _only(change.column)
            windows = [after[number] for _, _, after in drawn]
            ks = [change.column in ks_bonferroni(before, w, own, tests=30) for w in windows]
            evident = [change.column in evidently(before, w, own) for w in windows]
            flagged = [change.column in one for one in theirs[number :: len(CHANGES)]]
            said = (rate(ks, 0), rate(evident, 0), rate(flagged, 0))
            cells[change.words].append(" / ".join(said))
    for words, found in cells.items():
        yield words, *found


def _only(name: str) -> Features:
    if name in FEATURES.categorical:
        return Features(categorical=(name,))
    return Features(numeric=(name,))


def lone(scale: float) -> None:
    """Print what it costs that effects count in full only in a window sure to have moved."""
    head = [
        "sure: smallest q-value at most",
        *(f"{rows}: {what}" for rows in (50, 100, 200) for what in ("false", "lone", "twelve")),
    ]
    title = (
        "How sure a window must be: any drifted without drift / one column in 30 shifted by "
        "0.5 sigma drifted / share above 0.3 where twelve moved"
    )
    table(title, head, _lone(scale))


def _lone(scale: float) -> Iterator[Sequence[object]]:
    found = {}
    with patch.object(decision, "SURE", 1.0):
        for rows in (50, 100, 200):
            rng = np.random.default_rng([rows, 2])
            reference = reference_of(rows_of(frame(rng, REFERENCE_ROWS)), chunk=REFERENCE_ROWS)
            for what, windows in (("false", 1500), ("lone", 300), ("twelve", 100)):
                found[rows, what] = [
                    judged(reference, rows_of(_moved(frame(rng, rows), what)))
                    for _ in range(scaled(windows, scale, least=10))
                ]
    for part in (1.0, 0.2, 0.1, 0.05, 0.02, 0.01):
        level = part * LIMITS.rate
        yield f"{level:g}", *_cells(found, partial(_sure, level=level))
    yield "lower bound as the effect", *_cells(found, _bounded)


Drifted: TypeAlias = Callable[[Verdict], set[str]]


def _cells(found: dict[tuple[int, str], list[Verdict]], drifted: Drifted) -> Iterator[str]:
    for (_, what), verdicts in found.items():
        sets = [drifted(verdict) for verdict in verdicts]
        if what == "false":
            yield rate([bool(names) for names in sets], 2)
        elif what == "lone":
            yield rate(["normal0" in names for names in sets], 0)
        else:
            yield rate([len(names) / len(FEATURES.names) > SHARE_LIMIT for names in sets], 0)


def _sure(verdict: Verdict, level: float) -> set[str]:
    """Return what drifted, if the smallest q-value is at most `level`."""
    sure = min(part.q_value or 0.0 for part in verdict.tested) <= level
    return {part.name for part in verdict.drifted_features} if sure else set()


def _bounded(verdict: Verdict) -> set[str]:
    """Return what would have drifted were effects lower bounds.

    Bounds at the level of the false discovery rate, taking effects to grow as normal deviates.
    """
    changed = [part for part in verdict.tested if part.changed]
    level = LIMITS.rate * len(changed) / len(verdict.tested)
    return {
        part.name
        for part in changed
        if (part.effect or 0.0) * (1 - norm.isf(level) / norm.isf(part.p_value or 1e-300))
        > LIMITS.min_effect
    }


def _moved(window: pd.DataFrame, what: str) -> pd.DataFrame:
    if what == "lone":
        window["normal0"] += 0.5
    elif what == "twelve":
        names = list(FEATURES.numeric[:12])
        window[names] = window[names] * 1.2 + 0.4
    return window
