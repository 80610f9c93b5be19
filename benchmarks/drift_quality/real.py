"""Tables of public records, where no change and small changes are both known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.drift_quality.cards import cards
from benchmarks.drift_quality.table import scaled, table
from benchmarks.drift_quality.tools import (
    certainly_different,
    changed,
    drifted,
    evidently,
    judged,
    ks_bonferroni,
    nannyml,
)
from benchmarks.real_data import wanted_file
from monitoring.drift.verdict import Verdict
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_ROWS = 5_000
CERTAIN = 1e-6
"""P-value, of all rows of both halves, at which a column has really changed."""

BANDS = {
    "changed, effect up to 0.03": 0.03,
    "changed, 0.03 to 0.1": LIMITS.min_effect,
    "changed, above 0.1": 1.0,
}
NO_CHANGE = "no change"

TOOLS = ("changed", "drifted", "KS + Bonferroni", "Evidently", "NannyML")


@dataclass(frozen=True)
class Halves:
    """The rows of a table in the first half of its time and in the second."""

    name: str
    features: Features
    first: pd.DataFrame
    second: pd.DataFrame

    def changes(self) -> dict[str, str]:
        """Return the columns in which all rows of both halves certainly differ, and how much."""
        real = certainly_different(self.first, self.second, self.features, CERTAIN)
        effects = self._effects()
        return {
            name: next(words for words, most in BANDS.items() if effects[name] <= most)
            for name in real
        }

    def _effects(self) -> dict[str, float]:
        reference = reference_of(rows_of(self.first), features=self.features, chunk=len(self.first))
        found = judged(reference, rows_of(self.second))
        return {part.name: part.effect or 0.0 for part in found.features}


def halves(scale: float) -> None:
    """Print what each tool finds of small real changes, and flags where there are none."""
    head = ("table", "columns", "column-windows", *TOOLS)
    title = (
        "Real tables, windows of 5,000 rows: columns flagged in windows of the same half (no "
        "change) and of the other half (columns that really changed)"
    )
    found = [*_accidents(), *_cards()]
    if found:
        table(title, head, _flags(found, scaled(10, scale)))


def _flags(found: Sequence[Halves], repeats: int) -> Iterator[Sequence[object]]:
    total = {words: np.zeros(1 + len(TOOLS), int) for words in (NO_CHANGE, *BANDS)}
    for one in found:
        changes = one.changes()
        quiet, moved = _repeats(one, repeats)
        for words in total:
            names = {name for name, band in changes.items() if band == words}
            if words == NO_CHANGE:
                names = set(one.features.names)
            flags = quiet if words == NO_CHANGE else moved
            hits = [sum(len(window & names) for window in flags[tool]) for tool in TOOLS]
            row = np.array([repeats * len(names), *hits])
            total[words] += row
            if names:
                yield one.name, words, *row
    for words, row in total.items():
        yield "together", words, *row


def _repeats(one: Halves, repeats: int) -> tuple[dict[str, list[set[str]]], ...]:
    """Return the flags of each tool in windows of the first half and in windows of the second."""
    quiet: dict[str, list[set[str]]] = {tool: [] for tool in TOOLS}
    moved: dict[str, list[set[str]]] = {tool: [] for tool in TOOLS}
    asked = []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        mixed = rng.permutation(len(one.first))
        before = one.first.iloc[mixed[WINDOW_ROWS:]].reset_index(drop=True)
        same = one.first.iloc[mixed[:WINDOW_ROWS]].reset_index(drop=True)
        other = one.second.iloc[rng.permutation(len(one.second))[:WINDOW_ROWS]]
        other = other.reset_index(drop=True)
        asked.append((before, (same, other)))
        reference = reference_of(rows_of(before), features=one.features, chunk=WINDOW_ROWS)
        for window, flags in ((same, quiet), (other, moved)):
            for tool, found in _ours_and_simple(reference, before, window, one.features).items():
                flags[tool].append(found)
    for flagged in nannyml(asked, one.features):
        quiet["NannyML"].append(flagged[0])
        moved["NannyML"].append(flagged[1])
    return quiet, moved


def _ours_and_simple(
    reference: Reference, before: pd.DataFrame, window: pd.DataFrame, features: Features
) -> dict[str, set[str]]:
    verdict = judged(reference, rows_of(window))
    return {
        "changed": changed(verdict),
        "drifted": drifted(verdict),
        "KS + Bonferroni": ks_bonferroni(before, window, features),
        "Evidently": evidently(before, window, features),
    }


_PLACES = Features(
    numeric=("lat", "long", "severity_index", "n_people", "n_killed", "vma", "nbv"),
    categorical=(
        "lum", "dep", "agg", "int", "atm", "col", "time_of_day", "accident_severity_class", "catr",
        "v1", "circ", "vosp", "prof", "plan", "surf", "infra", "situ",
    ),
)  # fmt: skip
_PEOPLE = Features(
    numeric=("age",),
    categorical=("place", "catu", "grav", "sexe", "trajet", "secu1", "secu2", "locp", "actp"),
)


def _accidents() -> Iterator[Halves]:
    """Yield the road accidents of a year and the people in them, by halves of the year."""
    names = ("caracteristiques", "lieux", "usagers")
    paths = [wanted_file(f"accidents_2024/{name}.parquet") for name in names]
    found = [pd.read_parquet(path) for path in paths if path is not None]
    if len(found) == len(names):
        when, where, who = found
        dates = when.set_index("Num_Acc")["date"]
        places = when.merge(where, on="Num_Acc", validate="one_to_one")
        july = pd.Timestamp("2024-07-01")
        yield _halved("accidents", places, (places["date"] < july).to_numpy(), _PLACES)
        early = (who["Num_Acc"].map(dates) < july).to_numpy()
        yield _halved("people in them", who, early, _PEOPLE)


def _cards() -> Iterator[Halves]:
    """Yield card payments by day."""
    days = cards()
    if days is not None:
        first, second = (day.features.reset_index(drop=True) for day in days)
        yield Halves("card payments", Features(numeric=tuple(first.columns)), first, second)


def _halved(name: str, rows: pd.DataFrame, first: NDArray[np.bool_], features: Features) -> Halves:
    plain = rows[list(features.names)].copy()
    for column in features.numeric:
        plain[column] = pd.to_numeric(plain[column]).astype("float64")
    for column in features.categorical:
        plain[column] = plain[column].astype("str").where(plain[column].notna())
    parts = (plain[side].reset_index(drop=True) for side in (first, ~first))
    return Halves(name, features, *parts)


_MARKET = Features(numeric=("nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"))
HALF_HOUR = timedelta(minutes=30)
YEAR_ROWS = 365 * 48


def electricity(scale: float) -> None:
    """Print the columns each tool flags in ELEC2, after its first year and within it."""
    path = wanted_file("electricity-normalized.csv.gz")
    if path is None:
        return
    data = pd.read_csv(path)[list(_MARKET.names)]
    head = ("window of 5,000 rows", *(f"{tool}: of 5" for tool in TOOLS), "what moved most")
    title = "Electricity market (ELEC2): windows after the first year against that year"
    table(title, head, _market(data, scaled(60, scale)))


def _market(data: pd.DataFrame, repeats: int) -> Iterator[Sequence[object]]:
    year = data.iloc[:YEAR_ROWS].reset_index(drop=True)
    reference = reference_of(
        rows_of(year, start="1996-05-07", spacing=HALF_HOUR), features=_MARKET, chunk=WINDOW_ROWS
    )
    starts = range(YEAR_ROWS, len(data) - WINDOW_ROWS + 1, WINDOW_ROWS)
    windows = [data.iloc[start : start + WINDOW_ROWS].reset_index(drop=True) for start in starts]
    theirs = nannyml([(year, windows)], _MARKET)[0]
    for start, window, flagged in zip(starts, windows, theirs, strict=True):
        began = np.datetime64("1996-05-07", "m") + start * np.timedelta64(30, "m")
        verdict = judged(reference, rows_of(window, start=str(began), spacing=HALF_HOUR))
        yield (
            f"from {began.astype('datetime64[D]')}",
            len(changed(verdict)),
            len(drifted(verdict)),
            len(ks_bonferroni(year, window, _MARKET)),
            len(evidently(year, window, _MARKET)),
            len(flagged),
            _most(verdict),
        )
    counts = _mixed(year, repeats)
    yield (
        f"{repeats} mixed from the first year, columns flagged of {5 * repeats}",
        *counts,
        "",
    )


def _most(verdict: Verdict) -> str:
    most = max(verdict.features, key=lambda part: part.effect or 0.0)
    return f"{most.name} {most.effect:.2f}: {most.reason}"


def _mixed(year: pd.DataFrame, repeats: int) -> tuple[int, ...]:
    """Return the columns that each tool flags in windows drawn at random from the year itself."""
    counts = dict.fromkeys(TOOLS, 0)
    asked = []
    for seed in range(repeats):
        mixed = np.random.default_rng(seed).permutation(len(year))
        before = year.iloc[mixed[WINDOW_ROWS:]].reset_index(drop=True)
        window = year.iloc[mixed[:WINDOW_ROWS]].reset_index(drop=True)
        asked.append((before, (window,)))
        reference = reference_of(
            rows_of(before, spacing=timedelta(0)), features=_MARKET, chunk=len(before)
        )
        for tool, found in _ours_and_simple(reference, before, window, _MARKET).items():
            counts[tool] += len(found)
    counts["NannyML"] = sum(len(one) for flagged in nannyml(asked, _MARKET) for one in flagged)
    return tuple(counts.values())
